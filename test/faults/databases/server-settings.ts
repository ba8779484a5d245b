import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../../../src/store/url.ts'
import type { TestDatabase, TestDatabaseServer } from '../../support/database-server.ts'
import { databaseFaults } from './database-faults.ts'
import { failover, LAG } from './failover.ts'
import type { Setting } from './fault.ts'
import { canMount, fullDisk, mountDisk, unmountDisk } from './full-disk.ts'
import { startProxy, type Proxy } from './proxy.ts'
import { openWorld } from './world.ts'

/** A kind of database server, and how its operator handles it. */
export interface Engine extends Pick<Setting, 'name' | 'isAvailable'> {
  readonly version: () => string
  /** Starts a server in an empty folder, which keeps what it has acknowledged, and can have a replica if asked to. */
  start(folder: string, canReplicate: boolean): Promise<TestDatabaseServer>
  createDatabase(url: string): Promise<TestDatabase>
  /** Returns the URL of a database for the nodes, through a proxy. */
  urlThrough(url: string, port: number): string
  setReadOnly(primary: Primary, isReadOnly: boolean): Promise<void>
  /** The size (MB) of a disk that is large enough for its files. */
  readonly diskSize: number
  /** Starts a replica that receives from `primary` through a proxy. */
  startReplica(primary: Primary, replication: Proxy): Promise<Replica>
}

/** A server with a database, behind a proxy. */
export interface Primary {
  readonly folder: string
  readonly server: TestDatabaseServer
  readonly database: TestDatabase
  readonly proxy: Proxy
  /** The URL for the nodes. */
  readonly url: string
}

/** A server that follows a primary. */
export interface Replica {
  readonly server: TestDatabaseServer
  /** Makes it accept writes. */
  promote(): Promise<void>
}

const emptyFolder = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `consulate-${name}-`))

/** Starts a server with a database, behind a proxy. */
export async function openPrimary(engine: Engine, canReplicate = false): Promise<Primary> {
  const folder = await emptyFolder('primary')
  const server = await engine.start(folder, canReplicate)
  const database = await engine.createDatabase(server.url)
  const proxy = await startProxy(server.port)
  return { folder, server, database, proxy, url: engine.urlThrough(database.url, proxy.port) }
}

/** A server that fails, or whose network does. */
export const failing = (engine: Engine): Setting => ({
  ...engine,
  async open() {
    const primary = await openPrimary(engine)
    const { folder, server, database, proxy, url } = primary
    const world = await openWorld({ store: openStore(database.url), url })
    return {
      world,
      faults: databaseFaults({
        server,
        proxy,
        setReadOnly: (isReadOnly) => engine.setReadOnly(primary, isReadOnly),
      }),
      async close() {
        await world.stop()
        await proxy.close()
        await server.kill()
        await rm(folder, { recursive: true, force: true })
      },
    }
  },
})

/** A server whose disk becomes full. */
export const filling = ({ name, isAvailable, start, createDatabase, diskSize }: Engine): Setting => ({
  name,
  isAvailable: isAvailable && canMount,
  async open() {
    const folder = await emptyFolder('disk')
    mountDisk(folder, diskSize)
    const server = await start(folder, false)
    const { url } = await createDatabase(server.url)
    const world = await openWorld({ store: openStore(url), url })
    return {
      world,
      faults: [fullDisk(folder, diskSize)],
      async close() {
        await world.stop()
        await server.kill()
        unmountDisk(folder)
      },
    }
  },
})

/** A server that is replaced by its replica. */
export const failingOver = (engine: Engine): Setting => ({
  name: engine.name,
  isAvailable: engine.isAvailable,
  async open() {
    const primary = await openPrimary(engine, true)
    const { server, database, proxy, url } = primary
    const replication = await startProxy(server.port)
    const replica = await engine.startReplica(primary, replication)
    const world = await openWorld({ store: openStore(database.url), url })
    replication.delayAnswers(LAG)
    return {
      world,
      faults: [
        failover({ primary: server, proxy, replication, replica: replica.server, promote: replica.promote }),
      ],
      async close() {
        await world.stop()
        await Promise.all([proxy.close(), replication.close()])
        await replica.server.kill()
      },
    }
  },
})
