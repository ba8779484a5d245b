import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Events } from '../events.ts'
import type { Clock } from '../lib/clock.ts'
import type { RevocationCause, RevocationEntry } from '../model/revocation.ts'
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
   * unless it is given.
   */
  revoke(target: RevocationTarget, cause: RevocationCause): Promise<RevocationEntry | undefined>
  /**
   * Revokes all sessions of a user except one, in one transaction. Returns the entries of those that were live and that no
   * other call revoked before.
   */
  revokeSessions(
    user: UserRef,
    except: string | undefined,
    cause: RevocationCause,
  ): Promise<readonly RevocationEntry[]>
  /** Revokes everything that a user has allowed a client, and deletes the consent, in one transaction. */
  disconnect(user: UserRef, clientId: string, cause: RevocationCause): Promise<Disconnection>
}

export interface RevokerOptions {
  readonly store: Pick<Store, 'revocations' | 'connections' | 'sessions' | 'authorizations'>
  readonly feed: Pick<RevocationFeed, 'apply'>
  readonly events: Events
  readonly clock: Clock
  readonly announce: (entry: RevocationEntry) => void
  readonly subjectOf: (user: UserRef) => string
}

const MESSAGES_PER_TURN = 50

export function createRevoker(options: RevokerOptions): Revoker {
  const { store, feed, events, clock, announce, subjectOf } = options
  const share = (entry: RevocationEntry, { by, reason, requestId = null }: CauseFields): void => {
    announce(entry)
    events.emit('revocation.written', { requestId, by, reason, entry })
  }
  const shareAll = async (entries: readonly RevocationEntry[], cause: RevocationCause): Promise<void> => {
    for (const entry of entries) feed.apply(entry)
    for (const [index, entry] of entries.entries()) {
      // Each message is signed: without pauses, other requests would wait for all of them.
      if (index % MESSAGES_PER_TURN === MESSAGES_PER_TURN - 1) await nextTurn()
      share(entry, cause)
    }
  }
  return {
    async revoke(target, cause) {
      const entry = await store.revocations.revoke(await withSub(target, options), clock.now())
      if (!entry) return undefined
      feed.apply(entry)
      share(entry, cause)
      return entry
    },
    async revokeSessions(user, except, cause) {
      const selection = { subject: subjectOf(user), except }
      const entries = await store.revocations.revokeSessions(user, selection, clock.now())
      await shareAll(entries, cause)
      return entries
    },
    async disconnect(user, clientId, cause) {
      const target = { clientId, subject: subjectOf(user) }
      const disconnection = await store.connections.disconnect(user, target, clock.now())
      await shareAll(disconnection.entries, cause)
      return disconnection
    },
  }
}

type CauseFields = Omit<RevocationCause, 'requestId'> & { readonly requestId?: string | null | undefined }

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
