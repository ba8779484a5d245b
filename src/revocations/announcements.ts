import type { NodeMessages } from '../broadcast/messages.ts'
import type { RevocationEntry } from '../model/revocation.ts'
import type { RevocationFeed } from './feed.ts'
import { fromWireEntry, toWireEntry } from './wire.ts'

/**
 * Applies the revocations that other nodes announce. Returns the function that announces one of this node. Nothing depends
 * on it: a revocation that is not announced is found by the next poll.
 */
export function shareRevocations(
  messages: NodeMessages,
  feed: Pick<RevocationFeed, 'applyAnnounced'>,
): (entry: RevocationEntry) => void {
  messages.subscribe('revocation', (payload) => {
    const entry = parse(payload)
    if (entry) feed.applyAnnounced(entry)
  })
  return (entry) => messages.publish('revocation', { ...toWireEntry(entry) })
}

/** Returns undefined for an entry of a later version with a kind that this one does not know. The next poll reports it. */
function parse(payload: unknown): RevocationEntry | undefined {
  try {
    return fromWireEntry(payload)
  } catch {
    return undefined
  }
}
