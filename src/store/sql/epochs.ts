import { sql } from 'kysely'
import type { Epochs } from '../../model/epochs.ts'
import { prepare } from './prepared.ts'
import type { Queries, Sql } from './queries.ts'
import type { AnyInteger, EpochKind } from './tables.ts'

/** The counters of `consulate_epochs`. */
export interface EpochCounters {
  /** The present epochs of the issuer, a person and a client; what has no row is 0. */
  read(queries: Queries, subject: string, clientId: string): Promise<Epochs>
  /** The same, and nobody can raise one of them until the transaction ends. Null: of no person, of no client. */
  readLocked(queries: Queries, subject: string | null, clientId: string | null): Promise<Epochs>
  /** Starts a counter where there is none yet. */
  start(queries: Queries, kind: EpochKind, subject: string): Promise<void>
  /** Raises a counter by one, or to `least` where that is more, and locks it until the transaction ends; its new value. */
  raise(queries: Queries, kind: EpochKind, subject: string, least?: number): Promise<number>
}

/** The subject of the issuer's own epoch and revocations. */
export const ISSUER_SUBJECT = ''

/** The subject of no person and no client. */
const NOBODY = ''

type EpochRow = { readonly kind: EpochKind; readonly epoch: AnyInteger }

/** The epoch counters of a database. */
export function createEpochCounters(database: Sql): EpochCounters {
  const [find, lock, insert, increment] = prepareEpochQueries(database)
  const counters: EpochCounters = {
    read: async (queries, subject, clientId) => toEpochs(await queries.all(find({ subject, clientId }))),
    async readLocked(queries, subject, clientId) {
      const slots = { subject: subject ?? NOBODY, clientId: clientId ?? NOBODY }
      const rows = await queries.all(lock(slots))
      if (subject === null || rows.some(({ kind }) => kind === 'user')) return toEpochs(rows)
      // What is not there cannot be locked: without a row, a raise could slip in between.
      await counters.start(queries, 'user', subject)
      return toEpochs(await queries.all(lock(slots)))
    },
    async start(queries, kind, subject) {
      await queries.change(insert({ kind, subject }))
    },
    async raise(queries, kind, subject, least = 0) {
      await counters.start(queries, kind, subject)
      await queries.change(increment({ kind, subject, least }))
      const [clientId, person] = kind === 'client' ? [subject, NOBODY] : [NOBODY, subject]
      return (await counters.read(queries, person, clientId))[kind]
    },
  }
  return counters
}

function prepareEpochQueries({ db, dialect: { phrases } }: Sql) {
  const select = (lock: string) =>
    prepare((slots: { subject: string; clientId: string }) =>
      db
        .selectFrom('consulate_epochs')
        .select(['kind', 'epoch'])
        .where((eb) =>
          eb.or([
            eb.and({ kind: 'issuer', subject: ISSUER_SUBJECT }),
            eb.and({ kind: 'user', subject: slots.subject }),
            eb.and({ kind: 'client', subject: slots.clientId }),
          ]),
        )
        .modifyEnd(sql.raw(lock)),
    )
  const insert = prepare(({ kind, subject }: { kind: EpochKind; subject: string }) =>
    db
      .insertInto('consulate_epochs')
      .values({ kind, subject, epoch: 0 })
      .modifyEnd(sql.raw(phrases.keepExisting('subject'))),
  )
  const increment = prepare(({ kind, subject, least }: { kind: EpochKind; subject: string; least: number }) =>
    db
      .updateTable('consulate_epochs')
      .set({ epoch: sql`case when epoch < ${least} then ${least} else epoch + 1 end` })
      .where('kind', '=', kind)
      .where('subject', '=', subject),
  )
  return [select(''), select(phrases.forShare), insert, increment] as const
}

function toEpochs(rows: readonly EpochRow[]): Epochs {
  const epochOf = (kind: EpochKind) => Number(rows.find((row) => row.kind === kind)?.epoch ?? 0)
  return { issuer: epochOf('issuer'), client: epochOf('client'), user: epochOf('user') }
}
