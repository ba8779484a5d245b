import { sql } from 'kysely'
import type { RawBuilder, SqlBool } from 'kysely'
import { MAX_APP_SIGN_IN_AGE } from '../../model/session.ts'
import type { PurgeKind } from '../../model/purge-kind.ts'
import type { PurgeCutoffs } from '../purge.ts'
import { greaterOf } from './columns.ts'

type RenamedKind = 'deviceCodes' | 'importedTokens' | 'passwordResets' | 'webhookDeliveries'

/** One kind of rows. */
export interface Purgeable {
  readonly table: `consulate_${Exclude<PurgeKind, RenamedKind> | 'device_codes' | 'imported_tokens' | 'password_resets' | 'webhook_deliveries'}`
  readonly primaryKey: 'id' | 'hash'
  /** True if the key is a number that the database assigns. */
  readonly isSerial?: true
  /** Which rows may be deleted by now. Without it, a purge looks at all rows of a small table, oldest first. */
  readonly due?: Due
  /** True if the rows to delete have the lowest keys, so that a step that finds none is the last one. */
  readonly isOldestFirst?: true
  /** Selects the rows to delete. A time that is null, such as `spent_at` of an unspent code, never matches. */
  readonly condition: (cutoffs: PurgeCutoffs) => RawBuilder<SqlBool>
}

/** When a purge looks at a row. */
export interface Due {
  /** An indexed column. `purge_at` is the time of the next look, which only a purge and a revocation change. */
  readonly column: 'purge_at' | 'expires_at'
  /** Rows with a later time are not looked at. */
  readonly until: (cutoffs: PurgeCutoffs) => number
  /** When to look again at a row that is kept, if it has a `purge_at`. */
  readonly next?: RawBuilder<number>
}

const latestCutoff = ({ revokedUntil, expiredUntil }: PurgeCutoffs): number =>
  Math.max(revokedUntil, expiredUntil)

/** Returns the highest id. MySQL needs the extra subquery to read from the table that it deletes from. */
const newestOf = (table: string): RawBuilder<number> =>
  sql`(select newest from (select max(id) as newest from ${sql.table(table)}) as entries)`

/** A spent code is kept until it would have expired, so that a replay is detected. */
const isDeadCode = ({ now, revokedUntil, expiredUntil }: PurgeCutoffs): RawBuilder<SqlBool> =>
  sql`expires_at <= ${now} and (spent_at <= ${revokedUntil} or voided_at <= ${revokedUntil} or expires_at <= ${expiredUntil})`

/** With one cutoff for both, a spent code is deleted when it has expired for long enough, some minutes later. */
const CODE_DUE: Due = {
  column: 'expires_at',
  until: ({ now, revokedUntil, expiredUntil }) => (revokedUntil > expiredUntil ? now : expiredUntil),
}

const EXPIRY_DUE: Due = { column: 'expires_at', until: ({ expiredUntil }) => expiredUntil }

/** An access token may outlive the refresh token. */
const AUTHORIZATION_END = greaterOf(sql`access_expires_at`, sql`coalesce(revoked_at, expires_at)`)

/** Whether a session must be remembered until its user's sign-in to the app is too old. */
const IS_APP_SESSION = sql<SqlBool>`revoked_at is not null and app_session_hash is not null and user_id <> ''`

const SESSION_END = sql<number>`case when ${IS_APP_SESSION} then revoked_at + ${sql.lit(MAX_APP_SIGN_IN_AGE)}
  else coalesce(revoked_at, expires_at) end`

/** The end of the last authorization of a session, as if none were refreshed. */
const LAST_AUTHORIZATION_END = sql<number>`coalesce((
  select max(case when azn.revoked_at is null and azn.expires_at > azn.access_expires_at
    then azn.expires_at else azn.access_expires_at end)
  from ${sql.table('consulate_authorizations')} as azn
  where azn.session_id = ${sql.ref('consulate_sessions.id')}), 0)`

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

const hasAuthorization = (now: number): RawBuilder<SqlBool> =>
  sql`exists (select 1 from ${sql.table('consulate_authorizations')} as azn
    where azn.session_id = ${sql.ref('consulate_sessions.id')}
      and (azn.access_expires_at > ${now} or (azn.revoked_at is null and azn.expires_at > ${now})))`

export const PURGEABLES: Readonly<Record<PurgeKind, Purgeable>> = {
  codes: { table: 'consulate_codes', primaryKey: 'hash', due: CODE_DUE, condition: isDeadCode },
  deviceCodes: { table: 'consulate_device_codes', primaryKey: 'hash', due: CODE_DUE, condition: isDeadCode },
  passwordResets: {
    table: 'consulate_password_resets',
    primaryKey: 'hash',
    due: CODE_DUE,
    condition: isDeadCode,
  },
  // Kept until the last access token expires: a revocation of the session or user reads its expiry from these rows.
  authorizations: {
    table: 'consulate_authorizations',
    primaryKey: 'id',
    due: { column: 'purge_at', until: latestCutoff, next: AUTHORIZATION_END },
    condition: ({ now, revokedUntil, expiredUntil }) =>
      sql`access_expires_at <= ${now} and (revoked_at <= ${revokedUntil} or (expires_at <= ${expiredUntil} and access_expires_at <= ${expiredUntil}))`,
  },
  sessions: {
    table: 'consulate_sessions',
    primaryKey: 'id',
    due: { column: 'purge_at', until: latestCutoff, next: greaterOf(SESSION_END, LAST_AUTHORIZATION_END) },
    condition: (cutoffs) =>
      sql`${isDeadSession(cutoffs)}
        and not ${hasCode('consulate_codes', cutoffs.now)} and not ${hasCode('consulate_device_codes', cutoffs.now)}
        and not ${hasAuthorization(cutoffs.now)}`,
  },
  importedTokens: {
    table: 'consulate_imported_tokens',
    primaryKey: 'id',
    due: EXPIRY_DUE,
    condition: ({ expiredUntil }) => sql`expires_at <= ${expiredUntil}`,
  },
  revocations: {
    table: 'consulate_revocations',
    primaryKey: 'id',
    isSerial: true,
    due: EXPIRY_DUE,
    // The newest entry stays: a reader of the feed recognizes the store by it.
    condition: ({ expiredUntil }) =>
      sql`expires_at <= ${expiredUntil} and id < ${newestOf('consulate_revocations')}`,
  },
  audit: {
    table: 'consulate_audit',
    primaryKey: 'id',
    isSerial: true,
    isOldestFirst: true,
    condition: ({ auditUntil, maxAuditEntries }) =>
      sql`created_at <= ${auditUntil} or id <= ${newestOf('consulate_audit')} - ${maxAuditEntries}`,
  },
  webhookDeliveries: {
    table: 'consulate_webhook_deliveries',
    primaryKey: 'id',
    isSerial: true,
    // Pending ones that are long overdue belong to an endpoint that is no longer configured.
    condition: ({ deliveredUntil, failedUntil, maxDeliveries }) =>
      sql`(state = 'delivered' and finished_at <= ${deliveredUntil})
        or (state = 'failed' and finished_at <= ${failedUntil})
        or (state = 'pending' and due_at <= ${failedUntil})
        or id <= ${newestOf('consulate_webhook_deliveries')} - ${maxDeliveries}`,
  },
}
