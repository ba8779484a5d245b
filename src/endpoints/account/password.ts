import { OAuthError } from '../../errors.ts'
import type { Form } from '../../lib/form.ts'
import { redirect, type HttpResponse } from '../../lib/http.ts'
import type { PasswordProps } from '../../pages/props.ts'
import { forgedForm, readForm, readQuery } from '../body.ts'
import type { Exchange } from '../endpoint.ts'
import { page } from '../page.ts'
import { providerPathsOf, withQuery } from '../paths.ts'
import { report } from '../report.ts'
import { redirectToSignIn } from '../return-to.ts'
import { accountProps, requirePasswordChange } from './account.ts'
import { changeOwnPassword, rejectionOf } from './password-change.ts'
import {
  afterReauthentication,
  isReauthenticated,
  isReauthenticationDue,
  reauthenticate,
  reauthenticationProblem,
  signsInAtApp,
} from './reauthentication.ts'
import { findSignedInUser, type SignedInUser } from './signed-in-user.ts'

/** GET: the form for a new password. With `changed`, says that it was changed. */
export async function showPassword(exchange: Exchange, provider: string): Promise<HttpResponse> {
  requirePasswordChange(exchange.services, provider)
  const signedIn = await findSignedInUser(exchange, provider)
  if (!signedIn) return askToSignIn(exchange, provider)
  if (isSignInDueAtApp(exchange, signedIn)) return askToSignIn(exchange, provider, true)
  const isChanged = readQuery(exchange.request).get('changed') === markOf(signedIn)
  return passwordPage(exchange, signedIn, { isChanged })
}

/** POST: changes the password, and signs out all other devices unless `keep_other_devices` is sent. */
export async function postPassword(exchange: Exchange, provider: string): Promise<HttpResponse> {
  requirePasswordChange(exchange.services, provider)
  const { services, request } = exchange
  const form = await readForm(request)
  const signedIn = await findSignedInUser(exchange, provider)
  if (!signedIn) return askToSignIn(exchange, provider)
  if (!services.csrf.isValid(exchange, signedIn.session, form.get('csrf'))) throw forgedForm()
  const [password, keepsOtherDevices] = [form.get('new_password'), form.get('keep_other_devices') === 'yes']
  if (password === undefined)
    return refuse(exchange, signedIn, { keepsOtherDevices, problem: { kind: 'missing' } })
  if (isSignInDueAtApp(exchange, signedIn)) return askToSignIn(exchange, provider, true)
  const check = await reauthenticate(exchange, signedIn, passwordIn(exchange, signedIn, form))
  if (check.kind === 'ended') return askToSignIn(exchange, provider)
  if (!isReauthenticated(check))
    return refuse(exchange, signedIn, {
      keepsOtherDevices,
      problem: reauthenticationProblem(check),
      headers: 'blocked' in check ? check.blocked.headers : {},
    })
  return change(exchange, afterReauthentication(exchange, signedIn, check), { password, keepsOtherDevices })
}

/** Users who sign in to the app can't confirm their password here, so an old sign-in sends them there first. */
const isSignInDueAtApp = ({ services: { settings } }: Exchange, { session }: SignedInUser): boolean =>
  signsInAtApp(settings, session) && isReauthenticationDue(settings, session)

const passwordIn = ({ services }: Exchange, { session }: SignedInUser, form: Form): string | undefined =>
  signsInAtApp(services.settings, session) ? undefined : form.get('current_password')

async function change(
  exchange: Exchange,
  signedIn: SignedInUser,
  wanted: { readonly password: string; readonly keepsOtherDevices: boolean },
): Promise<HttpResponse> {
  const { sessions, settings, apiCookies } = exchange.services
  try {
    const userEpoch = await changeOwnPassword(exchange, signedIn, wanted, () =>
      sessions.renewCookie(exchange, signedIn.session),
    )
    apiCookies.issue(exchange, { ...signedIn.session, userEpoch })
  } catch (thrown) {
    const { keepsOtherDevices } = wanted
    const problem = { kind: 'rejected', message: rejectionOf(thrown) } as const
    return refuse(exchange, signedIn, { keepsOtherDevices, problem })
  }
  const { passwordPage: path } = providerPathsOf(settings, signedIn.session.provider)
  return redirect(withQuery(path, { changed: markOf(signedIn) }))
}

/** Others do not know it, so their links cannot make the page say what did not happen. */
const markOf = ({ session }: SignedInUser): string => String(session.authenticatedAt)

interface PasswordPageOptions {
  readonly isChanged?: boolean
  readonly keepsOtherDevices?: boolean
  readonly problem?: NonNullable<PasswordProps['problem']>
  readonly headers?: HttpResponse['headers']
}

function refuse(
  exchange: Exchange,
  signedIn: SignedInUser,
  options: PasswordPageOptions & Required<Pick<PasswordPageOptions, 'problem'>>,
): Promise<HttpResponse> {
  const { problem } = options
  const [status, code] =
    problem.kind === 'passwordThrottled'
      ? [429, 'too_many_requests' as const]
      : [422, 'invalid_request' as const]
  report(exchange, new OAuthError(code, 'The password was not changed', { status, detail: problem.kind }))
  return passwordPage(exchange, signedIn, options, status)
}

function passwordPage(
  exchange: Exchange,
  signedIn: SignedInUser,
  { isChanged = false, keepsOtherDevices = false, problem, headers = {} }: PasswordPageOptions,
  status = 200,
): Promise<HttpResponse> {
  const { csrf, settings } = exchange.services
  const { session, user } = signedIn
  const props = {
    ...accountProps(exchange, signedIn, 'password'),
    change: {
      action: providerPathsOf(settings, session.provider).passwordPage,
      hidden: { csrf: csrf.tokenFor(exchange, session) },
    },
    ...(user.email && { email: user.email }),
    asksPassword: isReauthenticationDue(settings, session),
    keepsOtherDevices,
    isChanged,
    ...(problem && { problem }),
  }
  return page(exchange, status, 'password', props, { headers })
}

const askToSignIn = (exchange: Exchange, provider: string, isForced = false): Promise<HttpResponse> =>
  redirectToSignIn(exchange, provider, {
    returnTo: providerPathsOf(exchange.services.settings, provider).passwordPage,
    isForced,
  })
