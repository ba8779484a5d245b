import type { Epochs } from '../model/epochs.ts'
import type { UserRef } from '../model/subject.ts'
import type { Blocked } from '../throttle/blocked.ts'
import type { Throttle } from '../throttle/throttle.ts'
import type { Person } from './people.ts'
import type { UserProvider } from './provider.ts'
import { idOf } from './user-id.ts'

/** A name and a password that somebody typed. */
export interface PasswordTry {
  readonly provider: string
  readonly username: string
  readonly password: string
  /** Where the request came from. */
  readonly address: string
  /** The client that the person is to be signed in to; empty where there is none. */
  readonly clientId: string
}

/** What a password is checked with. */
export interface PasswordCheck {
  readonly users: Pick<UserProvider, 'findByUsername' | 'verifyPassword'>
  readonly throttle: Throttle
  readonly epochs: (subject: string, clientId: string) => Promise<Epochs>
  readonly subjectOf: (user: UserRef) => string
}

/** What a try comes to: what was made of the person, or why nothing was. */
export type PasswordOutcome<Made> =
  | { readonly kind: 'right'; readonly made: Made }
  /** `person`: who was found under this name, for the log. */
  | { readonly kind: 'wrong'; readonly person: Person | undefined }
  | { readonly kind: 'blocked'; readonly blocked: Blocked }

/** A try that came to nothing. */
export type FailedTry = Exclude<PasswordOutcome<never>, { readonly kind: 'right' }>

/**
 * Checks a name and a password, and makes something of the person where they are right: `make` gives undefined where
 * the person was signed out everywhere meanwhile. The try is counted before the password is looked at.
 *
 * The person is looked up twice, to know whose epochs they are and again once those are read: what was known of them
 * before may hold a password that is over.
 */
export async function checkPassword<Made>(
  { users, throttle, epochs, subjectOf }: PasswordCheck,
  { provider, username, password, address, clientId }: PasswordTry,
  make: (person: Person) => Promise<Made | undefined>,
): Promise<PasswordOutcome<Made>> {
  const ticket = await throttle.attempt({ address, account: `password:${provider}:${username}` })
  if (ticket.blocked) return { kind: 'blocked', blocked: ticket.blocked }
  try {
    const found = await users.findByUsername(username)
    const ref = { provider, userId: found ? idOf(found, provider) : '' }
    const present = await epochs(subjectOf(ref), clientId)
    const again = await users.findByUsername(username)
    const user = again && idOf(again, provider) === ref.userId ? again : undefined
    // Nobody's types hold at run time: an answer such as `{ isRight: false }` must not let anybody in.
    const isRight: unknown = await users.verifyPassword(user, password)
    const person = user && { user, ref, epochs: present }
    const made = person && isRight === true ? await make(person) : undefined
    await (made === undefined ? ticket.fail() : ticket.succeed())
    return made === undefined ? { kind: 'wrong', person } : { kind: 'right', made }
  } finally {
    await ticket.release()
  }
}
