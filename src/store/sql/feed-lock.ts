import { sql } from 'kysely'
import type { Database, QueryRunner } from './database.ts'
import { prepare } from './prepare.ts'

/** The row of `consulate_epochs` that writers of the feed lock. */
const ROW = { kind: 'feed', subject: '' } as const

/** Keeps others from writing to the revocation feed until the transaction ends. */
export type LockFeed = (queries: QueryRunner) => Promise<void>

/**
 * Creates the lock of the revocation feed. Call it right before the first entry of a transaction is inserted, as its last lock.
 *
 * Readers continue after the highest ID that they have seen. An ID is taken by the insert and becomes visible with the commit,
 * so without the lock, an entry could appear behind a reader, and its revocation would never reach that node.
 */
export function createFeedLock({ db, dialect: { clauses } }: Database): LockFeed {
  // A database without row locks has one writer at a time.
  if (clauses.forUpdate === '') return async () => undefined
  const lock = prepare(({ kind, subject }: typeof ROW) =>
    db
      .selectFrom('consulate_epochs')
      .select('epoch')
      .where('kind', '=', kind)
      .where('subject', '=', subject)
      .modifyEnd(sql.raw(clauses.forUpdate)),
  )
  const insert = prepare(({ kind, subject }: typeof ROW) =>
    db
      .insertInto('consulate_epochs')
      .values({ kind, subject, epoch: 0 })
      .modifyEnd(sql.raw(clauses.keepExisting('subject'))),
  )
  return async (queries) => {
    if (await queries.first(lock(ROW))) return
    await queries.execute(insert(ROW))
    await queries.first(lock(ROW))
  }
}
