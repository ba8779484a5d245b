import { ConfigError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import type { Store } from '../store/contract.ts'
import type { SignInWith } from '../model/subject.ts'

/** The fields of a user that the server reads. Your own type may have more. */
export interface BaseUser {
  /**
   * An integer, or 1 to 200 characters without control characters. Must never change or be reused. Tokens, events and
   * responses contain it as a string.
   */
  readonly id: string | number | bigint
  readonly name?: string | null
  readonly email?: string | null
  /** The language that the user has chosen (BCP 47), such as `vi`: for the pages, after `ui_locales`. */
  readonly locale?: string | null
}

/**
 * A user whose type is not known. Without the optional fields of `BaseUser`: a server whose users lack them would not count
 * as a subtype, and TypeScript would choose the wrong overload of adapters, such as `toNode`.
 */
export type AnyUser = Pick<BaseUser, 'id'>

/** The user who is signed in to your app. */
export interface AppUser {
  readonly id: BaseUser['id']
  /**
   * When the user last proved their identity: by a password, a passkey or a social sign-in. Not the time of the request. A
   * number is in milliseconds since 1970. Keep the milliseconds: after `prompt=login`, only a sign-in that is newer than
   * the request is accepted.
   */
  readonly authenticatedAt: Date | number
  /**
   * The ID of the app's session, at most 1024 characters. Only a keyed hash of it is stored. With it,
   * `server.sessions.revokeAppSession(id)` revokes what depends on the session. Default: our own cookie identifies the
   * browser.
   */
  readonly sessionId?: string
  /** How the user signed in (RFC 8176): `['pwd']`, `['swk', 'user']`, `['otp', 'pwd']`. */
  readonly methods?: readonly string[]
}

/** Sign-in by your own app instead of our sign-in page. */
export interface AppSession {
  /**
   * The app's sign-in page: an https URL (http for localhost), or a path on the origin of the issuer. Receives `return_to`,
   * and if they apply `prompt`, `max_age`, `login_hint` and `ui_locales`. After the sign-in, the app redirects to
   * `return_to`, but only if `server.sessions.isReturnTo(url)` is true.
   */
  readonly signInUrl: string
  /**
   * The app's sign-out page, to which our sign-out redirects. Receives a `return_to` to redirect to. Default: none, our
   * sign-out leaves the app's session as it is.
   */
  readonly signOutUrl?: string
  /**
   * Returns the user who is signed in to the app in the browser that sent a request, or undefined. `original` is the
   * request object of the framework. Called at most once for each request to our pages, with 5 seconds to answer. The
   * body of the request is not included.
   *
   * Omit it if the app starts our session itself, with `server.sessions.start`.
   */
  current?(
    request: Request,
    original: unknown,
  ): AppUser | null | undefined | Promise<AppUser | null | undefined>
}

/** What all sources of users have in common. */
interface UserSource<User extends BaseUser> {
  /** What users sign in with; the sign-in page labels its field accordingly. Default `both`. */
  readonly signInWith?: SignInWith
  /**
   * Returns the user with exactly this id; undefined if they are deleted or disabled. Called at each refresh, and at most
   * every 15 minutes while a personal access token is used: if it returns undefined then, the token is revoked. A user with
   * another id is ignored.
   */
  find(id: string): Promise<User | undefined>
  /**
   * Changes the user's password: on the account page, by the sign-in API, by a reset link and for `users.setPassword`. To
   * reject a new password, throw an `OAuthError` with the code `invalid_request`, whose description users read: one
   * sentence without a period. Omit it if passwords are changed elsewhere, and call `users.signOutEverywhere` after each
   * change.
   */
  setPassword?(id: string, password: string): Promise<void>
}

/** The functions of a provider that check passwords. */
export interface PasswordFunctions<User extends BaseUser = BaseUser> {
  /**
   * Returns the user with a user name, as entered at sign-in; undefined if there is none or they are disabled. Must not
   * cache: a sign-in calls it twice, and the second result must reflect a password that was just changed.
   */
  findByUsername(username: string): Promise<User | undefined>
  /**
   * Returns `true` if this is the user's password: at sign-in, and when a signed-in user confirms it. Any other value, and
   * `false` if there is no user, rejects the sign-in. It must take as long without a user as with one, or the response
   * time tells who has an account.
   */
  verifyPassword(user: User | undefined, password: string): Promise<boolean>
}

/** A source of users: your own tables, or `builtInUsers()`. */
export interface UserProvider<User extends BaseUser = BaseUser>
  extends UserSource<User>, PasswordFunctions<User> {
  /** Lets your app sign these users in. Default: they sign in on our sign-in page. */
  readonly appSession?: AppSession
}

/**
 * A source of users who sign in to your app. `signIn()` and `passwordGrant()` need `findByUsername` and `verifyPassword`,
 * and `passwordReset` needs `findByUsername`.
 */
export interface AppUserProvider<User extends BaseUser = BaseUser>
  extends UserSource<User>, Partial<PasswordFunctions<User>> {
  readonly appSession: AppSession
}

/** Either kind of provider. */
export type AnyUserProvider<User extends BaseUser = BaseUser> = UserProvider<User> | AppUserProvider<User>

/** Creates a provider that keeps its users in the server's own store. */
export type UserProviderFactory<User extends BaseUser = BaseUser> = (context: {
  readonly store: Store
  readonly clock: Clock
}) => UserProvider<User>

/** Returns the name to show for a user: the email, or else the name, or else the id. */
export const displayNameOf = ({ email, name, id }: BaseUser): string => email || name || String(id)

/** A `sub`, with the name of the provider in front, must fit into 255 characters. */
const MAX_ID_LENGTH = 200

/**
 * Returns a user's id as a string. Two users must not get the same string, so objects (`[object Object]`) and numbers that
 * may be rounded are rejected.
 *
 * @throws ConfigError if the id is invalid
 */
export function toUserId({ id }: BaseUser, provider: string): string {
  if (Number.isSafeInteger(id)) return String(id)
  const text = typeof id === 'bigint' ? String(id) : id
  if (typeof text === 'string' && isPlainText(text)) return text
  const message = `must have ids that are integers, or strings of 1 to ${MAX_ID_LENGTH} characters`
  throw new ConfigError([{ path: provider, message }])
}

/** Some databases reject control characters and halves of surrogate pairs, and others cut the text off there. */
const isPlainText = (text: string): boolean =>
  text.trim() !== '' && text.length <= MAX_ID_LENGTH && text.isWellFormed() && !/\p{Cc}/u.test(text)

/** Creates the error for a call of a function that a provider does not have. */
export const missingFunction = (provider: string, path: string): ConfigError =>
  new ConfigError([{ path, message: `is missing in the user provider ${provider}` }])
