import type { RevocationEntry } from '../../model/revocation.ts'
import type { RevocationStore, RevocationTarget } from '../revocations.ts'
import type { Database, QueryRunner } from './database.ts'
import { createEpochCounters, ISSUER_SUBJECT } from './epochs.ts'
import type { EpochCounters } from './epochs.ts'
import { createFeed, earliestExpiry, MINIMUM_LIFETIME } from './feed.ts'
import type { Feed } from './feed.ts'
import { createRevokeSessions } from './revoke-sessions.ts'
import { createTokenCheck } from './token-check.ts'

/** What every step of a revocation needs. */
interface Context {
  readonly database: Database
  readonly counters: EpochCounters
  readonly feed: Feed
  readonly queries: QueryRunner
  readonly now: number
}

type Target<Kind extends RevocationTarget['kind']> = Extract<RevocationTarget, { kind: Kind }>

export function createRevocationStore(database: Database): RevocationStore {
  const counters = createEpochCounters(database)
  const feed = createFeed(database)
  return {
    revoke: (target, now) =>
      database.transaction('durable', (queries) =>
        revoke({ database, counters, feed, queries, now }, target),
      ),
    revokeSessions: createRevokeSessions(database, counters),
    listSince: feed.listSince,
    isTokenRevoked: createTokenCheck(database),
    readEpochs: (subject, clientId) => counters.read(database, subject, clientId),
    readSignOutTime: (subject) => counters.lastRaised(database, subject),
  }
}

/** Always locks in the same order, so that revocations cannot deadlock: epoch, client, sessions, codes, device codes, authorizations. */
function revoke(context: Context, target: RevocationTarget): Promise<RevocationEntry | undefined> {
  switch (target.kind) {
    case 'token':
      return writeOnce(context, target, target.jti, target.expiresAt, target.expiresAt)
    case 'authorization':
      return revokeAuthorization(context, target)
    case 'session':
      return revokeSession(context, target)
    case 'user':
      return revokeUser(context, target)
    case 'client':
      return revokeClient(context, target)
    case 'issuer':
    default:
      return revokeIssuer(context, target)
  }
}

async function revokeAuthorization(context: Context, target: Target<'authorization'>) {
  const { id } = target
  const { database, queries, now } = context
  const { db } = database
  const update = db
    .updateTable('consulate_authorizations')
    .set({ revoked_at: now, purge_at: now })
    .where('revoked_at', 'is', null)
  await queries.execute(update.where('id', '=', id).compile())
  const find = db.selectFrom('consulate_authorizations').select('access_expires_at').where('id', '=', id)
  const row = await queries.first(find.compile())
  return row && writeOnce(context, target, id, Number(row.access_expires_at))
}

async function revokeSession(context: Context, target: Target<'session'>) {
  const { id } = target
  const { database, queries, now } = context
  const { db } = database
  const update = db
    .updateTable('consulate_sessions')
    .set({ revoked_at: now, purge_at: now })
    .where('revoked_at', 'is', null)
  await queries.execute(update.where('id', '=', id).compile())
  const find = db.selectFrom('consulate_sessions').select('id').where('id', '=', id)
  if (!(await queries.first(find.compile()))) return undefined
  const filter = { session_id: id }
  await voidCodes(database, queries, filter, now)
  await revokeAuthorizations(context, filter)
  const lastExpiry = await findLastExpiry(context, filter)
  return writeOnce(context, target, id, lastExpiry, Math.max(lastExpiry, earliestExpiry(target, now)))
}

async function revokeUser(context: Context, target: Target<'user'>) {
  const { user, subject, keepThirdParties, keepSession } = target
  const { database, counters, feed, queries, now } = context
  const epoch = await counters.raise(queries, { kind: 'user', subject }, now)
  const filter = { provider: user.provider, user_id: user.userId }
  if (keepSession !== undefined) await moveSessionTo(epoch, context, { ...filter, id: keepSession })
  await revokeSessions(context, filter, epoch)
  await voidCodes(database, queries, filter, now)
  await voidPasswordResets(database, queries, filter, now)
  if (keepThirdParties) await moveThirdPartiesTo(epoch, context, filter)
  if (keepSession !== undefined)
    await moveAuthorizationsTo(epoch, context, { ...filter, session_id: keepSession })
  await revokeAuthorizations(context, filter, epoch)
  const expiresAt = Math.max(await findLastExpiry(context, filter), earliestExpiry(target, now))
  return feed.write(queries, { kind: 'user', subject, sub: subject, epoch, expiresAt })
}

async function revokeClient({ database, counters, feed, queries, now }: Context, { id }: Target<'client'>) {
  const { db } = database
  const find = db.selectFrom('consulate_clients').select('id').where('id', '=', id)
  if (!(await queries.first(find.compile()))) return undefined
  const epoch = await counters.raise(queries, { kind: 'client', subject: id }, now)
  const update = db.updateTable('consulate_clients').set({ revoked_at: now }).where('revoked_at', 'is', null)
  await queries.execute(update.where('id', '=', id).compile())
  await voidCodes(database, queries, { client_id: id }, now)
  await revokeAuthorizations({ database, queries, now }, { client_id: id })
  await feed.delete(queries, 'client', id)
  return feed.write(queries, { kind: 'client', subject: id, sub: null, epoch, expiresAt: null })
}

async function revokeIssuer(context: Context, { minimumEpoch }: Target<'issuer'>) {
  const { database, counters, feed, queries, now } = context
  const epoch = await counters.raise(queries, { kind: 'issuer', subject: ISSUER_SUBJECT }, now, minimumEpoch)
  await revokeSessions(context, {})
  await voidCodes(database, queries, {}, now)
  await voidPasswordResets(database, queries, {}, now)
  await revokeAuthorizations(context, {})
  await feed.delete(queries, 'issuer', ISSUER_SUBJECT)
  return feed.write(queries, { kind: 'issuer', subject: ISSUER_SUBJECT, sub: null, epoch, expiresAt: null })
}

/** Writes the entry of a token, an authorization or a session, unless an earlier entry lasts long enough. */
async function writeOnce(
  { feed, queries, now }: Context,
  { kind, sub = null }: Target<'token'> | Target<'authorization'> | Target<'session'>,
  subject: string,
  lastExpiry: number,
  expiresAt: number = Math.max(lastExpiry, now + MINIMUM_LIFETIME),
): Promise<RevocationEntry> {
  const earlier = await feed.findLatest(queries, kind, subject)
  const earlierExpiry = earlier?.expiresAt ?? 0
  if (earlier && earlierExpiry > now && earlierExpiry >= lastExpiry) return earlier
  return feed.write(queries, { kind, subject, sub, epoch: 0, expiresAt })
}

/** The rows with all of these values. An empty filter matches every row. */
type RowFilter = Partial<Record<'provider' | 'user_id' | 'client_id' | 'session_id', string>>

type Updates = Pick<Context, 'database' | 'queries' | 'now'>

/** Revokes sessions; with an epoch, only those from before it. */
async function revokeSessions(
  { database: { db }, queries, now }: Updates,
  filter: Pick<RowFilter, 'provider' | 'user_id'>,
  userEpoch?: number,
): Promise<void> {
  const update = db
    .updateTable('consulate_sessions')
    .set({ revoked_at: now, purge_at: now })
    .where((eb) => eb.and(filter))
    .where('revoked_at', 'is', null)
    .$if(userEpoch !== undefined, (query) => query.where('user_epoch', '<', userEpoch ?? 0))
  await queries.execute(update.compile())
}

/** Voids unspent codes and returns how many. Device codes belong to the user and session that claimed them. */
export async function voidCodes(
  { db }: Database,
  queries: QueryRunner,
  filter: RowFilter,
  now: number,
): Promise<number> {
  let count = 0
  for (const table of ['consulate_codes', 'consulate_device_codes'] as const) {
    const update = db
      .updateTable(table)
      .set({ voided_at: now })
      .where((eb) => eb.and(filter))
      .where('spent_at', 'is', null)
      .where('voided_at', 'is', null)
    count += await queries.execute(update.compile())
  }
  return count
}

/** Voids the unspent links to reset a password. */
export async function voidPasswordResets(
  { db }: Database,
  queries: QueryRunner,
  filter: Pick<RowFilter, 'provider' | 'user_id'>,
  now: number,
): Promise<void> {
  const update = db
    .updateTable('consulate_password_resets')
    .set({ voided_at: now })
    .where((eb) => eb.and(filter))
    .where('spent_at', 'is', null)
    .where('voided_at', 'is', null)
  await queries.execute(update.compile())
}

/** Revokes authorizations; with an epoch, only those from before it. */
async function revokeAuthorizations(
  { database: { db }, queries, now }: Updates,
  filter: RowFilter,
  userEpoch?: number,
): Promise<void> {
  const update = db
    .updateTable('consulate_authorizations')
    .set({ revoked_at: now, purge_at: now })
    .where((eb) => eb.and(filter))
    .where('revoked_at', 'is', null)
    .$if(userEpoch !== undefined, (query) => query.where('user_epoch', '<', userEpoch ?? 0))
  await queries.execute(update.compile())
}

/** Moves a session to its user's new epoch, unless it was revoked, like everything from before the previous epoch. */
async function moveSessionTo(
  userEpoch: number,
  { database: { db }, queries }: Updates,
  filter: { readonly provider: string; readonly user_id: string; readonly id: string },
): Promise<void> {
  const update = db
    .updateTable('consulate_sessions')
    .set({ user_epoch: userEpoch })
    .where((eb) => eb.and(filter))
    .where('revoked_at', 'is', null)
    .where('user_epoch', '=', userEpoch - 1)
  await queries.execute(update.compile())
}

/** Does the same with the authorizations of a session. */
async function moveAuthorizationsTo(userEpoch: number, updates: Updates, filter: RowFilter): Promise<void> {
  await updates.queries.execute(buildMove(userEpoch, updates, filter).compile())
}

const buildMove = (userEpoch: number, { database: { db } }: Updates, filter: RowFilter) =>
  db
    .updateTable('consulate_authorizations')
    .set({ user_epoch: userEpoch })
    .where((eb) => eb.and(filter))
    .where('revoked_at', 'is', null)
    .where('user_epoch', '=', userEpoch - 1)

/** Does the same with the authorizations of third-party clients that depend on no session. */
async function moveThirdPartiesTo(userEpoch: number, updates: Updates, filter: RowFilter): Promise<void> {
  const update = buildMove(userEpoch, updates, filter)
    .where('session_id', 'is', null)
    .where('client_id', 'in', (eb) =>
      eb.selectFrom('consulate_clients').select('id').where('is_third_party', '=', 1),
    )
  await updates.queries.execute(update.compile())
}

/** Returns when the last access token of these authorizations expires, revoked ones included; 0 if there are none. */
async function findLastExpiry({ database: { db }, queries }: Updates, filter: RowFilter): Promise<number> {
  const query = db
    .selectFrom('consulate_authorizations')
    .select(({ fn }) => fn.max('access_expires_at').as('last'))
    .where((eb) => eb.and(filter))
  return Number((await queries.first(query.compile()))?.last ?? 0)
}
