import type { Settings } from '../config/settings.ts'
import { returnUrlTo } from '../lib/web-address.ts'
import { providerPathsOf } from './paths.ts'
import type { Services } from './services.ts'

/**
 * Returns whether a URL is a `return_to` that an app received from this server. Before the server has started, signatures
 * are not checked. That is safe, because only our own pages are accepted, and they check where to continue.
 */
export function isReturnTo(
  settings: Settings,
  services: Pick<Services, 'returnToSigner'> | undefined,
  text: unknown,
): text is string {
  if (typeof text !== 'string') return false
  const url = URL.parse(text)
  // In one spelling only: parsers drop tabs and line ends, and read a backslash as a slash.
  if (url?.href !== text || url.origin !== new URL(settings.issuer).origin) return false
  if (url.username !== '' || url.password !== '' || url.hash !== '') return false
  const [parameter, ...others] = url.searchParams
  if (others.length > 0 || (parameter && parameter[0] !== 'return_to')) return false
  const value = parameter?.[1]
  return [...settings.appSessions.keys()].some((provider) => {
    const { signIn, signOut } = providerPathsOf(settings, provider)
    if (url.pathname === signOut)
      return value === undefined || returnUrlTo(settings.returnOrigins, value) !== undefined
    if (url.pathname !== signIn || value === undefined) return false
    if (!services) return true
    const returnTo = services.returnToSigner.verify(value)
    return returnTo?.provider === provider && returnTo.browser !== undefined
  })
}
