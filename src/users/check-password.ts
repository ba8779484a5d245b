import type { Epochs } from '../model/epochs.ts'
import type { UserRef } from '../model/subject.ts'
import type { Blocked } from '../throttle/counter.ts'
import type { Throttle } from '../throttle/throttle.ts'
import type { LoadedUser } from './directory.ts'
import { toUserId, type PasswordFunctions } from './provider.ts'

/** A user name and password to check. */
export interface PasswordAttempt {
  readonly provider: string
  readonly username: string
  readonly password: string
  /** The address that the request came from. */
  readonly address: string
  /** The id of a browser that has signed in to this account before; undefined for others, and for clients. */
  readonly device?: string | undefined
  /** The client that the user signs in to; empty on the sign-in page. */
  readonly clientId: string
}

/** Returns the name that password guesses are counted under, whether the user exists or not. */
const passwordAccount = (provider: string, username: string): string => `password:${provider}:${username}`

/** What `checkPassword` needs. */
export interface PasswordCheckServices {
  readonly users: PasswordFunctions
  readonly throttle: Throttle
  readonly epochs: (subject: string, clientId: string) => Promise<Epochs>
  readonly subjectOf: (user: UserRef) => string
}

/** The result of a password check. */
export type PasswordOutcome<Result> =
  | { readonly kind: 'correct'; readonly result: Result }
  /** `user`: the user with this user name, for the log only. */
  | { readonly kind: 'incorrect'; readonly user: LoadedUser | undefined }
  | { readonly kind: 'blocked'; readonly blocked: Blocked }

/** An incorrect or blocked attempt. */
export type FailedPasswordAttempt = Exclude<PasswordOutcome<never>, { readonly kind: 'correct' }>

/**
 * Checks a user name and password, and calls `onSuccess` if they are correct. `onSuccess` returns undefined if the user
 * was signed out everywhere in the meantime; the attempt then counts as incorrect. Attempts are counted before the
 * password is checked.
 *
 * The user is looked up twice: first to know whose epochs to read, then again after reading them. The first result may
 * hold a password that was changed before the epochs were read.
 */
export async function checkPassword<Result>(
  { users, throttle, epochs, subjectOf }: PasswordCheckServices,
  { provider, username, password, address, device, clientId }: PasswordAttempt,
  onSuccess: (user: LoadedUser) => Promise<Result | undefined>,
): Promise<PasswordOutcome<Result>> {
  const attempt = await throttle.attempt({ address, account: passwordAccount(provider, username), device })
  if (attempt.blocked) return { kind: 'blocked', blocked: attempt.blocked }
  try {
    const first = await users.findByUsername(username)
    const ref = { provider, userId: first ? toUserId(first, provider) : '' }
    const current = await epochs(subjectOf(ref), clientId)
    const second = await users.findByUsername(username)
    const user = second && toUserId(second, provider) === ref.userId ? second : undefined
    // Types do not hold at run time: a result such as `{ isCorrect: false }` must not sign anyone in.
    const isCorrect: unknown = await users.verifyPassword(user, password)
    const loaded = user && { user, ref, epochs: current }
    const early = isCorrect === true ? await attempt.confirm() : undefined
    if (early) return { kind: 'blocked', blocked: early }
    const result = loaded && isCorrect === true ? await onSuccess(loaded) : undefined
    if (result !== undefined) {
      await attempt.succeed()
      return { kind: 'correct', result }
    }
    const late = await attempt.fail()
    return late ? { kind: 'blocked', blocked: late } : { kind: 'incorrect', user: loaded }
  } finally {
    await attempt.release()
  }
}
