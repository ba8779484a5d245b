import { LRUCache } from 'lru-cache'
import type { Clock } from '../lib/clock.ts'
import { blockedBy, type Blocked, type Policy } from './blocked.ts'

/** Failures by key: those that happened, and those that tries under way may yet turn into. */
export interface Counter {
  /** Why the key must wait; undefined where it need not. */
  check(key: string): Blocked | undefined
  /** Counts a try whose outcome is not known yet. */
  reserve(key: string): void
  /** Takes a reserved try back. */
  release(key: string): void
  /** Counts a failure. */
  fail(key: string): void
  /** Forgets the failures, not the tries under way. */
  clear(key: string): void
  /** Whether nothing is counted for anybody. */
  isEmpty(): boolean
}

interface Count {
  readonly failures: number
  readonly pending: number
  /** When the failures are forgotten. */
  readonly endsAt: number
}

/** The most keys that a counter remembers; of more, the one unused for the longest is forgotten. About 10 MB. */
export const MAX_KEYS = 50_000

const NOTHING: Count = { failures: 0, pending: 0, endsAt: 0 }

/** How long (ms) to wait where only tries under way are in the way. */
const PENDING_WAIT = 1000

/**
 * Counts failures in memory, by a policy. On an LRU cache and not a limiter library: those keep each key, with a timer,
 * till its window ends, however many there are, and whoever owns an IPv6 network has keys without end.
 */
export function createCounter(policy: Policy, clock: Clock): Counter {
  const counts = new LRUCache<string, Count>({ max: MAX_KEYS })
  const find = (key: string): Count => {
    const known = counts.get(key) ?? NOTHING
    const count = renew(known, clock.now(), policy.window)
    if (count !== known) counts.set(key, count)
    return count
  }
  const change = (key: string, changes: (count: Count) => Partial<Count>) => {
    const before = find(key)
    const count = { ...before, ...changes(before) }
    if (count.failures + count.pending > 0) counts.set(key, count)
    else counts.delete(key)
  }
  return {
    check: (key) => blockedIn(policy, find(key), clock.now()),
    reserve: (key) => change(key, ({ pending }) => ({ pending: pending + 1 })),
    release: (key) => change(key, ({ pending }) => ({ pending: Math.max(pending - 1, 0) })),
    fail: (key) => change(key, (count) => withFailure(count, clock.now() + policy.window)),
    clear: (key) => change(key, () => ({ failures: 0 })),
    isEmpty: () => counts.size === 0,
  }
}

/** Failures end with their window; tries under way do not. A clock that was set back prolongs no window. */
function renew(count: Count, now: number, window: number): Count {
  if (count.endsAt <= now) return count.failures === 0 ? count : { ...count, failures: 0 }
  return count.endsAt <= now + window ? count : { ...count, endsAt: now + window }
}

const withFailure = ({ failures, endsAt }: Count, nextEnd: number): Partial<Count> => ({
  failures: failures + 1,
  endsAt: failures > 0 ? endsAt : nextEnd,
})

function blockedIn(policy: Policy, { failures, pending, endsAt }: Count, now: number): Blocked | undefined {
  if (failures + pending < policy.failures) return undefined
  return blockedBy(policy, failures < policy.failures ? PENDING_WAIT : endsAt - now)
}
