import { LRUCache } from 'lru-cache'
import { addressGroup } from '../lib/address.ts'
import { systemClock, type Clock } from '../lib/clock.ts'
import { sha256 } from '../lib/hash.ts'
import {
  type Blocked,
  type Policy,
  createCounter,
  reserveAttempt,
  type CounterKey,
  type PendingAttempt,
} from './counter.ts'
import { OAuthError } from '../errors.ts'

/** How many failures are too many, within a window in milliseconds that begins with the first of them. */
export type Limit = Omit<Policy, 'name'>

/** The limit of one address, and the limit of guesses at one account from anywhere. */
export interface ThrottleLimits {
  readonly perAddress: Limit
  readonly perAccount: Limit
}

/** 60 failures a minute from an address, 10 in 15 minutes against an account. */
export const DEFAULT_THROTTLE_LIMITS: ThrottleLimits = {
  perAddress: { failures: 60, window: 60_000 },
  perAccount: { failures: 10, window: 900_000 },
}

/** Who failed. */
export interface ThrottleTarget {
  /** The address of the request; those of one IPv6 /64 count as one. */
  readonly address: string
  /**
   * What was guessed at, by kind: `password:users:<name>`, or one of your own, `phone-code:<number>`. Kept as a hash. Spellings that some
   * database takes for the same name (case, accents, spaces) count as one. Name it whether it exists or not.
   */
  readonly account?: string
}

/** Counts failed guesses and says when there were too many. */
export interface Throttle {
  /** Undefined where another try is allowed; else how long to wait. Counts nothing. */
  check(who: ThrottleTarget): Promise<Blocked | undefined> | Blocked | undefined
  /**
   * Allows one try and counts it beforehand, so that parallel guesses cannot slip past the limit while their passwords
   * are being hashed. Settle the ticket whatever happens.
   */
  attempt(who: ThrottleTarget): Promise<PendingAttempt | { readonly blocked: Blocked }>
  /** Counts one failure. Goes with `check`; a ticket counts its own. */
  fail(who: ThrottleTarget): Promise<void>
  /** Forgets the account's failures, not the address's: else who owns one account could guess at others for ever. */
  succeed(who: ThrottleTarget): Promise<void>
}

/** Makes a throttle that counts in this process's memory, for at most 50,000 addresses and 50,000 accounts. */
export function createThrottle(limits: ThrottleLimits, clock: Clock = systemClock): Throttle {
  const addresses = createCounter({ name: 'address', ...limits.perAddress }, clock)
  const accounts = createCounter({ name: 'account', ...limits.perAccount }, clock)
  const groups = new LRUCache<string, string>({ max: 10_000, memoMethod: addressGroup })
  const placesOf = ({ address, account }: ThrottleTarget): readonly CounterKey[] => {
    const place = { counter: addresses, key: groups.memo(address) }
    return account === undefined ? [place] : [place, { counter: accounts, key: accountKey(account) }]
  }
  // The first test keeps parsing and hashing off the path of a server where nobody has failed.
  const check = (who: ThrottleTarget) =>
    addresses.isEmpty() && accounts.isEmpty() ? undefined : longestOf(placesOf(who))
  return {
    check,
    async attempt(who) {
      const blocked = check(who)
      return blocked ? { blocked } : reserveAttempt(placesOf(who), accounts)
    },
    async fail(who) {
      for (const { counter, key } of placesOf(who)) counter.fail(key)
    },
    async succeed({ account }) {
      if (account !== undefined) accounts.clear(accountKey(account))
    },
  }
}

/**
 * What databases take for one name depends on their collation, so the key is as forgiving as any of them. To lower case
 * first: a capital ẞ, like ß, then becomes SS.
 */
const accountKey = (account: string): string =>
  sha256(
    account
      .normalize('NFKD')
      .replaceAll(/[\p{M}\p{Z}\p{C}]/gu, '')
      .toLowerCase()
      .toUpperCase(),
  )

const longestOf = (places: readonly CounterKey[]): Blocked | undefined =>
  places
    .map(({ counter, key }) => counter.check(key))
    .filter((blocked) => blocked !== undefined)
    .sort((left, right) => right.retryAfter - left.retryAfter)[0]

/**
 * Checks something that can be guessed, and counts the tries: at the account, from anywhere (10 in 15 minutes by
 * default), and from the address. A try counts before it is checked, so that parallel guesses do not slip past the limit.
 *
 * `check` gives nothing where the guess was wrong: undefined, null or false, and that is handed on. Anything else was
 * right, and the account's failures are forgotten. What it throws is thrown, and not counted.
 *
 * @throws OAuthError `too_many_requests` with `Retry-After`, before `check` is called
 */
export type Attempt = <Made>(who: Required<ThrottleTarget>, check: () => Promise<Made>) => Promise<Made>

/** Makes attempts that a throttle counts. */
export const createAttempt =
  (throttle: Pick<Throttle, 'attempt'>): Attempt =>
  async (who, check) => {
    const ticket = await throttle.attempt(who)
    if (ticket.blocked) {
      const options = { detail: `too many failures from ${who.address}`, headers: ticket.blocked.headers }
      throw new OAuthError(
        'too_many_requests',
        'Too many failed requests: wait before you try again',
        options,
      )
    }
    try {
      const made = await check()
      // Databases answer null, and comparisons false: to take those for right would allow guesses without end.
      const isWrong = made === undefined || made === null || made === false
      await (isWrong ? ticket.fail() : ticket.succeed())
      return made
    } finally {
      await ticket.release()
    }
  }
