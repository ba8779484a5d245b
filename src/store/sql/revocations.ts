import type { RevocationEntry } from '../../model/revocation.ts'
import type { RevocationTarget, RevocationStore } from '../contract.ts'
import { createEpochCounters, ISSUER_SUBJECT } from './epochs.ts'
import type { EpochCounters } from './epochs.ts'
import { createFeed } from './feed.ts'
import type { Feed } from './feed.ts'
import type { Queries, Sql } from './queries.ts'
import { lastExpiryOf, revokeAuthorizations, revokeSessions, spareThirdParties, voidCodes } from './sweep.ts'

/** How long (ms) an entry lives at the least: tokens that are being signed at this moment are not written down yet. */
const SHORTEST_LIFE = 60_000

/** One revocation at work: where, with what, when. */
interface Work {
  readonly database: Sql
  readonly counters: EpochCounters
  readonly feed: Feed
  readonly queries: Queries
  readonly now: number
}

type Order<Kind extends RevocationTarget['kind']> = Extract<RevocationTarget, { kind: Kind }>

/** Revocations in a database. */
export function createRevocationStore(database: Sql): RevocationStore {
  const counters = createEpochCounters(database)
  const feed = createFeed(database)
  return {
    revoke: (order, now) =>
      database.transact('durable', (queries) => carryOut({ database, counters, feed, queries, now }, order)),
    listSince: feed.since,
    readEpochs: (subject, clientId) => counters.read(database, subject, clientId),
  }
}

/** Every order locks in the same order (epoch, client, sessions, codes, device codes, authorizations), so that none waits in a circle. */
function carryOut(work: Work, order: RevocationTarget): Promise<RevocationEntry | undefined> {
  switch (order.kind) {
    case 'token':
      return writeOnce(work, 'token', order.jti, order.expiresAt, order.expiresAt)
    case 'authorization':
      return revokeAuthorization(work, order)
    case 'session':
      return revokeSession(work, order)
    case 'user':
      return revokeUser(work, order)
    case 'client':
      return revokeClient(work, order)
    case 'issuer':
    default:
      return revokeIssuer(work, order)
  }
}

async function revokeAuthorization(work: Work, { id }: Order<'authorization'>) {
  const { database, queries, now } = work
  const { db } = database
  const mark = db
    .updateTable('consulate_authorizations')
    .set({ revoked_at: now })
    .where('revoked_at', 'is', null)
  await queries.change(mark.where('id', '=', id).compile())
  const find = db.selectFrom('consulate_authorizations').select('access_expires_at').where('id', '=', id)
  const row = await queries.first(find.compile())
  return row && writeOnce(work, 'authorization', id, Number(row.access_expires_at))
}

async function revokeSession(work: Work, { id }: Order<'session'>) {
  const { database, queries, now } = work
  const { db } = database
  const mark = db.updateTable('consulate_sessions').set({ revoked_at: now }).where('revoked_at', 'is', null)
  await queries.change(mark.where('id', '=', id).compile())
  const find = db.selectFrom('consulate_sessions').select('id').where('id', '=', id)
  if (!(await queries.first(find.compile()))) return undefined
  const reach = { session_id: id }
  await voidCodes(database, queries, reach, now)
  await revokeAuthorizations(database, queries, reach, now)
  return writeOnce(work, 'session', id, await lastExpiryOf(database, queries, reach))
}

async function revokeUser(
  { database, counters, feed, queries, now }: Work,
  { user, subject, keepThirdParties = false }: Order<'user'>,
) {
  const epoch = await counters.raise(queries, 'user', subject)
  const reach = { provider: user.provider, user_id: user.userId }
  await revokeSessions(database, queries, reach, now)
  await voidCodes(database, queries, reach, now)
  if (keepThirdParties) await spareThirdParties(database, queries, reach, epoch)
  await revokeAuthorizations(database, queries, reach, now, epoch)
  const expiresAt = Math.max(await lastExpiryOf(database, queries, reach), now + SHORTEST_LIFE)
  return feed.write(queries, { kind: 'user', subject, epoch, expiresAt })
}

async function revokeClient({ database, counters, feed, queries, now }: Work, { id }: Order<'client'>) {
  const { db } = database
  const find = db.selectFrom('consulate_clients').select('id').where('id', '=', id)
  if (!(await queries.first(find.compile()))) return undefined
  const epoch = await counters.raise(queries, 'client', id)
  const mark = db.updateTable('consulate_clients').set({ revoked_at: now }).where('revoked_at', 'is', null)
  await queries.change(mark.where('id', '=', id).compile())
  await voidCodes(database, queries, { client_id: id }, now)
  await revokeAuthorizations(database, queries, { client_id: id }, now)
  await feed.forget(queries, 'client', id)
  return feed.write(queries, { kind: 'client', subject: id, epoch, expiresAt: null })
}

async function revokeIssuer(
  { database, counters, feed, queries, now }: Work,
  { minimumEpoch }: Order<'issuer'>,
) {
  const epoch = await counters.raise(queries, 'issuer', ISSUER_SUBJECT, minimumEpoch)
  await revokeSessions(database, queries, {}, now)
  await voidCodes(database, queries, {}, now)
  await revokeAuthorizations(database, queries, {}, now)
  await feed.forget(queries, 'issuer', ISSUER_SUBJECT)
  return feed.write(queries, { kind: 'issuer', subject: ISSUER_SUBJECT, epoch, expiresAt: null })
}

/** Writes the entry of one token, authorization or session, unless there is one that lives long enough. */
async function writeOnce(
  { feed, queries, now }: Work,
  kind: 'token' | 'authorization' | 'session',
  subject: string,
  lastExpiry: number,
  expiresAt: number = Math.max(lastExpiry, now + SHORTEST_LIFE),
): Promise<RevocationEntry> {
  const known = await feed.latest(queries, kind, subject)
  const knownExpiry = known?.expiresAt ?? 0
  if (known && knownExpiry > now && knownExpiry >= lastExpiry) return known
  return feed.write(queries, { kind, subject, epoch: 0, expiresAt })
}
