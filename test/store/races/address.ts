import type { Store } from '../../../src/store/contract.ts'
import { mysql } from '../../../src/store/mysql.ts'
import { postgres } from '../../../src/store/postgres.ts'
import { sqlite } from '../../../src/store/sqlite.ts'

/** A database, and how its connections are set up. */
export interface DatabaseAddress {
  readonly url: string
  /** Whether the connections are those of an app whose transactions are SERIALIZABLE. */
  readonly isSerializable?: boolean
}

/** Milliseconds. Races test who wins, and on a slow machine the losers wait long for a connection or a lock. */
const PATIENT = { busyTimeout: 120_000 }

/** Opens a store. */
export async function openAddress({ url, isSerializable = false }: DatabaseAddress): Promise<Store> {
  if (url.startsWith('mysql')) return isSerializable ? openSerializableMysql(url) : mysql({ url, ...PATIENT })
  if (url.startsWith('postgres'))
    return isSerializable ? openSerializablePostgres(url) : postgres({ url, ...PATIENT })
  return sqlite({ path: url.replace(/^sqlite:/, ''), ...PATIENT })
}

async function openSerializablePostgres(connectionString: string): Promise<Store> {
  const { Pool } = await import('pg')
  const pool = new Pool({ connectionString, options: '-c default_transaction_isolation=serializable' })
  return closing(postgres({ pool, ...PATIENT }), () => pool.end())
}

async function openSerializableMysql(uri: string): Promise<Store> {
  const { createPool } = await import('mysql2/promise')
  const pool = createPool({ uri, charset: 'utf8mb4' })
  pool.pool.on('connection', (connection) => {
    // Without a callback, the error of a lost connection would end the process.
    connection.query('set session transaction isolation level serializable', () => {})
  })
  return closing(mysql({ pool, ...PATIENT }), () => pool.end())
}

const closing = (store: Store, end: () => Promise<void>): Store => ({
  ...store,
  async close() {
    await store.close()
    await end()
  },
})
