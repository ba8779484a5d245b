import { LRUCache } from 'lru-cache'
import type { Clock } from '../lib/clock.ts'

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
  /** When the tries under way are given up for lost. */
  readonly lostAt: number
}

/** The most keys that a counter remembers; of more, the one unused for the longest is forgotten. About 10 MB. */
export const MAX_KEYS = 50_000

const NOTHING: Count = { failures: 0, pending: 0, endsAt: 0, lostAt: 0 }

/** How long (ms) to wait where only tries under way are in the way. */
const PENDING_WAIT = 1000

/**
 * Counts failures in memory, by a policy. On an LRU cache and not a limiter library: those keep each key, with a timer,
 * till its window ends, however many there are, and whoever owns an IPv6 network has keys without end.
 */
export function createCounter(policy: Policy, clock: Clock): Counter {
  const counts = new LRUCache<string, Count>({ max: MAX_KEYS })
  const longestTry = 2 * policy.window
  const find = (key: string): Count => {
    const known = counts.get(key) ?? NOTHING
    const count = renew(known, clock.now(), policy.window, longestTry)
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
    reserve: (key) =>
      change(key, ({ pending }) => ({ pending: pending + 1, lostAt: clock.now() + longestTry })),
    release: (key) => change(key, ({ pending }) => ({ pending: Math.max(pending - 1, 0) })),
    fail: (key) => change(key, (count) => withFailure(count, clock.now() + policy.window)),
    clear: (key) => change(key, () => ({ failures: 0 })),
    isEmpty: () => counts.size === 0,
  }
}

/**
 * Failures end with their window; tries under way do not. But one that hangs, in a look-up that never answers, must not
 * shut anybody out for good: they are given up when two windows have passed since the last of them began.
 */
const renew = (count: Count, now: number, window: number, longestTry: number): Count =>
  expireCount(expireCount(count, 'failures', 'endsAt', now, window), 'pending', 'lostAt', now, longestTry)

/** A clock that was set back prolongs nothing. */
function expireCount(
  count: Count,
  what: 'failures' | 'pending',
  end: 'endsAt' | 'lostAt',
  now: number,
  longest: number,
): Count {
  if (count[end] <= now) return count[what] === 0 ? count : { ...count, [what]: 0 }
  return count[end] <= now + longest ? count : { ...count, [end]: now + longest }
}

const withFailure = ({ failures, endsAt }: Count, nextEnd: number): Partial<Count> => ({
  failures: failures + 1,
  endsAt: failures > 0 ? endsAt : nextEnd,
})

function blockedIn(policy: Policy, { failures, pending, endsAt }: Count, now: number): Blocked | undefined {
  if (failures + pending < policy.failures) return undefined
  return blockedBy(policy, failures < policy.failures ? PENDING_WAIT : endsAt - now)
}

/** A limit, and the name it has in the headers. */
export interface Policy {
  readonly name: string
  /** How many failures within a window are too many. */
  readonly failures: number
  /** Milliseconds, from the first of the failures. */
  readonly window: number
}

/** Too many failures: what to tell the caller, with status 429. */
export interface Blocked {
  /** Whole seconds, at least 1. */
  readonly retryAfter: number
  /** `Retry-After` (RFC 9110 section 10.2.3), `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers). */
  readonly headers: Readonly<Record<string, string>>
}

/** What a policy says to who must wait so many milliseconds. */
export function blockedBy({ name, failures, window }: Policy, wait: number): Blocked {
  const retryAfter = wholeSeconds(wait)
  const headers = {
    'Retry-After': String(retryAfter),
    'RateLimit-Policy': `"${name}";q=${failures};w=${wholeSeconds(window)}`,
    RateLimit: `"${name}";r=0;t=${retryAfter}`,
  }
  return { retryAfter, headers }
}

const wholeSeconds = (milliseconds: number): number => Math.max(1, Math.ceil(milliseconds / 1000))

/** A try that was allowed. It counts as a failure under way until it is settled; only the first settlement counts. */
export interface PendingAttempt {
  readonly blocked?: undefined
  /** It was right: forgets the account's failures, not the address's. */
  succeed(): Promise<void>
  /** It was wrong. */
  fail(): Promise<void>
  /** It was never decided, by an error on our side: not counted. */
  release(): Promise<void>
}

/** Where a try is counted. */
export interface CounterKey {
  readonly counter: Counter
  readonly key: string
}

/** Counts a try under way in every place; only `accounts` forgets its failures upon success. */
export function reserveAttempt(places: readonly CounterKey[], accounts: Counter): PendingAttempt {
  for (const { counter, key } of places) counter.reserve(key)
  let isSettled = false
  const settle = async (then?: (place: CounterKey) => void) => {
    if (isSettled) return
    isSettled = true
    for (const place of places) {
      place.counter.release(place.key)
      then?.(place)
    }
  }
  return {
    succeed: () => settle(({ counter, key }) => counter === accounts && counter.clear(key)),
    fail: () => settle(({ counter, key }) => counter.fail(key)),
    release: () => settle(),
  }
}
