import type { Settings } from '../../config/settings.ts'
import { OAuthError } from '../../errors.ts'
import { toSeconds } from '../../lib/clock.ts'
import type { Session } from '../../model/session.ts'
import { confirmPassword, type ConfirmationOutcome } from '../../users/confirm-password.ts'
import type { Exchange } from '../endpoint.ts'
import { reportFailedSignIn } from '../report.ts'
import { signInUrl } from '../return-to.ts'
import type { Services } from '../services.ts'
import type { SignedInUser } from './signed-in-user.ts'

/** Whether the user signed in or entered their password recently. `required`: no, and no password was sent. */
export type Reauthentication =
  | ConfirmationOutcome
  | { readonly kind: 'recent' }
  | { readonly kind: 'required' }

/** Why an action was refused. */
export type ReauthenticationRefusal = Exclude<
  Reauthentication,
  { readonly kind: 'recent' } | { readonly kind: 'confirmed' }
>

/** Returns whether a session's last sign-in is too old for sensitive actions. */
export const isReauthenticationDue = (
  { reauthenticateAfter, clock }: Settings,
  { authenticatedAt }: Session,
): boolean => reauthenticateAfter !== undefined && clock.now() - authenticatedAt >= reauthenticateAfter

/** Returns whether a session's user signs in to the app, and so proves their identity there. */
export const signsInAtApp = ({ appSessions }: Settings, { provider }: Session): boolean =>
  appSessions.has(provider)

/** What a page needs so that users can prove their identity, if the sign-in is too old: by the password, or at the app. */
export function reauthenticationProps(services: Services, session: Session, returnTo: string) {
  const isDue = isReauthenticationDue(services.settings, session)
  if (!signsInAtApp(services.settings, session)) return { asksPassword: isDue }
  const url = signInUrl(services, session.provider, { returnTo, isForced: true })
  return { asksPassword: false, ...(isDue && { signInAgainUrl: url }) }
}

/** Requires the password of a user whose sign-in is too old. A password that is sent must be correct in any case. */
export async function reauthenticate(
  exchange: Exchange,
  { session, user }: SignedInUser,
  password: string | undefined,
): Promise<Reauthentication> {
  const { services, address } = exchange
  const { settings, store, throttle, subjectOf, userDirectory } = services
  if (password === undefined)
    return { kind: isReauthenticationDue(settings, session) ? 'required' : 'recent' }
  const { provider, userId } = session
  const outcome = await confirmPassword(
    {
      users: userDirectory.passwords(provider),
      sessions: store.sessions,
      throttle,
      clock: settings.clock,
      subjectOf,
    },
    { user, session, password, address },
  )
  if (outcome.kind === 'blocked') reportFailedSignIn(exchange, provider, outcome)
  if (outcome.kind === 'incorrect') {
    const epochs = { issuer: session.issuerEpoch, client: 0, user: session.userEpoch }
    reportFailedSignIn(exchange, provider, { ...outcome, user: { user, ref: { provider, userId }, epochs } })
  }
  return outcome
}

/** Returns whether the action may continue. */
export const isReauthenticated = (
  outcome: Reauthentication,
): outcome is Exclude<Reauthentication, ReauthenticationRefusal> =>
  outcome.kind === 'recent' || outcome.kind === 'confirmed'

/** A refusal after which the form is shown again. */
export type FormRefusal = Exclude<ReauthenticationRefusal, { readonly kind: 'ended' }>

/** What the form shows after a refusal. */
export type ReauthenticationProblem =
  | { readonly kind: 'password' | 'passwordRequired' }
  | { readonly kind: 'passwordThrottled'; readonly seconds: number }

export function reauthenticationProblem(refusal: FormRefusal): ReauthenticationProblem {
  if (refusal.kind === 'blocked') return { kind: 'passwordThrottled', seconds: refusal.blocked.retryAfter }
  return { kind: refusal.kind === 'incorrect' ? 'password' : 'passwordRequired' }
}

/** Returns the user with the session as it is after the check. */
export const afterReauthentication = (
  { services }: Exchange,
  signedIn: SignedInUser,
  { kind }: Reauthentication,
): SignedInUser =>
  kind === 'confirmed'
    ? { ...signedIn, session: { ...signedIn.session, authenticatedAt: services.settings.clock.now() } }
    : signedIn

/**
 * Creates the error for an API whose callers prove who they are with `scheme`.
 *
 * If the sign-in is too old, it is `insufficient_user_authentication` with the `max_age` that the action requires (RFC
 * 9470 section 3).
 */
export function reauthenticationError(
  { settings }: Services,
  outcome: ReauthenticationRefusal,
  scheme: 'Cookie' | 'Bearer',
): OAuthError {
  const challenge = `${scheme} realm="${settings.issuer}"`
  const headers = { 'WWW-Authenticate': challenge }
  switch (outcome.kind) {
    case 'blocked':
      return new OAuthError('too_many_requests', 'Too many incorrect passwords. Try again later', {
        headers: outcome.blocked.headers,
      })
    case 'incorrect':
      return new OAuthError('invalid_credentials', 'The password is incorrect', { headers })
    case 'ended':
      return new OAuthError('login_required', 'Sign in first', {
        headers,
        detail: 'signed out while the password was being checked',
      })
    case 'required':
    default:
      return signInTooOld(settings, scheme, 'The sign-in is too old. Send the password as current_password')
  }
}

/** Creates the error for a sign-in that is older than the action allows. */
export function signInTooOld(
  settings: Settings,
  scheme: 'Cookie' | 'Bearer',
  description: string,
): OAuthError {
  const code = 'insufficient_user_authentication'
  const maxAge = toSeconds(settings.reauthenticateAfter ?? 0)
  const value = `${scheme} realm="${settings.issuer}", error="${code}", error_description="${description}", max_age="${maxAge}"`
  return new OAuthError(code, description, { headers: { 'WWW-Authenticate': value } })
}
