/** Consulate on the database server of its row. */
import { openStore } from '../../src/store/url.ts'
import { createOwnDatabase } from '../server.ts'
import type { Start } from '../target.ts'
import { startConsulate } from './consulate.ts'
import { AT_ONCE } from './parts/times.ts'

/** Fewer than on SQLite: each one takes an exchange. */
const ROWS = 1_000

export const start: Start = async () => {
  const database = await createOwnDatabase()
  const target = await startConsulate({
    openStore: () => openStore(database.url),
    authorizations: ROWS,
    atOnce: AT_ONCE,
  })
  const terms = `ES256, ${database.url.startsWith('postgres:') ? 'PostgreSQL' : 'MariaDB'}`
  return { ...target, terms, stop: () => target.stop().then(() => database.drop()) }
}
