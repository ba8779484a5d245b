import { sql, type AliasableExpression } from 'kysely'
import type { AnyInteger } from './columns.ts'
import type { Database } from './database.ts'

/** What was revoked, and when the last access token of each expires, if there is one. */
type Revoked = AliasableExpression<{ readonly id: string; readonly last_expiry: AnyInteger | null }>

interface Parameters {
  /** The `sub` of the user. */
  readonly subject: string
  readonly now: number
  readonly minimumExpiry: number
}

/** Writes an entry for each session or authorization, unless it has an earlier one that lasts long enough. */
export const insertMissingEntries = (
  { db }: Database,
  kind: 'session' | 'authorization',
  revoked: Revoked,
  { subject, now, minimumExpiry }: Parameters,
) =>
  db
    .insertInto('consulate_revocations')
    .columns(['kind', 'subject', 'sub', 'epoch', 'expires_at'])
    .expression(
      db
        .selectFrom(revoked.as('revoked'))
        .select([
          sql.lit(kind).as('kind'),
          'revoked.id',
          sql<string>`${subject}`.as('sub'),
          sql.lit(0).as('epoch'),
          sql<number>`case when last_expiry > ${minimumExpiry} then last_expiry else ${minimumExpiry} end`.as(
            'expires_at',
          ),
        ])
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('consulate_revocations')
                .select('consulate_revocations.id')
                .where('kind', '=', kind)
                .whereRef('subject', '=', 'revoked.id')
                .where('expires_at', '>', now)
                .where('expires_at', '>=', sql<number>`coalesce(last_expiry, 0)`),
            ),
          ),
        ),
    )
