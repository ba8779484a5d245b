import type { TestDatabaseServer } from '../../support/database-server.ts'
import type { Fault } from './fault.ts'
import type { Proxy } from './proxy.ts'
import { freezeNode, thawNode } from './world.ts'

/** A database server, and what stands between it and the nodes. */
export interface Path {
  readonly server: TestDatabaseServer
  readonly proxy: Proxy
  /** Rejects all writes, or allows them again. */
  setReadOnly(isReadOnly: boolean): Promise<void>
}

const SECOND = 1_000

/** What can go wrong with a database server and with the network in front of it. */
export const databaseFaults = ({ server, proxy, setReadOnly }: Path): readonly Fault[] => [
  {
    name: 'killed, and restarted after 3 s',
    duration: 3 * SECOND,
    begin: server.kill,
    end: server.restart,
  },
  {
    name: 'all connections reset, once',
    duration: 0,
    begin: proxy.cut,
    end: () => undefined,
  },
  {
    name: 'one answer in five replaced by a reset, for 5 s',
    duration: 5 * SECOND,
    begin: () => proxy.loseAnswers(0.2),
    end: () => proxy.loseAnswers(0),
  },
  {
    name: 'answers after 200 ms, for 5 s',
    duration: 5 * SECOND,
    begin: () => proxy.delayAnswers(200),
    end: () => proxy.delayAnswers(0),
  },
  {
    name: 'answers after 5 s, for 15 s',
    duration: 15 * SECOND,
    begin: () => proxy.delayAnswers(5_000),
    end: () => proxy.delayAnswers(0),
  },
  {
    name: 'frozen for 20 s',
    duration: 20 * SECOND,
    begin: server.freeze,
    end: server.thaw,
  },
  {
    name: 'read-only for 5 s',
    duration: 5 * SECOND,
    begin: () => setReadOnly(true),
    end: () => setReadOnly(false),
  },
  {
    name: 'a node frozen within transactions for 20 s',
    duration: 20 * SECOND,
    async begin({ nodes: [node] }) {
      // Long enough that it is within some.
      proxy.delayAnswers(100)
      await new Promise((resolve) => setTimeout(resolve, 500))
      freezeNode(node)
      proxy.delayAnswers(0)
    },
    end: ({ nodes: [node] }) => thawNode(node),
  },
]
