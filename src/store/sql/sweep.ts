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

/** Voids the codes that were not spent yet: authorization codes first, then device codes, by who claimed them. */
export async function voidCodes({ db }: Sql, queries: Queries, reach: Reach, now: number): Promise<void> {
  for (const table of ['consulate_codes', 'consulate_device_codes'] as const) {
    const update = db
      .updateTable(table)
      .set({ voided_at: now })
      .where((eb) => eb.and(reach))
      .where('spent_at', 'is', null)
      .where('voided_at', 'is', null)
    await queries.change(update.compile())
  }
}

/** Marks authorizations as revoked; with an epoch only those of a person's earlier ones. */
export async function revokeAuthorizations(
  { db }: Sql,
  queries: Queries,
  reach: Reach,
  now: number,
  userEpoch?: number,
): Promise<void> {
  const update = db
    .updateTable('consulate_authorizations')
    .set({ revoked_at: now })
    .where((eb) => eb.and(reach))
    .where('revoked_at', 'is', null)
    .$if(userEpoch !== undefined, (query) => query.where('user_epoch', '<', userEpoch ?? 0))
  await queries.change(update.compile())
}

/**
 * Moves to a person's new epoch what lives of third parties and hangs on no session. What an earlier epoch has ended
 * does not come back.
 */
export async function spareThirdParties(
  { db }: Sql,
  queries: Queries,
  reach: Reach,
  userEpoch: number,
): Promise<void> {
  const update = db
    .updateTable('consulate_authorizations')
    .set({ user_epoch: userEpoch })
    .where((eb) => eb.and(reach))
    .where('revoked_at', 'is', null)
    .where('session_id', 'is', null)
    .where('user_epoch', '=', userEpoch - 1)
    .where('client_id', 'in', (eb) =>
      eb.selectFrom('consulate_clients').select('id').where('is_third_party', '=', 1),
    )
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
