import { LRUCache } from 'lru-cache'
import { OAuthError } from '../errors.ts'
import { addressGroup } from '../lib/address.ts'
import { systemClock, type Clock } from '../lib/clock.ts'
import { sha256 } from '../lib/hash.ts'
import { atMost } from '../lib/lru.ts'
import {
  createCounter,
  longestOf,
  reserveAttempt,
  type Blocked,
  type CounterFactory,
  type CounterKey,
  type PendingAttempt,
  type Policy,
} from './counter.ts'

/** The number of failures that is too many, within a window in milliseconds from the first of them. */
export type Limit = Omit<Policy, 'name'>

/** The limit per address, and the limit of guesses per account from any address. */
export interface ThrottleLimits {
  readonly perAddress: Limit
  readonly perAccount: Limit
}

/** 60 failures a minute per address, 10 in 15 minutes per account. */
export const DEFAULT_THROTTLE_LIMITS: ThrottleLimits = {
  perAddress: { failures: 60, window: 60_000 },
  perAccount: { failures: 10, window: 900_000 },
}

/** What a guess is counted against. */
export interface ThrottleTarget {
  /** The address of the request. The addresses of one IPv6 /64 count as one. */
  readonly address: string
  /**
   * What is guessed, with a prefix for its kind: `password:users:<name>`, or one of your own, `phone-code:<number>`. Pass it
   * whether it exists or not. It is kept as a hash. Spellings that a database may treat as equal (case, accents, spaces)
   * count as one.
   */
  readonly account?: string
  /**
   * The id of a browser that has signed in to this account before. It has its own limit, of the same size: failures from
   * other browsers and from its address do not block it.
   */
  readonly device?: string | undefined
}

/** Counts failed guesses, and blocks further ones. */
export interface Throttle {
  /** Returns how long to wait; undefined if another attempt is allowed. Counts nothing. */
  check(target: ThrottleTarget): Promise<Blocked | undefined> | Blocked | undefined
  /**
   * Allows one attempt and counts it beforehand, so that parallel guesses cannot exceed the limit while their passwords are
   * being hashed. The caller must settle it.
   */
  attempt(target: ThrottleTarget): Promise<PendingAttempt | { readonly blocked: Blocked }>
  /** Counts one failure, after a `check`. Attempts count their own. */
  fail(target: ThrottleTarget): Promise<void>
}

/**
 * Creates a throttle that counts in memory, for at most 50,000 addresses and 50,000 accounts. By default it counts what this
 * process sees.
 */
export function createThrottle(
  limits: ThrottleLimits,
  clock: Clock = systemClock,
  counterFor: CounterFactory = (policy) => createCounter(policy, clock),
): Throttle {
  const addresses = counterFor({ name: 'address', ...limits.perAddress })
  const accounts = counterFor({ name: 'account', ...limits.perAccount })
  const groups = new LRUCache<string, string>({ ...atMost(10_000), memoMethod: addressGroup })
  const accountKeys = ({ account, device }: ThrottleTarget): readonly CounterKey[] =>
    account === undefined ? [] : [{ counter: accounts, key: keyOf(account, device) }]
  const allKeys = (target: ThrottleTarget): readonly CounterKey[] => [
    { counter: addresses, key: groups.memo(target.address) },
    ...accountKeys(target),
  ]
  const limitsOf = (target: ThrottleTarget): readonly CounterKey[] =>
    target.device === undefined ? allKeys(target) : accountKeys(target)
  // A server without failures neither parses nor hashes anything.
  const check = (target: ThrottleTarget) =>
    addresses.isEmpty() && accounts.isEmpty()
      ? undefined
      : longestOf(limitsOf(target).map(({ counter, key }) => counter.check(key)))
  return {
    check,
    async attempt(target) {
      const blocked = check(target)
      return blocked ? { blocked } : reserveAttempt(allKeys(target), accounts, limitsOf(target))
    },
    async fail(target) {
      for (const { counter, key } of allKeys(target)) counter.fail(key)
    },
  }
}

const keyOf = (account: string, device: string | undefined): string =>
  device === undefined ? normalizeAccount(account) : `${normalizeAccount(account)}.${device}`

/**
 * Returns the hash of an account's name. Databases differ in which names they treat as equal, so this is as lenient as any
 * of them. Lower case comes first: a capital ẞ, like ß, then becomes SS.
 */
const normalizeAccount = (account: string): string =>
  sha256(
    account
      .normalize('NFKD')
      .replaceAll(/[\p{M}\p{Z}\p{C}]/gu, '')
      .toLowerCase()
      .toUpperCase(),
  )

/**
 * Runs a check that can be guessed, and counts the attempts: per account from any address (10 in 15 minutes by default),
 * and per address. An attempt counts before it is checked, so that parallel guesses cannot exceed the limit.
 *
 * If `check` returns undefined, null or false, the guess was wrong. Any other result was correct, and the account's failures
 * are forgotten. The result is returned. What `check` throws is thrown, and not counted.
 *
 * @throws OAuthError `too_many_requests` with `Retry-After`, before `check` is called
 */
export type Attempt = <Result>(
  target: { readonly address: string; readonly account: string },
  check: () => Promise<Result>,
) => Promise<Result>

/** Creates the function that own grants and apps count guesses with. */
export const createAttempt =
  (throttle: Pick<Throttle, 'attempt'>) =>
  async <Result>(
    target: ThrottleTarget & { readonly account: string },
    check: () => Promise<Result>,
  ): Promise<Result> => {
    const attempt = await throttle.attempt(target)
    if (attempt.blocked) throw tooMany(target.address, attempt.blocked)
    try {
      const result = await check()
      // Databases return null, and comparisons false: if those were correct, guesses would be unlimited.
      const isWrong = result === undefined || result === null || result === false
      const late = await (isWrong ? attempt.fail() : attempt.confirm())
      if (late) throw tooMany(target.address, late)
      if (!isWrong) await attempt.succeed()
      return result
    } finally {
      await attempt.release()
    }
  }

const tooMany = (address: string, { headers }: Blocked): OAuthError =>
  new OAuthError('too_many_requests', 'Too many failed requests. Try again later', {
    detail: `too many failures from ${address}`,
    headers,
  })
