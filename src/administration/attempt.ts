import { ConfigError } from '../errors.ts'
import type { Services } from '../endpoints/services.ts'
import type { RequestLike } from '../lib/request-like.ts'
import { exchangeOf } from '../sign-in/browser-sessions.ts'
import { createAttempt } from '../throttle/throttle.ts'
import { toUserRef, type UserLike } from './user.ts'

/** What a guess in your app is counted against. */
export interface AttemptTarget {
  /**
   * The request with the guess. Its address is counted, as reported by trusted proxies. All requests without an address
   * share one counter, so pass `{ headers, peer }` in place of a `Request`.
   */
  readonly request: RequestLike
  /**
   * What is guessed, with a prefix for its kind: `email-code:ada@example.com`. Pass it whether it exists or not. Spellings
   * that differ in case, accents or spaces count as one.
   */
  readonly account: string
  /**
   * The user whose account it is, if there is one. Browsers on which the user has signed in before then have their own
   * limit, so that strangers can't lock the user out.
   */
  readonly user?: UserLike | undefined
}

/** Runs a check that can be guessed, and counts the failures of its account and address. */
export async function attempt<Result>(
  services: Services,
  target: AttemptTarget,
  check: () => Promise<Result>,
): Promise<Result> {
  // From JavaScript, the target can be missing. The error then says what it needs.
  const { request, account, user } = target ?? {}
  const exchange = exchangeOf(services, request)
  if (typeof account !== 'string' || account === '')
    throw new ConfigError([{ path: 'account', message: 'must be a non-empty string' }])
  const { deviceCookies, deviceTokens, subjectOf, throttle } = services
  const sub = user === undefined ? '' : subjectOf(toUserRef(services, user))
  // Searched without a user too: the time must not tell whether there is one.
  const device = deviceTokens.find(deviceCookies.read(exchange), sub)
  return createAttempt(throttle)({ address: exchange.address, account, device }, check)
}
