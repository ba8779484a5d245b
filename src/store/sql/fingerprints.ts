import { sql } from 'kysely'
import type { FingerprintStore } from '../contract.ts'
import { ISSUER_SUBJECT } from './epochs.ts'
import type { Queries, Sql } from './queries.ts'

/** Fingerprints in a database, oldest first. */
export function createFingerprintStore(database: Sql): FingerprintStore {
  const { transact } = database
  return {
    list: () => list(database, database),
    claim: (fingerprint, now) =>
      transact('durable', async (queries) => {
        await lockIssuer(database, queries)
        const known = await list(database, queries)
        if (known.length > 0) return known
        await insert(database, queries, fingerprint, now)
        return [fingerprint]
      }),
    add: (fingerprint, now) =>
      transact('durable', async (queries) => {
        await lockIssuer(database, queries)
        await insert(database, queries, fingerprint, now)
      }),
  }
}

/** An empty table has no row to lock. The issuer's epoch is always there, so whoever claims or adds waits for it. */
const lockIssuer = ({ db, dialect: { phrases } }: Sql, queries: Queries) =>
  queries.first(
    db
      .selectFrom('consulate_epochs')
      .select('epoch')
      .where('kind', '=', 'issuer')
      .where('subject', '=', ISSUER_SUBJECT)
      .modifyEnd(sql.raw(phrases.forUpdate))
      .compile(),
  )

async function list({ db }: Sql, queries: Queries): Promise<readonly string[]> {
  const query = db.selectFrom('consulate_fingerprints').selectAll().orderBy('added_at').orderBy('fingerprint')
  return (await queries.all(query.compile())).map(({ fingerprint }) => fingerprint)
}

const insert = ({ db, dialect: { phrases } }: Sql, queries: Queries, fingerprint: string, now: number) =>
  queries.change(
    db
      .insertInto('consulate_fingerprints')
      .values({ fingerprint, added_at: now })
      .modifyEnd(sql.raw(phrases.keepExisting('fingerprint')))
      .compile(),
  )
