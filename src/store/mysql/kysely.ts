import { MysqlIntrospector, MysqlQueryCompiler } from 'kysely'
import type { Dialect, DialectAdapter } from 'kysely'
import type { Connections } from '../sql/pool.ts'
import { createPoolDriver } from '../sql/pool-driver.ts'
import { withTableNames } from '../sql/table-names.ts'
import type { TableNames } from '../sql/table-names.ts'

/** Creates the dialect of Kysely, which compiles queries and runs migrations. Other queries run on the pool itself. */
export const createKyselyDialect = (connections: Connections, names: TableNames): Dialect => ({
  createDriver: () => createPoolDriver(connections, 'start transaction'),
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
