import { CompiledQuery, MysqlIntrospector, MysqlQueryCompiler } from 'kysely'
import type { DatabaseConnection, Dialect, DialectAdapter, Driver } from 'kysely'
import { withTableNames } from '../sql/table-names.ts'
import type { TableNames } from '../sql/table-names.ts'
import type { Connection, MysqlConnections } from './pool.ts'

/** Creates the dialect of Kysely, which compiles queries and runs migrations. Other queries run on the pool itself. */
export const createKyselyDialect = (connections: MysqlConnections, names: TableNames): Dialect => ({
  createDriver: () => createDriver(connections),
  createQueryCompiler: () => withTableNames(new MysqlQueryCompiler(), names),
  createAdapter: () => adapter,
  createIntrospector: (db) => new MysqlIntrospector(db),
})

const adapter: DialectAdapter = {
  supportsCreateIfNotExists: true,
  supportsMultipleConnections: true,
  supportsTransactionalDdl: false,
  supportsReturning: false,
  supportsOutput: false,
  acquireMigrationLock: async () => undefined,
  releaseMigrationLock: async () => undefined,
}

interface DriverConnection extends DatabaseConnection, Connection {}

function createDriver(connections: MysqlConnections): Driver {
  const run = (statement: string) => async (on: DatabaseConnection) => {
    await on.executeQuery(CompiledQuery.raw(statement))
  }
  return {
    init: async () => undefined,
    async acquireConnection(): Promise<DriverConnection> {
      const connection = await connections.acquireSlow()
      return {
        ...connection,
        executeQuery: async <Row>(query: CompiledQuery) => connection.run<Row>(query),
        streamQuery() {
          throw new Error('Streaming is not supported')
        },
      }
    },
    releaseConnection: async (on) => (on as DriverConnection).release(),
    beginTransaction: run('start transaction'),
    commitTransaction: run('commit'),
    // The earlier error matters more than this one.
    rollbackTransaction: (on) => run('rollback')(on).catch(() => undefined),
    destroy: () => connections.close(),
  }
}
