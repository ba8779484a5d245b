import { sql } from 'kysely'
import type { FingerprintStore } from '../fingerprints.ts'
import type { Database, QueryRunner } from './database.ts'
import { ISSUER_SUBJECT } from './epochs.ts'

export function createFingerprintStore(database: Database): FingerprintStore {
  const { transaction } = database
  return {
    list: () => list(database, database),
    addFirst: (fingerprint, now) =>
      transaction('durable', async (queries) => {
        await lockIssuer(database, queries)
        const known = await list(database, queries)
        if (known.length > 0) return known
        await insert(database, queries, fingerprint, now)
        return [fingerprint]
      }),
    add: (fingerprint, now) =>
      transaction('durable', async (queries) => {
        await lockIssuer(database, queries)
        await insert(database, queries, fingerprint, now)
      }),
  }
}

/** An empty table has no row to lock, so writers of fingerprints lock the issuer's epoch, which always exists. */
const lockIssuer = ({ db, dialect: { clauses } }: Database, queries: QueryRunner) =>
  queries.first(
    db
      .selectFrom('consulate_epochs')
      .select('epoch')
      .where('kind', '=', 'issuer')
      .where('subject', '=', ISSUER_SUBJECT)
      .modifyEnd(sql.raw(clauses.forUpdate))
      .compile(),
  )

async function list({ db }: Database, queries: QueryRunner): Promise<readonly string[]> {
  const query = db.selectFrom('consulate_fingerprints').selectAll().orderBy('added_at').orderBy('fingerprint')
  return (await queries.all(query.compile())).map(({ fingerprint }) => fingerprint)
}

const insert = (
  { db, dialect: { clauses } }: Database,
  queries: QueryRunner,
  fingerprint: string,
  now: number,
) =>
  queries.execute(
    db
      .insertInto('consulate_fingerprints')
      .values({ fingerprint, added_at: now })
      .modifyEnd(sql.raw(clauses.keepExisting('fingerprint')))
      .compile(),
  )
