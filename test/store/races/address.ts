import type { Store } from '../../../src/store/contract.ts'
import { mysql } from '../../../src/store/mysql.ts'
import { postgres } from '../../../src/store/postgres.ts'
import { openStore } from '../../../src/store/url.ts'

/** A database, and how its connections are set up. */
export interface DatabaseAddress {
  readonly url: string
  /** Whether the connections are those of an app whose transactions are SERIALIZABLE. */
  readonly isSerializable?: boolean
  /** How long (ms) a call waits for a connection or a lock on MySQL, if not for the default. */
  readonly busyTimeout?: number
}

/** Opens a store. */
export async function openAddress(address: DatabaseAddress): Promise<Store> {
  const { url, isSerializable = false, busyTimeout } = address
  const isMysql = url.startsWith('mysql')
  if (isSerializable) return isMysql ? openSerializableMysql(address) : openSerializablePostgres(url)
  return isMysql && busyTimeout !== undefined ? mysql({ url, busyTimeout }) : openStore(url)
}

async function openSerializablePostgres(connectionString: string): Promise<Store> {
  const { Pool } = await import('pg')
  const pool = new Pool({ connectionString, options: '-c default_transaction_isolation=serializable' })
  return closing(postgres({ pool }), () => pool.end())
}

async function openSerializableMysql({ url: uri, busyTimeout }: DatabaseAddress): Promise<Store> {
  const { createPool } = await import('mysql2/promise')
  const pool = createPool({ uri, charset: 'utf8mb4' })
  pool.pool.on('connection', (connection) => {
    // Without a callback, the error of a lost connection would end the process.
    connection.query('set session transaction isolation level serializable', () => {})
  })
  return closing(mysql({ pool, ...(busyTimeout !== undefined && { busyTimeout }) }), () => pool.end())
}

const closing = (store: Store, end: () => Promise<void>): Store => ({
  ...store,
  async close() {
    await store.close()
    await end()
  },
})
