import { PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import type { Dialect } from 'kysely'
import type { Connections } from '../sql/pool.ts'
import { createPoolDriver } from '../sql/pool-driver.ts'
import { withTableNames } from '../sql/table-names.ts'
import type { TableNames } from '../sql/table-names.ts'

/** Creates the dialect of Kysely, which compiles queries and runs migrations. All else runs on the pool itself. */
export const createKyselyDialect = (connections: Connections, names: TableNames): Dialect => ({
  createDriver: () => createPoolDriver(connections, 'begin isolation level read committed'),
  createQueryCompiler: () => withTableNames(new PostgresQueryCompiler(), names),
  createAdapter: () => new PostgresAdapter(),
  createIntrospector: (db) => new PostgresIntrospector(db),
})
