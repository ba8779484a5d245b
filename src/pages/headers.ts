import { OAuthError } from '../errors.ts'
import { STYLE_SOURCE } from './style.ts'

/** What differs from page to page. */
export interface PageHeaderOptions {
  /**
   * Where a form's answer may redirect to besides this server, as `formTargetsOf` gives it. Chromium applies
   * `form-action` to those redirects too, and to what the client redirects to next: what is not listed is not reached.
   */
  readonly formTargets?: readonly string[]
  /** The scripts of ours that the page holds, as sources of a policy. Views of the person's own have none. */
  readonly scripts?: readonly string[]
  /** Whether the view is the person's own. Then style sheets, fonts and images of this server are let in, and ours is not. */
  readonly isReplaced?: boolean
}

const ORIGIN = /^https?:\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?$/i
const SCHEME = /^(?!javascript:|data:)[a-z][a-z0-9+.-]*:$/i

/**
 * The security headers of a page: nothing runs but what is listed, nothing is fetched from elsewhere, nobody frames it or
 * keeps it.
 *
 * Throws `server_error` for a form target that is neither an origin nor a scheme: it could add directives of its own.
 */
export const pageHeaders = ({
  formTargets = [],
  scripts = [],
  isReplaced = false,
}: PageHeaderOptions = {}): Record<string, string> => ({
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': [
    "default-src 'none'",
    ...(isReplaced ? ["style-src 'self'", "font-src 'self'"] : [`style-src ${STYLE_SOURCE}`]),
    ...(isReplaced || scripts.length === 0 ? [] : [`script-src ${scripts.join(' ')}`]),
    "img-src 'self'",
    ["form-action 'self'", ...formTargets.map(checked)].join(' '),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  // With no-referrer, browsers send `Origin: null` on our own forms, and the check of Origin would refuse them.
  'Referrer-Policy': 'same-origin',
  'Cache-Control': 'no-store',
})

/**
 * The form targets of a redirect URI. Not its origin: the policy holds for every redirect that follows, and clients
 * lead people on to hosts of their own choosing. So any https page; any http one too where the client itself is
 * reached over loopback http; or the app's own scheme.
 */
export function formTargetsOf(redirectUri: string): readonly string[] {
  const { protocol } = new URL(redirectUri)
  return protocol === 'http:' ? ['http:', 'https:'] : [protocol]
}

function checked(target: string): string {
  if (ORIGIN.test(target) || SCHEME.test(target)) return target
  const detail = `not a form target: ${JSON.stringify(target)}`
  throw new OAuthError('server_error', 'The page cannot be shown', { detail })
}
