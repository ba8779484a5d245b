import { pathsOf, providerPathsOf } from './paths.ts'
import type { Services } from './services.ts'

/** The sign-in page of a provider, from where the person comes back to a page of this server. */
export function signInUrl(
  { settings }: Services,
  provider: string,
  returnTo: string,
  isAgain = false,
): string {
  const parameters = new URLSearchParams({ return_to: returnTo })
  if (isAgain) parameters.set('prompt', 'login')
  return `${providerPathsOf(settings, provider).signIn}?${parameters.toString()}`
}

/**
 * Where to go after signing in with a provider: only a page of this server that has people sent to it. Anything else
 * would be an open redirect (RFC 9700 section 4.11.2).
 */
export function safeReturnTo(
  { settings }: Services,
  provider: string,
  text: string | undefined,
): string | undefined {
  const { origin } = new URL(settings.issuer)
  if (text === undefined || !URL.canParse(text, origin)) return undefined
  const url = new URL(text, origin)
  const { device, tokensPage } = providerPathsOf(settings, provider)
  const pages = [pathsOf(settings).authorize, device, tokensPage]
  return url.origin === origin && pages.includes(url.pathname) ? `${url.pathname}${url.search}` : undefined
}
