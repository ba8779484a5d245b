import type { Clock } from '../lib/clock.ts'
import type { Session } from '../model/session.ts'
import type { UserRef } from '../model/subject.ts'
import type { SessionStore } from '../store/sessions.ts'
import type { Blocked } from '../throttle/counter.ts'
import type { Throttle } from '../throttle/throttle.ts'
import type { BaseUser, PasswordFunctions } from './provider.ts'

/** What `confirmPassword` needs. */
export interface PasswordConfirmationServices {
  readonly users: Pick<PasswordFunctions, 'verifyPassword'>
  readonly sessions: Pick<SessionStore, 'confirm'>
  readonly throttle: Throttle
  readonly clock: Clock
  readonly subjectOf: (user: UserRef) => string
}

/** A signed-in user who enters their password again. */
export interface PasswordConfirmation {
  readonly user: BaseUser
  readonly session: Session
  readonly password: string
  readonly address: string
}

/** The result of a confirmation. `ended`: the session was revoked in the meantime. */
export type ConfirmationOutcome =
  | { readonly kind: 'confirmed' }
  | { readonly kind: 'incorrect' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'blocked'; readonly blocked: Blocked }

/**
 * Checks the password of a signed-in user, and notes when they entered it.
 *
 * Guesses are counted per session: a thief of a session can neither guess without limit nor lock the user out elsewhere.
 */
export async function confirmPassword(
  { users, sessions, throttle, clock, subjectOf }: PasswordConfirmationServices,
  { user, session, password, address }: PasswordConfirmation,
): Promise<ConfirmationOutcome> {
  const account = `confirmation:${subjectOf(session)}`
  const attempt = await throttle.attempt({ address, account, device: session.id })
  if (attempt.blocked) return { kind: 'blocked', blocked: attempt.blocked }
  try {
    // Types do not hold at run time: a result such as `{ isCorrect: false }` must not confirm anything.
    const isCorrect: unknown = await users.verifyPassword(user, password)
    const late = await (isCorrect === true ? attempt.confirm() : attempt.fail())
    if (late) return { kind: 'blocked', blocked: late }
    if (isCorrect !== true) return { kind: 'incorrect' }
    await attempt.succeed()
    return { kind: (await sessions.confirm(session.id, clock.now())) ? 'confirmed' : 'ended' }
  } finally {
    await attempt.release()
  }
}
