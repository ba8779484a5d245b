import { sql } from 'kysely'
import type { RawBuilder, SqlBool } from 'kysely'
import type { PurgeCutoffs, PurgeKind, PurgeStore } from '../purge.ts'
import { prepare } from './prepared.ts'
import type { Sql } from './queries.ts'

type Key = string | number

/** The rows of one kind. */
interface Purgeable {
  readonly table: `consulate_${Exclude<PurgeKind, 'deviceCodes'> | 'device_codes'}`
  /** Its primary key, and a value below every one. */
  readonly key: string
  readonly lowest: Key
  /** Whether the rows that are over come first, by key. */
  readonly isInOrder?: true
  /** What never was, such as `spent_at` of a code, compares as null: neither over nor not, so it is left. */
  readonly isOver: (cutoffs: PurgeCutoffs) => RawBuilder<SqlBool>
}

/** The highest id. MySQL reads the table that it deletes from only through one more subquery. */
const newestOf = (table: string): RawBuilder<number> =>
  sql`(select newest from (select max(id) as newest from ${sql.table(table)}) as entries)`

/** A code of either sort: kept until it has expired, so that whoever uses it again is noticed. */
const isCodeOver = ({ now, revokedUntil, expiredUntil }: PurgeCutoffs): RawBuilder<SqlBool> =>
  sql`expires_at <= ${now} and (spent_at <= ${revokedUntil} or voided_at <= ${revokedUntil} or expires_at <= ${expiredUntil})`

/** Whether a session, by the name of its table, has a code of a table that can still be used. */
const hasCode = (table: 'consulate_codes' | 'consulate_device_codes', now: number): RawBuilder<SqlBool> =>
  sql`exists (select 1 from ${sql.table(table)} as codes where codes.session_id = consulate_sessions.id
    and codes.spent_at is null and codes.voided_at is null and codes.expires_at > ${now})`

const PURGEABLES: Readonly<Record<PurgeKind, Purgeable>> = {
  codes: { table: 'consulate_codes', key: 'hash', lowest: '', isOver: isCodeOver },
  deviceCodes: { table: 'consulate_device_codes', key: 'hash', lowest: '', isOver: isCodeOver },
  // How long a revocation of the session or the person must be kept is read from these rows.
  authorizations: {
    table: 'consulate_authorizations',
    key: 'id',
    lowest: '',
    isOver: ({ now, revokedUntil, expiredUntil }) =>
      sql`access_expires_at <= ${now} and (revoked_at <= ${revokedUntil} or (expires_at <= ${expiredUntil} and access_expires_at <= ${expiredUntil}))`,
  },
  sessions: {
    table: 'consulate_sessions',
    key: 'id',
    lowest: '',
    isOver: ({ now, revokedUntil, expiredUntil }) =>
      sql`(revoked_at <= ${revokedUntil} or expires_at <= ${expiredUntil})
        and not ${hasCode('consulate_codes', now)} and not ${hasCode('consulate_device_codes', now)}
        and not exists (select 1 from consulate_authorizations
          where consulate_authorizations.session_id = consulate_sessions.id
            and (consulate_authorizations.access_expires_at > ${now}
              or (consulate_authorizations.revoked_at is null and consulate_authorizations.expires_at > ${now})))`,
  },
  revocations: {
    table: 'consulate_revocations',
    key: 'id',
    lowest: 0,
    // By the newest, whoever follows the feed knows the store again.
    isOver: ({ expiredUntil }) =>
      sql`expires_at <= ${expiredUntil} and id < ${newestOf('consulate_revocations')}`,
  },
  audit: {
    table: 'consulate_audit',
    key: 'id',
    lowest: 0,
    isInOrder: true,
    isOver: ({ auditUntil, maxAuditEntries }) =>
      sql`created_at <= ${auditUntil} or id <= ${newestOf('consulate_audit')} - ${maxAuditEntries}`,
  },
}

/** Purges a database. It walks along the primary keys: an index on what expires would cost every refresh a write. */
export function createPurgeStore(database: Sql): PurgeStore {
  const { db, first } = database
  const walks = Object.fromEntries(
    Object.entries(PURGEABLES).map(([kind, purgeable]) => [kind, createWalk(database, purgeable)]),
  ) as Record<PurgeKind, PurgeStore['step']>
  return {
    async count(kind) {
      const rows = db.selectFrom(PURGEABLES[kind].table).select(({ fn }) => fn.countAll().as('rows'))
      return Number((await first(rows.compile()))?.rows ?? 0)
    },
    step: (step) => walks[step.kind](step),
  }
}

type Stretch = PurgeCutoffs & { readonly after: Key; readonly upTo: Key }

/** The steps through one table. Condition and deletion are one statement, so a row that comes back to life is left. */
function createWalk({ db, first, change }: Sql, purgeable: Purgeable): PurgeStore['step'] {
  const { table, key, lowest, isInOrder, isOver } = purgeable
  const column = sql.ref<Key>(key)
  const lastOf = prepare(({ after, offset }: { after: Key; offset: number }) =>
    db
      .selectFrom(table)
      .select(column.as('last'))
      .where(column, '>', after)
      .orderBy(column)
      .limit(1)
      .offset(offset),
  )
  const highest = db
    .selectFrom(table)
    .select(sql<Key | null>`max(${column})`.as('last'))
    .compile()
  const remove = prepare((slots: Stretch) =>
    db
      .deleteFrom(table)
      .where(column, '>', slots.after)
      .where(column, '<=', slots.upTo)
      .where(sql<SqlBool>`(${isOver(slots)})`),
  )
  const countRows = prepare((slots: Stretch) =>
    db
      .selectFrom(table)
      .select(({ fn }) => fn.countAll().as('over'))
      .where(column, '>', slots.after)
      .where(column, '<=', slots.upTo)
      .where(sql<SqlBool>`(${isOver(slots)})`),
  )
  return async ({ cutoffs, after: text, limit, isDryRun }) => {
    const after = text === undefined || typeof lowest === 'string' ? (text ?? lowest) : Number(text)
    const end = (await first(lastOf({ after, offset: limit - 1 })))?.last
    const upTo = end ?? (await first(highest))?.last ?? lowest
    const slots = { ...cutoffs, after, upTo }
    const count = isDryRun ? Number((await first(countRows(slots)))?.over ?? 0) : await change(remove(slots))
    const isDone = end === undefined || (isInOrder && count === 0)
    return { count, next: isDone ? undefined : String(end) }
  }
}
