import { LRUCache } from 'lru-cache'
import type { Clock } from '../lib/clock.ts'
import { atMost } from '../lib/lru.ts'

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
  /** The same without the reserved attempts, and without `besides` failures. */
  checkFailures(key: string, besides?: number): Blocked | undefined
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
  /** Returns what this node knows about a key. */
  read(key: string): Standing
  /** Applies what another node reports about a key. */
  merge(key: string, report: Report): void
  /** Returns whether a key has failures, or more attempts than one. */
  isSuspicious(key: string): boolean
  /** Exchanges with other nodes what is known about a key, if they count together. Throws `StoreUnavailableError`. */
  sync(key: string): Promise<void>
}

/** Creates a counter for a policy. */
export type CounterFactory = (policy: Policy) => Counter

/** What a node knows about a key. */
export interface Standing {
  /** The failures on all nodes, as far as they are known here. */
  readonly failures: number
  /** The reserved attempts of this node. */
  readonly pending: number
  /** Milliseconds until the failures are forgotten. */
  readonly remaining: number
}

/** What another node reports about a key. */
export interface Report {
  /** The failures that it knew of before the ones it adds. */
  readonly known: number
  /** Its failures since its last report. */
  readonly added: number
  /** The change of its reserved attempts since its last report. */
  readonly pending: number
  /** Milliseconds until it forgets the failures. Clocks can differ, so it reports no moment. */
  readonly remaining: number
}

interface Count {
  readonly failures: number
  readonly pending: number
  /** Reserved attempts of other nodes. */
  readonly pendingElsewhere: number
  /** When the failures are forgotten. */
  readonly failuresExpireAt: number
  /** When the reserved attempts are considered lost. */
  readonly pendingExpireAt: number
  readonly pendingElsewhereExpireAt: number
}

/** The most keys that a counter holds, about 10 MB. The least recently used one is dropped. */
export const MAX_KEYS = 50_000

const EMPTY: Count = {
  failures: 0,
  pending: 0,
  pendingElsewhere: 0,
  failuresExpireAt: 0,
  pendingExpireAt: 0,
  pendingElsewhereExpireAt: 0,
}

/** How long to wait (ms) if pending attempts, rather than failures alone, block the key. */
const PENDING_WAIT = 1000
/** When reserved attempts of other nodes are considered lost (ms). The message that releases them can be lost as well. */
const MAX_PENDING_ELSEWHERE = 10_000

/**
 * Creates a counter in memory. It is an LRU cache and not a rate limiter library: those keep every key, with a timer, until
 * its window ends, and the owner of an IPv6 network has endless keys.
 */
export function createCounter(policy: Policy, clock: Clock): Counter {
  const counts = new LRUCache<string, Count>(atMost(MAX_KEYS))
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
    if (count.failures + count.pending + count.pendingElsewhere > 0) counts.set(key, count)
    else counts.delete(key)
  }
  return {
    check: (key) => blockedIn(policy, find(key), clock.now()),
    checkFailures(key, besides = 0) {
      const count = find(key)
      const failures = count.failures - besides
      return blockedIn(policy, { ...count, failures, pending: 0, pendingElsewhere: 0 }, clock.now())
    },
    reserve: (key) =>
      change(key, ({ pending }) => ({ pending: pending + 1, pendingExpireAt: clock.now() + maxPending })),
    release: (key) => change(key, ({ pending }) => ({ pending: Math.max(pending - 1, 0) })),
    fail: (key) => change(key, (count) => withFailure(count, clock.now() + policy.window)),
    clear: (key) => change(key, () => ({ failures: 0 })),
    isEmpty: () => counts.size === 0,
    read(key) {
      const { failures, pending, failuresExpireAt } = find(key)
      return { failures, pending, remaining: Math.max(0, failuresExpireAt - clock.now()) }
    },
    merge: (key, report) => change(key, (count) => withReport(count, report, clock.now(), policy.window)),
    isSuspicious(key) {
      const { failures, pending, pendingElsewhere } = find(key)
      return failures > 0 || pending + pendingElsewhere > 1
    },
    sync: async () => undefined,
  }
}

/**
 * Adds the failures of another node. If it knew of more than this one, messages were lost, or this node started later: then
 * its number and its window count.
 */
function withReport(
  { failures, failuresExpireAt, pendingElsewhere, pendingElsewhereExpireAt }: Count,
  { known, added, pending, remaining }: Report,
  now: number,
  window: number,
): Partial<Count> {
  const isBehind = failures === 0 || failures < known
  return {
    failures: Math.max(failures, known) + added,
    failuresExpireAt: isBehind ? now + Math.min(remaining, window) : failuresExpireAt,
    pendingElsewhere: Math.max(pendingElsewhere + pending, 0),
    // Not later with each report: attempts of a node that disappeared would never be forgotten at a busy key.
    pendingElsewhereExpireAt: pendingElsewhere > 0 ? pendingElsewhereExpireAt : now + MAX_PENDING_ELSEWHERE,
  }
}

/**
 * Failures expire with their window. Reserved attempts expire too, although later: an attempt that hangs must not block its
 * key forever. After the clock was set back, both expire within their normal time.
 */
function withoutExpired(count: Count, now: number, window: number, maxPending: number): Count {
  const { failures, failuresExpireAt, pending, pendingExpireAt, pendingElsewhere, pendingElsewhereExpireAt } =
    count
  return {
    failures: failuresExpireAt > now ? failures : 0,
    failuresExpireAt: Math.min(failuresExpireAt, now + window),
    pending: pendingExpireAt > now ? pending : 0,
    pendingExpireAt: Math.min(pendingExpireAt, now + maxPending),
    pendingElsewhere: pendingElsewhereExpireAt > now ? pendingElsewhere : 0,
    pendingElsewhereExpireAt: Math.min(pendingElsewhereExpireAt, now + MAX_PENDING_ELSEWHERE),
  }
}

const withFailure = ({ failures, failuresExpireAt }: Count, expiresAt: number): Partial<Count> => ({
  failures: failures + 1,
  failuresExpireAt: failures > 0 ? failuresExpireAt : expiresAt,
})

function blockedIn(
  policy: Policy,
  { failures, pending, pendingElsewhere, failuresExpireAt }: Count,
  now: number,
): Blocked | undefined {
  if (failures + pending + pendingElsewhere < policy.failures) return undefined
  return blockedBy(policy, failures < policy.failures ? PENDING_WAIT : failuresExpireAt - now)
}

/** Creates the answer to a caller that must wait for a number of milliseconds. */
function blockedBy({ name, failures, window }: Policy, wait: number): Blocked {
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
  /**
   * The guess was correct. Returns how long to wait if the limit was reached at other nodes while it was checked: then do not
   * reveal the result. Otherwise undefined: use the result, and call `succeed`. Throws `StoreUnavailableError`.
   */
  confirm(): Promise<Blocked | undefined>
  /** The correct guess was used: forgets the failures of the account, but not those of the address. */
  succeed(): Promise<void>
  /** The guess was wrong. Counts it, and returns the same as `confirm`. */
  fail(): Promise<Blocked | undefined>
  /** The guess was never checked, because of an error: not counted. */
  release(): Promise<void>
}

/** Returns the answer with the longest wait. */
export const longestOf = (answers: readonly (Blocked | undefined)[]): Blocked | undefined =>
  answers
    .filter((blocked) => blocked !== undefined)
    .sort((left, right) => right.retryAfter - left.retryAfter)[0]

/** A counter, and the key that an attempt has in it. */
export interface CounterKey {
  readonly counter: Counter
  readonly key: string
}

/**
 * Reserves an attempt in every counter. Only `accounts` forgets its failures on success. `limits` are the keys that can
 * block it.
 *
 * If others have guessed at the same account, its result is exchanged with the other nodes before it is revealed. A first
 * attempt is not: most sign-ins succeed, and must cost nothing.
 */
export function reserveAttempt(
  keys: readonly CounterKey[],
  accounts: Counter,
  limits: readonly CounterKey[] = keys,
): PendingAttempt {
  for (const { counter, key } of keys) counter.reserve(key)
  let isSettled = false
  const settle = (then?: (counterKey: CounterKey) => void): void => {
    if (isSettled) return
    isSettled = true
    for (const counterKey of keys) {
      counterKey.counter.release(counterKey.key)
      then?.(counterKey)
    }
  }
  const suspicious = (): readonly CounterKey[] =>
    limits.filter(({ counter, key }) => counter === accounts && counter.isSuspicious(key))
  const recheck = async (targets: readonly CounterKey[], besides: number): Promise<Blocked | undefined> => {
    // Without an exchange, nothing can change between a failure and this check.
    if (targets.length > 0) await Promise.all(targets.map(({ counter, key }) => counter.sync(key)))
    return longestOf(limits.map(({ counter, key }) => counter.checkFailures(key, besides)))
  }
  return {
    confirm: () => recheck(suspicious(), 0),
    succeed: async () => settle(({ counter, key }) => counter === accounts && counter.clear(key)),
    async fail() {
      const targets = suspicious()
      settle(({ counter, key }) => counter.fail(key))
      return recheck(targets, 1)
    },
    release: async () => settle(),
  }
}
