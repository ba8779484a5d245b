import type { TestDatabaseServer } from '../../support/database-server.ts'
import type { Fault } from './fault.ts'
import type { Proxy } from './proxy.ts'

/** Milliseconds. */
export const LAG = 1_000

/** A primary with a replica. */
export interface Pair {
  readonly primary: TestDatabaseServer
  /** Between the nodes and the primary. */
  readonly proxy: Proxy
  /** Between the primary and the replica: what it delays is not on the replica yet. */
  readonly replication: Proxy
  readonly replica: TestDatabaseServer
  /** Makes the replica accept writes. */
  promote(): Promise<void>
}

/** To the replica, what was issued in its last second never existed. */
const UNKNOWN = /^400 invalid_grant /

/** The primary dies, and 2 s later its replica, which is a second behind, takes its place. */
export const failover = ({ primary, proxy, replication, replica, promote }: Pair): Fault => ({
  name: 'failed over to a replica that is 1 s behind',
  duration: 2_000,
  loses: LAG,
  expected: UNKNOWN,
  async begin() {
    await primary.kill()
    replication.cut()
  },
  async end() {
    await promote()
    proxy.forwardTo(replica.port)
    proxy.cut()
  },
})
