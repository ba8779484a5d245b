import { LRUCache } from 'lru-cache'
import type { Clock } from '../lib/clock.ts'

/** A limit, and its name in the headers. */
export interface Policy {
  readonly name: string
  /** The number of failures within a window that blocks further attempts. */
  readonly failures: number
  /** Milliseconds, from the first failure. */
  readonly window: number
}

/** The answer to a caller with too many failures, for status 429. */
export interface Blocked {
  /** Whole seconds, at least 1. */
  readonly retryAfter: number
  /** `Retry-After` (RFC 9110 section 10.2.3), `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers). */
  readonly headers: Readonly<Record<string, string>>
}

/** Counts failures by key, and the attempts that are still being checked. */
export interface Counter {
  /** Returns how long the key must wait; undefined if it is not blocked. */
  check(key: string): Blocked | undefined
  /** Counts an attempt whose outcome is not known yet. */
  reserve(key: string): void
  /** Removes a reserved attempt. */
  release(key: string): void
  /** Counts a failure. */
  fail(key: string): void
  /** Forgets the failures, but not the reserved attempts. */
  clear(key: string): void
  /** Returns whether the counter has no keys. */
  isEmpty(): boolean
}

interface Count {
  readonly failures: number
  readonly pending: number
  /** When the failures are forgotten. */
  readonly failuresExpireAt: number
  /** When the reserved attempts are considered lost. */
  readonly pendingExpireAt: number
}

/** The most keys that a counter holds, about 10 MB. The least recently used one is dropped. */
export const MAX_KEYS = 50_000

const EMPTY: Count = { failures: 0, pending: 0, failuresExpireAt: 0, pendingExpireAt: 0 }

/** How long to wait (ms) if pending attempts, rather than failures alone, block the key. */
const PENDING_WAIT = 1000

/**
 * Creates a counter in memory. It is an LRU cache and not a rate limiter library: those keep every key, with a timer, until
 * its window ends, and the owner of an IPv6 network has endless keys.
 */
export function createCounter(policy: Policy, clock: Clock): Counter {
  const counts = new LRUCache<string, Count>({ max: MAX_KEYS })
  const maxPending = 2 * policy.window
  const find = (key: string): Count => {
    const known = counts.get(key)
    if (!known) return EMPTY
    const count = withoutExpired(known, clock.now(), policy.window, maxPending)
    counts.set(key, count)
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
      change(key, ({ pending }) => ({ pending: pending + 1, pendingExpireAt: clock.now() + maxPending })),
    release: (key) => change(key, ({ pending }) => ({ pending: Math.max(pending - 1, 0) })),
    fail: (key) => change(key, (count) => withFailure(count, clock.now() + policy.window)),
    clear: (key) => change(key, () => ({ failures: 0 })),
    isEmpty: () => counts.size === 0,
  }
}

/**
 * Failures expire with their window. Reserved attempts expire too, although later: an attempt that hangs must not block its
 * key forever. After the clock was set back, both expire within their normal time.
 */
function withoutExpired(count: Count, now: number, window: number, maxPending: number): Count {
  const { failures, failuresExpireAt, pending, pendingExpireAt } = count
  return {
    failures: failuresExpireAt > now ? failures : 0,
    failuresExpireAt: Math.min(failuresExpireAt, now + window),
    pending: pendingExpireAt > now ? pending : 0,
    pendingExpireAt: Math.min(pendingExpireAt, now + maxPending),
  }
}

const withFailure = ({ failures, failuresExpireAt }: Count, expiresAt: number): Partial<Count> => ({
  failures: failures + 1,
  failuresExpireAt: failures > 0 ? failuresExpireAt : expiresAt,
})

function blockedIn(
  policy: Policy,
  { failures, pending, failuresExpireAt }: Count,
  now: number,
): Blocked | undefined {
  if (failures + pending < policy.failures) return undefined
  return blockedBy(policy, failures < policy.failures ? PENDING_WAIT : failuresExpireAt - now)
}

/** Creates the answer to a caller that must wait for a number of milliseconds. */
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

/** An allowed attempt. It counts as pending until it is settled. Only the first call settles it. */
export interface PendingAttempt {
  readonly blocked?: undefined
  /** The guess was correct: forgets the failures of the account, but not those of the address. */
  succeed(): Promise<void>
  /** The guess was wrong. */
  fail(): Promise<void>
  /** The guess was never checked, because of an error: not counted. */
  release(): Promise<void>
}

/** A counter, and the key that an attempt has in it. */
export interface CounterKey {
  readonly counter: Counter
  readonly key: string
}

/** Reserves an attempt in every counter. Only `accounts` forgets its failures on success. */
export function reserveAttempt(keys: readonly CounterKey[], accounts: Counter): PendingAttempt {
  for (const { counter, key } of keys) counter.reserve(key)
  let isSettled = false
  const settle = async (then?: (counterKey: CounterKey) => void) => {
    if (isSettled) return
    isSettled = true
    for (const counterKey of keys) {
      counterKey.counter.release(counterKey.key)
      then?.(counterKey)
    }
  }
  return {
    succeed: () => settle(({ counter, key }) => counter === accounts && counter.clear(key)),
    fail: () => settle(({ counter, key }) => counter.fail(key)),
    release: () => settle(),
  }
}
