import { expressionBuilder, sql } from 'kysely'
import type { Expression, ExpressionBuilder } from 'kysely'
import type { Epochs } from '../../model/epochs.ts'
import type { AnyInteger } from './columns.ts'
import type { Database, QueryRunner } from './database.ts'
import { prepare } from './prepare.ts'
import type { EpochKind, Tables } from './tables.ts'

/** The counters in `consulate_epochs`. A counter without a row is 0. */
export interface EpochCounters {
  read(queries: QueryRunner, subject: string, clientId: string): Promise<Epochs>
  /** Reads them, and keeps others from raising them until the transaction ends. */
  readLocked(queries: QueryRunner, subject: string | null, clientId: string | null): Promise<Epochs>
  /** Inserts a counter at 0, unless it exists. */
  insert(queries: QueryRunner, kind: EpochKind, subject: string): Promise<void>
  /** Keeps rows that depend on a counter from being inserted until the transaction ends. */
  lock(queries: QueryRunner, kind: EpochKind, subject: string): Promise<void>
  /** Raises a counter by one, or to `minimum` if that is more. Locks it until the transaction ends. Returns its value. */
  raise(queries: QueryRunner, counter: Counter, now: number, minimum?: number): Promise<number>
  /** Returns when the counter of the issuer or of a user was last raised. 0 if neither was. */
  lastRaised(queries: QueryRunner, subject: string): Promise<number>
}

/** Names a counter. */
export interface Counter {
  readonly kind: EpochKind
  readonly subject: string
}

/** The subject of the issuer's epoch and of its revocations. */
export const ISSUER_SUBJECT = ''

/** Matches the counter of no user and no client, and no entry. */
export const NO_SUBJECT = ''

type EpochRow = { readonly kind: string; readonly epoch: AnyInteger }

/** Selects the counters of the issuer, a user and a client. */
export const isCounter =
  (subject: string, clientId: string) => (eb: ExpressionBuilder<Tables, 'consulate_epochs'>) =>
    eb.or([
      eb.and({ kind: 'issuer', subject: ISSUER_SUBJECT }),
      eb.and({ kind: 'user', subject }),
      eb.and({ kind: 'client', subject: clientId }),
    ])

/** Selects one of the counters. Drivers take time for each parameter, so what is always the same is not one. */
export function currentEpoch(kind: EpochKind, subject: Expression<string>): Expression<AnyInteger> {
  const { fn, selectFrom } = expressionBuilder<Tables>()
  const counter = selectFrom('consulate_epochs').select('epoch')
  return fn.coalesce(
    counter.where('kind', '=', sql.lit(kind)).where('subject', '=', subject),
    sql.lit<AnyInteger>(0),
  )
}

/** Selects the counter of the issuer. */
export const currentIssuerEpoch = (): Expression<AnyInteger> =>
  currentEpoch('issuer', sql.lit(ISSUER_SUBJECT))

export function createEpochCounters(database: Database): EpochCounters {
  const { find, share, lock, insert, increment, findRaised } = prepareEpochQueries(database)
  const counters: EpochCounters = {
    read: async (queries, subject, clientId) => toEpochs(await queries.all(find({ subject, clientId }))),
    async readLocked(queries, subject, clientId) {
      const subjects = { subject: subject ?? NO_SUBJECT, clientId: clientId ?? NO_SUBJECT }
      const rows = await queries.all(share(subjects))
      if (subject === null || rows.some(({ kind }) => kind === 'user')) return toEpochs(rows)
      // A missing row cannot be locked, so a raise could still slip in.
      await counters.insert(queries, 'user', subject)
      return toEpochs(await queries.all(share(subjects)))
    },
    async insert(queries, kind, subject) {
      await queries.execute(insert({ kind, subject }))
    },
    async lock(queries, kind, subject) {
      await counters.insert(queries, kind, subject)
      await queries.all(lock({ kind, subject }))
    },
    async raise(queries, { kind, subject }, now, minimum = 0) {
      await counters.insert(queries, kind, subject)
      await queries.execute(increment({ kind, subject, minimum, now }))
      const [clientId, user] = kind === 'client' ? [subject, NO_SUBJECT] : [NO_SUBJECT, subject]
      return (await counters.read(queries, user, clientId))[kind]
    },
    async lastRaised(queries, subject) {
      const row = await queries.first(findRaised({ subject, clientId: NO_SUBJECT }))
      return Number(row?.raised_at ?? 0)
    },
  }
  return counters
}

function prepareEpochQueries({ db, dialect: { clauses } }: Database) {
  const select = (lock: string) =>
    prepare(({ subject, clientId }: { subject: string; clientId: string }) =>
      db
        .selectFrom('consulate_epochs')
        .select(['kind', 'epoch'])
        .where(isCounter(subject, clientId))
        .modifyEnd(sql.raw(lock)),
    )
  const lock = prepare(({ kind, subject }: { kind: EpochKind; subject: string }) =>
    db
      .selectFrom('consulate_epochs')
      .select('epoch')
      .where('kind', '=', kind)
      .where('subject', '=', subject)
      .modifyEnd(sql.raw(clauses.forUpdate)),
  )
  const insert = prepare(({ kind, subject }: { kind: EpochKind; subject: string }) =>
    db
      .insertInto('consulate_epochs')
      .values({ kind, subject, epoch: 0 })
      .modifyEnd(sql.raw(clauses.keepExisting('subject'))),
  )
  const increment = prepare(
    ({ kind, subject, minimum, now }: { kind: EpochKind; subject: string; minimum: number; now: number }) =>
      db
        .updateTable('consulate_epochs')
        .set({ epoch: sql`case when epoch < ${minimum} then ${minimum} else epoch + 1 end`, raised_at: now })
        .where('kind', '=', kind)
        .where('subject', '=', subject),
  )
  const findRaised = prepare(({ subject, clientId }: { subject: string; clientId: string }) =>
    db
      .selectFrom('consulate_epochs')
      .select(({ fn }) => fn.max('raised_at').as('raised_at'))
      .where(isCounter(subject, clientId)),
  )
  return { find: select(''), share: select(clauses.forShare), lock, insert, increment, findRaised }
}

export function toEpochs(rows: readonly EpochRow[]): Epochs {
  const epochOf = (kind: EpochKind) => Number(rows.find((row) => row.kind === kind)?.epoch ?? 0)
  return { issuer: epochOf('issuer'), client: epochOf('client'), user: epochOf('user') }
}
