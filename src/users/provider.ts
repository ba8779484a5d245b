import type { Clock } from '../lib/clock.ts'
import type { Store } from '../store/contract.ts'
import { ConfigError } from '../errors.ts'

/** What the server needs to know of a person. Your own type may hold more; the guard hands it on as it is. */
export interface BaseUser {
  /** A whole number, or 1 to 200 characters without control characters. Never changes, never somebody else's. */
  readonly id: string | number
  readonly name?: string | null
  readonly email?: string | null
}

/** Where people are looked up: your own tables, or `builtInUsers()`. */
export interface UserProvider<User extends BaseUser = BaseUser> {
  /**
   * The person with this very id, or undefined where deleted or disabled. Runs at each refresh, never on an API call.
   * Whoever has another id is taken for nobody.
   */
  find(id: string): Promise<User | undefined>
  /**
   * The person with this user name, as it is typed at sign-in; undefined where there is none, or disabled. Must look
   * anew each time: a sign-in asks twice, and relies on the second answer to know of a password that was just changed.
   */
  findByUsername(username: string): Promise<User | undefined>
  /**
   * Whether this is the person's password: `true`, and nothing else; false for nobody. It must take as long for nobody as
   * for somebody, or the time of a failed sign-in tells who has an account.
   */
  verifyPassword(user: User | undefined, password: string): Promise<boolean>
  /**
   * Replaces the person's password, for `users.setPassword`. Leave it out where passwords are changed elsewhere; then
   * call `users.signOutEverywhere` after each change.
   */
  setPassword?(id: string, password: string): Promise<void>
}

/** A provider that keeps its people in the server's own store. */
export type UserProviderFactory<User extends BaseUser = BaseUser> = (context: {
  readonly store: Store
  readonly clock: Clock
}) => UserProvider<User>

/** What a person is shown as: the email, else the name, else the id. */
export const displayNameOf = ({ email, name, id }: BaseUser): string => email || name || String(id)

/** With the name of a provider before it, a `sub` still fits into every database. */
const LONGEST = 200

/**
 * A person's id as text. Two people must not come to the same text: so no object is an id (`[object Object]`), and no
 * number that may have been rounded.
 *
 * @throws ConfigError where it is none
 */
export function toUserId({ id }: BaseUser, provider: string): string {
  if (Number.isSafeInteger(id)) return String(id)
  if (typeof id === 'string' && isPlain(id)) return id
  const message = `must have ids that are whole numbers, or texts of 1 to ${LONGEST} characters`
  throw new ConfigError([{ path: provider, message }])
}

/** Neither half a character nor one of control, which some databases refuse and others cut off. */
const isPlain = (text: string): boolean =>
  text.trim() !== '' && text.length <= LONGEST && text.isWellFormed() && !/\p{Cc}/u.test(text)
