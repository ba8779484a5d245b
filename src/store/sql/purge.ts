import { sql } from 'kysely'
import type { RawBuilder, SqlBool } from 'kysely'
import { MAX_APP_SIGN_IN_AGE } from '../../model/session.ts'
import type { PurgeCutoffs, PurgeKind, PurgeStore } from '../purge.ts'
import { prepare } from './prepare.ts'
import type { Database } from './database.ts'

type Key = string | number

type RenamedKind = 'deviceCodes' | 'importedTokens' | 'passwordResets' | 'webhookDeliveries'

/** One kind of rows. */
interface Purgeable {
  readonly table: `consulate_${Exclude<PurgeKind, RenamedKind> | 'device_codes' | 'imported_tokens' | 'password_resets' | 'webhook_deliveries'}`
  readonly primaryKey: string
  /** A value below every key. */
  readonly lowestKey: Key
  /** True if the rows to delete have the lowest keys, so that a step that finds none is the last one. */
  readonly isOldestFirst?: true
  /** Selects the rows to delete. A time that is null, such as `spent_at` of an unspent code, never matches. */
  readonly condition: (cutoffs: PurgeCutoffs) => RawBuilder<SqlBool>
}

/** Returns the highest id. MySQL needs the extra subquery to read from the table that it deletes from. */
const newestOf = (table: string): RawBuilder<number> =>
  sql`(select newest from (select max(id) as newest from ${sql.table(table)}) as entries)`

/** A spent code is kept until it would have expired, so that a replay is detected. */
const isDeadCode = ({ now, revokedUntil, expiredUntil }: PurgeCutoffs): RawBuilder<SqlBool> =>
  sql`expires_at <= ${now} and (spent_at <= ${revokedUntil} or voided_at <= ${revokedUntil} or expires_at <= ${expiredUntil})`

/**
 * A revoked session with an app session is kept, because its user may still be signed in to the app from before. A row
 * without a user is an app session that was revoked before it was stored.
 */
const isDeadSession = ({ now, revokedUntil, expiredUntil }: PurgeCutoffs): RawBuilder<SqlBool> =>
  sql`((revoked_at <= ${revokedUntil} or expires_at <= ${expiredUntil})
    and (revoked_at is null or app_session_hash is null or user_id = ''
      or (revoked_at <= ${revokedUntil} and revoked_at <= ${now} - ${sql.lit(MAX_APP_SIGN_IN_AGE)})))`

/** Whether the session of a row in `consulate_sessions` has a code that can still be used. */
const hasCode = (table: 'consulate_codes' | 'consulate_device_codes', now: number): RawBuilder<SqlBool> =>
  sql`exists (select 1 from ${sql.table(table)} as codes where codes.session_id = ${sql.ref('consulate_sessions.id')}
    and codes.spent_at is null and codes.voided_at is null and codes.expires_at > ${now})`

const PURGEABLES: Readonly<Record<PurgeKind, Purgeable>> = {
  codes: { table: 'consulate_codes', primaryKey: 'hash', lowestKey: '', condition: isDeadCode },
  deviceCodes: { table: 'consulate_device_codes', primaryKey: 'hash', lowestKey: '', condition: isDeadCode },
  passwordResets: {
    table: 'consulate_password_resets',
    primaryKey: 'hash',
    lowestKey: '',
    condition: isDeadCode,
  },
  // Kept until the last access token expires: a revocation of the session or user reads its expiry from these rows.
  authorizations: {
    table: 'consulate_authorizations',
    primaryKey: 'id',
    lowestKey: '',
    condition: ({ now, revokedUntil, expiredUntil }) =>
      sql`access_expires_at <= ${now} and (revoked_at <= ${revokedUntil} or (expires_at <= ${expiredUntil} and access_expires_at <= ${expiredUntil}))`,
  },
  sessions: {
    table: 'consulate_sessions',
    primaryKey: 'id',
    lowestKey: '',
    condition: (cutoffs) =>
      sql`${isDeadSession(cutoffs)}
        and not ${hasCode('consulate_codes', cutoffs.now)} and not ${hasCode('consulate_device_codes', cutoffs.now)}
        and not exists (select 1 from ${sql.table('consulate_authorizations')} as authorizations
          where authorizations.session_id = ${sql.ref('consulate_sessions.id')}
            and (authorizations.access_expires_at > ${cutoffs.now}
              or (authorizations.revoked_at is null and authorizations.expires_at > ${cutoffs.now})))`,
  },
  importedTokens: {
    table: 'consulate_imported_tokens',
    primaryKey: 'id',
    lowestKey: '',
    condition: ({ expiredUntil }) => sql`expires_at <= ${expiredUntil}`,
  },
  revocations: {
    table: 'consulate_revocations',
    primaryKey: 'id',
    lowestKey: 0,
    // The newest entry stays: a reader of the feed recognizes the store by it.
    condition: ({ expiredUntil }) =>
      sql`expires_at <= ${expiredUntil} and id < ${newestOf('consulate_revocations')}`,
  },
  audit: {
    table: 'consulate_audit',
    primaryKey: 'id',
    lowestKey: 0,
    isOldestFirst: true,
    condition: ({ auditUntil, maxAuditEntries }) =>
      sql`created_at <= ${auditUntil} or id <= ${newestOf('consulate_audit')} - ${maxAuditEntries}`,
  },
  webhookDeliveries: {
    table: 'consulate_webhook_deliveries',
    primaryKey: 'id',
    lowestKey: 0,
    // Pending ones that are long overdue belong to an endpoint that is no longer configured.
    condition: ({ deliveredUntil, failedUntil, maxDeliveries }) =>
      sql`(state = 'delivered' and finished_at <= ${deliveredUntil})
        or (state = 'failed' and finished_at <= ${failedUntil})
        or (state = 'pending' and due_at <= ${failedUntil})
        or id <= ${newestOf('consulate_webhook_deliveries')} - ${maxDeliveries}`,
  },
}

/**
 * Walks along the primary keys, in the background. An index on the expiry would cost every refresh another write.
 */
export function createPurgeStore(database: Database): PurgeStore {
  const {
    db,
    background: { first },
  } = database
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

type Range = PurgeCutoffs & { readonly after: Key; readonly upTo: Key }

/**
 * Creates the steps through one table. The condition and the deletion are one statement, so a row that is refreshed
 * meanwhile is kept.
 */
function createWalk({ db, background }: Database, purgeable: Purgeable): PurgeStore['step'] {
  const { first, execute } = background
  const { table, primaryKey, lowestKey, isOldestFirst, condition } = purgeable
  const column = sql.ref<Key>(primaryKey)
  const findEnd = prepare(({ after, offset }: { after: Key; offset: number }) =>
    db
      .selectFrom(table)
      .select(column.as('key'))
      .where(column, '>', after)
      .orderBy(column)
      .limit(1)
      .offset(offset),
  )
  const findHighest = db
    .selectFrom(table)
    .select(sql<Key | null>`max(${column})`.as('key'))
    .compile()
  const deleteRange = prepare((range: Range) =>
    db
      .deleteFrom(table)
      .where(column, '>', range.after)
      .where(column, '<=', range.upTo)
      .where(sql<SqlBool>`(${condition(range)})`),
  )
  const countRange = prepare((range: Range) =>
    db
      .selectFrom(table)
      .select(({ fn }) => fn.countAll().as('rows'))
      .where(column, '>', range.after)
      .where(column, '<=', range.upTo)
      .where(sql<SqlBool>`(${condition(range)})`),
  )
  return async ({ cutoffs, after: text, limit, isDryRun }) => {
    const after = text === undefined || typeof lowestKey === 'string' ? (text ?? lowestKey) : Number(text)
    const end = (await first(findEnd({ after, offset: limit - 1 })))?.key
    const upTo = end ?? (await first(findHighest))?.key ?? lowestKey
    const range = { ...cutoffs, after, upTo }
    const count = isDryRun
      ? Number((await first(countRange(range)))?.rows ?? 0)
      : await execute(deleteRange(range))
    const isLast = end === undefined || (isOldestFirst && count === 0)
    return { count, next: isLast ? undefined : String(end) }
  }
}
