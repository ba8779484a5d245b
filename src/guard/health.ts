import type { RevocationFeed } from '../revocations/feed.ts'
import type { PublishedKeys } from './published-keys.ts'

/** How a guard stands. */
export interface GuardHealth {
  /** Whether it could let anybody in at this moment. */
  readonly isReady: boolean
  /** How many keys of the issuer are trusted. */
  readonly keys: number
  readonly revocations: 'fresh' | 'stale' | 'none'
  /** Why something could not be read last; empty where all is well. */
  readonly problems: readonly string[]
}

/** How a guard with these keys stands; without a feed where it follows none on purpose. */
export function healthOf(
  keys: Pick<PublishedKeys, 'size' | 'problem'>,
  feed: Pick<RevocationFeed, 'isFresh' | 'problem'> | undefined,
): GuardHealth {
  const isFresh = feed?.isFresh() ?? true
  return {
    isReady: keys.size > 0 && isFresh,
    keys: keys.size,
    revocations: feed ? (isFresh ? 'fresh' : 'stale') : 'none',
    problems: [keys.problem, feed?.problem].filter((problem) => problem !== undefined),
  }
}
