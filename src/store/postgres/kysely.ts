import { CompiledQuery, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import type { DatabaseConnection, Dialect, Driver } from 'kysely'
import { withTableNames } from '../sql/table-names.ts'
import type { TableNames } from '../sql/table-names.ts'
import type { Connection, PostgresConnections } from './pool.ts'

/** Creates the dialect of Kysely, which compiles queries and runs migrations. All else runs on the pool itself. */
export const createKyselyDialect = (connections: PostgresConnections, names: TableNames): Dialect => ({
  createDriver: () => createDriver(connections),
  createQueryCompiler: () => withTableNames(new PostgresQueryCompiler(), names),
  createAdapter: () => new PostgresAdapter(),
  createIntrospector: (db) => new PostgresIntrospector(db),
})

interface DriverConnection extends DatabaseConnection {
  release: Connection['release']
}

function createDriver(connections: PostgresConnections): Driver {
  const run = (sql: string) => async (on: DatabaseConnection) => {
    await on.executeQuery(CompiledQuery.raw(sql))
  }
  return {
    init: async () => undefined,
    async acquireConnection(): Promise<DriverConnection> {
      const { run: execute, release } = await connections.acquireSlow()
      return {
        release,
        executeQuery: <Row>(query: CompiledQuery) => execute(query as CompiledQuery<Row>),
        streamQuery() {
          throw new Error('Streaming is not supported')
        },
      }
    },
    releaseConnection: async (on) => (on as DriverConnection).release(),
    beginTransaction: run('begin isolation level read committed'),
    commitTransaction: run('commit'),
    // The earlier error matters more than this one.
    rollbackTransaction: (on) => run('rollback')(on).catch(() => undefined),
    destroy: () => connections.close(),
  }
}
