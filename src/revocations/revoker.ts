import type { Events } from '../events.ts'
import type { Clock } from '../lib/clock.ts'
import type { RevocationEntry } from '../model/revocation.ts'
import type { RevocationStore, RevocationTarget } from '../store/revocations.ts'
import type { RevocationFeed } from './feed.ts'

/** The only way to revoke something: it writes to the store, updates this node, announces it to the others
 * and emits an event, in this order. */
export interface Revoker {
  /**
   * Returns the entry that was written, or undefined if the ID is unknown. Can be repeated. `requestId` is the request
   * that caused the revocation, if there is one.
   */
  revoke(target: RevocationTarget, requestId?: string): Promise<RevocationEntry | undefined>
}

export function createRevoker(
  store: Pick<RevocationStore, 'revoke'>,
  feed: Pick<RevocationFeed, 'apply'>,
  events: Events,
  clock: Clock,
  announce: (entry: RevocationEntry) => void,
): Revoker {
  return {
    async revoke(target, requestId) {
      const entry = await store.revoke(target, clock.now())
      if (!entry) return undefined
      feed.apply(entry)
      announce(entry)
      events.emit('revocation.written', { requestId: requestId ?? null, entry })
      return entry
    },
  }
}
