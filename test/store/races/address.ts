import type { Store } from '../../../src/store/contract.ts'
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
  return isSerializable ? openSerializablePostgres(url) : openStore(url)
}

async function openSerializablePostgres(connectionString: string): Promise<Store> {
  const { Pool } = await import('pg')
  const pool = new Pool({ connectionString, options: '-c default_transaction_isolation=serializable' })
  return closing(postgres({ pool }), () => pool.end())
}

const closing = (store: Store, end: () => Promise<void>): Store => ({
  ...store,
  async close() {
    await store.close()
    await end()
  },
})
