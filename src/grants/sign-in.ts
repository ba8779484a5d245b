import type { Duration } from '../lib/duration.ts'

/** Options of the sign-in API. */
export interface SignInOptions {
  /** How long a refresh token is valid without use. Default: 12 hours. */
  readonly lifetime?: Duration
  /** How long after the sign-in refreshes stay possible. Default: no limit. */
  readonly maximumLifetime?: Duration
  /** How long access tokens are valid. Default: the server's `accessTokenLifetime`. */
  readonly accessTokenLifetime?: Duration
  /** How long a refresh token still works after it was rotated, for retries. Default: 60 seconds; 0 for never. */
  readonly graceWindow?: Duration
  /** The scopes of the tokens. A request can ask for fewer. Default: `['*']`, every scope, because the app is your own. */
  readonly scopes?: readonly string[]
  /**
   * The origins of web apps that may use the API from a browser (CORS), such as `['https://app.example.com']`. Never with
   * cookies. Default: none.
   */
  readonly origins?: readonly string[]
}

/** The sign-in API. The token endpoint does not use it. */
export interface SignInFeature {
  readonly type: 'sign_in'
  readonly options: SignInOptions
}

/**
 * Turns on the sign-in API, with which your own apps sign users in by user name and password: `POST /auth/login` returns an
 * access token and a refresh token for one device. Not for apps of others, which must never see a password.
 */
export const signIn = (options: SignInOptions = {}): SignInFeature => ({ type: 'sign_in', options })
