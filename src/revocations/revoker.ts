import type { Emission, Events } from '../events.ts'
import type { Clock } from '../lib/clock.ts'
import { endOfTurn } from '../lib/turn.ts'
import type { RevocationCause, RevocationEntry } from '../model/revocation.ts'
import { MAX_API_COOKIE_LIFETIME } from '../model/session.ts'
import type { UserRef } from '../model/subject.ts'
import type { Disconnection } from '../store/connections.ts'
import type { Store } from '../store/contract.ts'
import type { RevocationTarget } from '../store/revocations.ts'
import type { RevocationFeed } from './feed.ts'

/**
 * The only way to revoke something: it writes to the store, updates this node, announces it to the others and emits an
 * event, in this order.
 */
export interface Revoker {
  /**
   * Returns the entry that was written, or undefined if the ID is unknown. Can be repeated. Looks up the `sub` of the target
   * unless it is given. `emissionsOf` returns the events to emit with it, for the entry that was written.
   */
  revoke(
    target: RevocationTarget,
    cause: RevocationCause,
    emissionsOf?: (entry: RevocationEntry) => readonly Emission[],
  ): Promise<RevocationEntry | undefined>
  /**
   * Revokes all sessions of a user except one, in one transaction. Returns the entries of those that were live and that no
   * other call revoked before.
   */
  revokeSessions(
    user: UserRef,
    except: string | undefined,
    cause: RevocationCause,
    emissionsOf: (entries: readonly RevocationEntry[]) => readonly Emission[],
  ): Promise<readonly RevocationEntry[]>
  /** Revokes everything that a user has allowed a client, and deletes the consent, in one transaction. */
  disconnect(
    user: UserRef,
    clientId: string,
    cause: RevocationCause,
    emissionsOf?: (disconnection: Disconnection) => readonly Emission[],
  ): Promise<Disconnection>
}

export interface RevokerOptions {
  readonly store: Pick<Store, 'revocations' | 'connections' | 'sessions' | 'authorizations'>
  readonly feed: Pick<RevocationFeed, 'apply'>
  readonly events: Events
  readonly clock: Clock
  readonly announce: (entry: RevocationEntry) => void
  /** Whether sessions have API cookies, which the revocation of a session or a user must outlast. */
  readonly hasApiCookies: boolean
  readonly subjectOf: (user: UserRef) => string
}

const MESSAGES_PER_TURN = 50

/** How much later (ms) the last cookie may be signed, by a request that is being answered. */
const SIGNING_MARGIN = 60_000

export function createRevoker(options: RevokerOptions): Revoker {
  const { store, feed, events, clock, announce, subjectOf } = options
  const share = async (entries: readonly RevocationEntry[]): Promise<void> => {
    for (const entry of entries) feed.apply(entry)
    for (const [index, entry] of entries.entries()) {
      // Each message is signed: without pauses, other requests would wait for all of them.
      if (index % MESSAGES_PER_TURN === MESSAGES_PER_TURN - 1) await endOfTurn()
      announce(entry)
    }
  }
  return {
    async revoke(given, cause, emissionsOf = () => []) {
      const target = withCookies(await withSub(given, options), options)
      const write = async (): Promise<RevocationEntry | undefined> => {
        const entry = await store.revocations.revoke(target, clock.now())
        if (entry) await share([entry])
        return entry
      }
      return events.commit(write, (entry) =>
        entry ? [...written([entry], cause), ...emissionsOf(entry)] : [],
      )
    },
    async revokeSessions(user, except, cause, emissionsOf) {
      const selection = { subject: subjectOf(user), except, ...cookies(options) }
      const write = async (): Promise<readonly RevocationEntry[]> => {
        const entries = await store.revocations.revokeSessions(user, selection, clock.now())
        await share(entries)
        return entries
      }
      return events.commit(write, (entries) => [...written(entries, cause), ...emissionsOf(entries)])
    },
    async disconnect(user, clientId, cause, emissionsOf = () => []) {
      const target = { clientId, subject: subjectOf(user) }
      const write = async (): Promise<Disconnection> => {
        const disconnection = await store.connections.disconnect(user, target, clock.now())
        await share(disconnection.entries)
        return disconnection
      }
      return events.commit(write, (disconnection) => [
        ...written(disconnection.entries, cause),
        ...emissionsOf(disconnection),
      ])
    },
  }
}

const written = (
  entries: readonly RevocationEntry[],
  { by, reason, requestId }: RevocationCause,
): readonly Emission[] =>
  entries.map((entry) => ['revocation.written', { requestId: requestId ?? null, by, reason, entry }])

const withCookies = (target: RevocationTarget, options: RevokerOptions): RevocationTarget =>
  target.kind === 'session' || target.kind === 'user' ? { ...target, ...cookies(options) } : target

/** Counts from the longest lifetime that a configuration can have: an earlier one may have signed the cookies. */
const cookies = ({ hasApiCookies, clock }: RevokerOptions): { readonly cookiesExpireAt?: number } =>
  hasApiCookies ? { cookiesExpireAt: clock.now() + MAX_API_COOKIE_LIFETIME + SIGNING_MARGIN } : {}

async function withSub(
  target: RevocationTarget,
  { store, subjectOf }: RevokerOptions,
): Promise<RevocationTarget> {
  if (!('jti' in target || target.kind === 'session' || target.kind === 'authorization')) return target
  if (target.sub !== undefined) return target
  const user = await findUser(target, store)
  return { ...target, sub: user ? subjectOf(user) : null }
}

/** The ID of a user's token starts with the ID of its authorization. */
function findUser(
  target: Extract<RevocationTarget, { readonly kind: 'token' | 'session' | 'authorization' }>,
  { sessions, authorizations }: RevokerOptions['store'],
): Promise<UserRef | undefined> {
  if (target.kind === 'session') return sessions.find(target.id)
  const id = target.kind === 'token' ? target.jti.split('.', 1)[0] : target.id
  return authorizations.find(id ?? '')
}
