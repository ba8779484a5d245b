import type { Events } from '../events.ts'
import type { Clock } from '../lib/clock.ts'
import type { RevocationEntry } from '../model/revocation.ts'
import type { RevocationStore, RevocationTarget } from '../store/revocations.ts'
import type { RevocationFeed } from './feed.ts'

/** The one way to revoke: written down first, then known to this node, then told. */
export interface Revoker {
  /**
   * The entry that was written; undefined where there is nothing with that id. Doing it again is harmless. `requestId`:
   * of the request that had it done, if one did.
   */
  revoke(order: RevocationTarget, requestId?: string): Promise<RevocationEntry | undefined>
}

/** Makes the revoker of a server. */
export function createRevoker(
  store: Pick<RevocationStore, 'revoke'>,
  feed: Pick<RevocationFeed, 'apply'>,
  events: Events,
  clock: Clock,
): Revoker {
  return {
    async revoke(order, requestId) {
      const entry = await store.revoke(order, clock.now())
      if (!entry) return undefined
      feed.apply(entry)
      events.emit('revocation.written', { requestId: requestId ?? null, entry })
      return entry
    },
  }
}
