import type { Queries, Sql } from './queries.ts'

/** Which rows a revocation reaches: those with all of these values; with none, every row. */
export type Reach = Partial<Record<'provider' | 'user_id' | 'client_id' | 'session_id', string>>

/** Marks the sessions of a person as revoked (of everybody, where none is named). */
export async function revokeSessions(
  { db }: Sql,
  queries: Queries,
  reach: Pick<Reach, 'provider' | 'user_id'>,
  now: number,
): Promise<void> {
  const update = db
    .updateTable('consulate_sessions')
    .set({ revoked_at: now })
    .where((eb) => eb.and(reach))
    .where('revoked_at', 'is', null)
  await queries.change(update.compile())
}

/** Voids the codes that were not spent yet. */
export async function voidCodes({ db }: Sql, queries: Queries, reach: Reach, now: number): Promise<void> {
  const update = db
    .updateTable('consulate_codes')
    .set({ voided_at: now })
    .where((eb) => eb.and(reach))
    .where('spent_at', 'is', null)
    .where('voided_at', 'is', null)
  await queries.change(update.compile())
}

/** Marks authorizations as revoked. */
export async function revokeAuthorizations(
  { db }: Sql,
  queries: Queries,
  reach: Reach,
  now: number,
): Promise<void> {
  const update = db
    .updateTable('consulate_authorizations')
    .set({ revoked_at: now })
    .where((eb) => eb.and(reach))
    .where('revoked_at', 'is', null)
  await queries.change(update.compile())
}

/** When the last access token of the authorizations, revoked ones too, expires (ms); 0 where there are none. */
export async function lastExpiryOf({ db }: Sql, queries: Queries, reach: Reach): Promise<number> {
  const query = db
    .selectFrom('consulate_authorizations')
    .select(({ fn }) => fn.max('access_expires_at').as('last'))
    .where((eb) => eb.and(reach))
  return Number((await queries.first(query.compile()))?.last ?? 0)
}
