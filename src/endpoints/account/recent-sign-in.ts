import { OAuthError } from '../../errors.ts'
import type { JsonBody } from '../body.ts'
import type { Exchange } from '../endpoint.ts'
import {
  isReauthenticated,
  reauthenticate,
  reauthenticationError,
  signInTooOld,
  signsInAtApp,
} from './reauthentication.ts'
import type { SignedInUser } from './signed-in-user.ts'

/**
 * Requires a recent sign-in, or the password of the user, for the JSON API.
 *
 * @throws OAuthError `insufficient_user_authentication`, `invalid_credentials`, `too_many_requests` or `login_required`
 */
export async function requireRecentSignIn(
  exchange: Exchange,
  signedIn: SignedInUser,
  password: string | undefined,
): Promise<void> {
  const isAtApp = signsInAtApp(exchange.services.settings, signedIn.session)
  const outcome = await reauthenticate(exchange, signedIn, isAtApp ? undefined : password)
  if (isReauthenticated(outcome)) return
  throw isAtApp && outcome.kind === 'required'
    ? signInTooOld(exchange.services.settings, 'Cookie', 'The sign-in is too old. Sign in again')
    : reauthenticationError(exchange.services, outcome, 'Cookie')
}

/**
 * Reads the password of the user from a JSON body.
 *
 * @throws OAuthError `invalid_request` with status 422
 */
export function readCurrentPassword(body: JsonBody): string | undefined {
  const password = body.get('current_password')
  if (password === undefined || typeof password === 'string') return password
  throw unprocessable('current_password must be a string')
}

/** Creates the error for a field with an invalid value. */
export const unprocessable = (description: string): OAuthError =>
  new OAuthError('invalid_request', description, { status: 422, detail: description })
