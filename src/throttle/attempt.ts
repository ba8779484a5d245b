import { OAuthError } from '../errors.ts'
import type { Failure, Throttle } from './throttle.ts'

/**
 * Checks something that can be guessed, and counts the tries: at the account, from anywhere (10 in 15 minutes by
 * default), and from the address. A try counts before it is checked, so that parallel guesses do not slip past the limit.
 *
 * `check` gives nothing where the guess was wrong: undefined, null or false, and that is handed on. Anything else was
 * right, and the account's failures are forgotten. What it throws is thrown, and not counted.
 *
 * @throws OAuthError `too_many_requests` with `Retry-After`, before `check` is called
 */
export type Attempt = <Made>(who: Required<Failure>, check: () => Promise<Made>) => Promise<Made>

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
