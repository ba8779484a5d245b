import type { Exchange } from '../endpoint.ts'
import { pathsOf } from '../paths.ts'
import type { Services } from '../services.ts'

/** The sign-in page, from where the person comes back to an authorization request. */
export function signInUrl({ services }: Exchange, query: string, isAgain: boolean): string {
  const { authorize, signIn } = pathsOf(services.settings)
  const parameters = new URLSearchParams({ return_to: `${authorize}?${query}` })
  if (isAgain) parameters.set('prompt', 'login')
  return `${signIn}?${parameters.toString()}`
}

/**
 * Where to go after signing in: only a page of this server that has people sent to it. Anything else would be an open
 * redirect (RFC 9700 section 4.11.2).
 */
export function safeReturnTo({ settings }: Services, text: string | undefined): string | undefined {
  const { origin } = new URL(settings.issuer)
  if (text === undefined || !URL.canParse(text, origin)) return undefined
  const url = new URL(text, origin)
  return url.origin === origin && url.pathname === pathsOf(settings).authorize
    ? `${url.pathname}${url.search}`
    : undefined
}
