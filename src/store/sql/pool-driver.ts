import { CompiledQuery } from 'kysely'
import type { DatabaseConnection, Driver } from 'kysely'
import type { Connections, PooledConnection } from './pool.ts'

interface DriverConnection extends DatabaseConnection {
  readonly release: PooledConnection['release']
}

/** Creates the driver with which Kysely runs migrations. `begin` starts a transaction. */
export function createPoolDriver({ acquireForMigration, close }: Connections, begin: string): Driver {
  const run = (sql: string) => async (on: DatabaseConnection) => {
    await on.executeQuery(CompiledQuery.raw(sql))
  }
  return {
    init: async () => undefined,
    async acquireConnection(): Promise<DriverConnection> {
      const connection = await acquireForMigration()
      return {
        release: connection.release,
        executeQuery: <Row>(query: CompiledQuery) => connection.run<Row>(query),
        streamQuery() {
          throw new Error('Streaming is not supported')
        },
      }
    },
    releaseConnection: async (on) => (on as DriverConnection).release(),
    beginTransaction: run(begin),
    commitTransaction: run('commit'),
    // The earlier error matters more than this one.
    rollbackTransaction: (on) => run('rollback')(on).catch(() => undefined),
    destroy: close,
  }
}
