import { OAuthError } from '../errors.ts'
import { json, prefersJson, redirect, type HttpResponse } from '../lib/http.ts'
import { redirectToApp } from './app-sign-in.ts'
import type { Exchange } from './endpoint.ts'
import { providerPathsOf } from './paths.ts'
import { report } from './report.ts'
import type { Services } from './services.ts'

/** Options of a redirect to the sign-in page. */
export interface SignInOptions {
  /** The path and query to return to. */
  readonly returnTo: string
  /** True to show the sign-in page to users who are already signed in. Default false. */
  readonly isForced?: boolean
}

/**
 * Redirects to the sign-in page of a provider: ours, or the app's. A caller that asked for JSON gets a 401 with the URL of
 * our page, which redirects to the app and binds `return_to` to the browser that opens it.
 *
 * The destination is signed, so that `return_to` cannot be an open redirect (RFC 9700 section 4.11.2), and compressed,
 * so that a long authorization request does not grow beyond the header limit of clients (16 kB in Node).
 */
export async function redirectToSignIn(
  exchange: Exchange,
  provider: string,
  { returnTo, isForced = false }: SignInOptions,
): Promise<HttpResponse> {
  const { services, request } = exchange
  const url = signInUrl(services, provider, { returnTo, isForced })
  if (prefersJson(request)) return loginRequired(exchange, url)
  const app = services.settings.appSessions.get(provider)
  return app ? redirectToApp(exchange, provider, app, { returnTo, isForced }) : redirect(url)
}

function loginRequired(exchange: Exchange, url: string): HttpResponse {
  const { issuer } = exchange.services.settings
  const error = new OAuthError('login_required', 'Open login_uri in a browser to sign in')
  report(exchange, error)
  const body = { ...error.toJSON(), login_uri: new URL(url, issuer).href }
  return json(error.status, body, { 'WWW-Authenticate': `Cookie realm="${issuer}"` })
}

/** Returns the path of a sign-in page. */
export function signInUrl(
  services: Pick<Services, 'settings' | 'returnToSigner'>,
  provider: string,
  { returnTo, isForced = false }: Partial<SignInOptions>,
): string {
  const parameters = new URLSearchParams({
    ...(isForced && { prompt: 'login' }),
    ...(returnTo !== undefined && { return_to: signReturnTo(services, provider, returnTo) }),
  })
  return `${providerPathsOf(services.settings, provider).signIn}?${parameters.toString()}`
}

/** Signs a path and query of this server for use as `return_to`. */
export const signReturnTo = (
  { returnToSigner }: Pick<Services, 'returnToSigner'>,
  provider: string,
  path: string,
): string => returnToSigner.sign({ provider, path })

/** Returns the path and query in `return_to`, or undefined unless this server signed it for users of the provider. */
export function readReturnTo(
  { returnToSigner }: Pick<Services, 'returnToSigner'>,
  provider: string,
  text: string | undefined,
): string | undefined {
  const returnTo = text === undefined ? undefined : returnToSigner.verify(text)
  return returnTo?.provider === provider ? returnTo.path : undefined
}
