import { OAuthError } from '../../errors.ts'
import type { AppSessionSettings } from '../../config/app-session.ts'
import { prefersJson, redirect, type HttpResponse } from '../../lib/http.ts'
import type { ReturnTo } from '../../model/signed-state.ts'
import type { SignInAgainProps } from '../../pages/props.ts'
import { displayNameOf } from '../../users/provider.ts'
import { findSignedInUser, type SignedInUser } from '../account/signed-in-user.ts'
import { redirectToApp } from '../app-sign-in.ts'
import { readQuery } from '../body.ts'
import type { Exchange } from '../endpoint.ts'
import { followLocales } from '../languages.ts'
import { page } from '../page.ts'
import { providerPathsOf } from '../paths.ts'
import { report } from '../report.ts'
import { signInUrl } from '../return-to.ts'
import { signedInPage } from './signed-in.ts'

/**
 * GET: redirects users to the app's sign-in page, and receives them when they return. Those who return without an accepted
 * sign-in see a page. A redirect could loop forever.
 */
export async function showAppSignIn(
  exchange: Exchange,
  provider: string,
  app: AppSessionSettings,
): Promise<HttpResponse> {
  const { returnToSigner, settings } = exchange.services
  const form = readQuery(exchange.request)
  const text = form.get('return_to')
  const value = text === undefined ? undefined : returnToSigner.verify(text)
  if (text !== undefined && value?.provider !== provider)
    return signInAgain(exchange, provider, {
      problem: 'expired',
      signedIn: await findSignedInUser(exchange, provider),
    })
  if (value?.browser !== undefined) return receive(exchange, provider, value)
  const { signIn } = providerPathsOf(settings, provider)
  const isForced = form.get('prompt') === 'login'
  const signedIn = isForced ? undefined : await findSignedInUser(exchange, provider)
  if (signedIn) return value ? redirect(value.path) : signedInPage(exchange, provider, signedIn.user)
  return redirectToApp(exchange, provider, app, { returnTo: value?.path ?? signIn, isForced })
}

/** Receives a user who returns from the app. */
async function receive(exchange: Exchange, provider: string, value: ReturnTo): Promise<HttpResponse> {
  const { path, after } = value
  followLocales(exchange, path)
  const signedIn = await findSignedInUser(exchange, provider)
  const problem = problemOf(exchange, value, signedIn)
  if (problem === undefined) return redirect(path)
  return signInAgain(exchange, provider, {
    problem,
    signedIn,
    returnTo: path,
    isForced: after !== undefined,
  })
}

function problemOf(
  exchange: Exchange,
  { browser, after }: ReturnTo,
  signedIn: SignedInUser | undefined,
): SignInAgainProps['problem'] | undefined {
  if (!exchange.services.csrf.isBoundTo(exchange, browser)) return 'otherBrowser'
  if (!signedIn) return 'notSignedIn'
  return after !== undefined && signedIn.session.authenticatedAt <= after ? 'tooOld' : undefined
}

interface SignInAgainOptions {
  readonly problem: SignInAgainProps['problem']
  readonly signedIn: SignedInUser | undefined
  readonly returnTo?: string
  readonly isForced?: boolean
}

const DETAILS: Readonly<Record<SignInAgainProps['problem'], string>> = {
  expired: 'return_to has expired, was altered, or is for another provider',
  otherBrowser: 'return_to was issued to another browser',
  notSignedIn:
    'after the sign-in, appSession.current returned no user, or one whose sign-in was revoked or too old',
  tooOld: 'the sign-in at the app is older than the request for it',
}

async function signInAgain(
  exchange: Exchange,
  provider: string,
  { problem, signedIn, ...target }: SignInAgainOptions,
): Promise<HttpResponse> {
  const { services, request } = exchange
  const error = new OAuthError('login_required', 'The user is not signed in', {
    status: 403,
    detail: DETAILS[problem],
  })
  if (prefersJson(request)) throw error
  report(exchange, error)
  return page(exchange, 403, 'signInAgain', {
    problem,
    continueUrl: signInUrl(services, provider, target),
    ...(signedIn && { userName: displayNameOf(signedIn.user) }),
  })
}
