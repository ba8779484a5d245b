import type { Clock } from '../lib/clock.ts'
import type { Store } from '../store/contract.ts'

/** What the server needs to know of a person. Your own type may hold more; the guard hands it on as it is. */
export interface BaseUser {
  readonly id: string | number
  readonly name?: string | null
  readonly email?: string | null
}

/** Where people are looked up: your own tables, or `builtInUsers()`. */
export interface UserProvider<User extends BaseUser = BaseUser> {
  /** The person, or undefined where deleted or disabled. Runs at each refresh, never on an API call. */
  find(id: string): Promise<User | undefined>
  /** The person whose name and password these are, or undefined. Must take the same time for an unknown name. */
  verifyPassword(username: string, password: string): Promise<User | undefined>
  /** Replaces the person's password. Leave it out where passwords are changed elsewhere. */
  setPassword?(id: string, password: string): Promise<void>
}

/** A provider that keeps its people in the server's own store. */
export type UserProviderFactory<User extends BaseUser = BaseUser> = (context: {
  readonly store: Store
  readonly clock: Clock
}) => UserProvider<User>

/** What a person is shown as: the email, else the name, else the id. */
export const displayNameOf = ({ email, name, id }: BaseUser): string => email || name || String(id)
