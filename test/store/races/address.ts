import type { Store } from '../../../src/store/contract.ts'
import { mysql } from '../../../src/store/mysql.ts'
import { postgres } from '../../../src/store/postgres.ts'
import { openStore } from '../../../src/store/url.ts'

/** A database, and how its connections are set up. */
export interface DatabaseAddress {
  readonly url: string
  /** Whether the connections are those of an app whose transactions are SERIALIZABLE. */
  readonly isSerializable?: boolean
}

/** Opens a store. */
export async function openAddress({ url, isSerializable = false }: DatabaseAddress): Promise<Store> {
  if (!isSerializable) return openStore(url)
  return url.startsWith('postgres') ? openSerializablePostgres(url) : openSerializableMysql(url)
}

async function openSerializablePostgres(connectionString: string): Promise<Store> {
  const { Pool } = await import('pg')
  const pool = new Pool({ connectionString, options: '-c default_transaction_isolation=serializable' })
  return closing(postgres({ pool }), () => pool.end())
}

async function openSerializableMysql(uri: string): Promise<Store> {
  const { createPool } = await import('mysql2/promise')
  const pool = createPool({ uri, charset: 'utf8mb4' })
  pool.pool.on('connection', (connection) => {
    // Without a callback, the error of a lost connection would end the process.
    connection.query('set session transaction isolation level serializable', () => {})
  })
  return closing(mysql({ pool }), () => pool.end())
}

const closing = (store: Store, end: () => Promise<void>): Store => ({
  ...store,
  async close() {
    await store.close()
    await end()
  },
})
