import { OAuthError } from '../errors.ts'

/** What a page may load, and where its forms may lead. */
export interface PagePolicy {
  /** Sources of a Content-Security-Policy, like `scripts` and `images`. */
  readonly styles: readonly string[]
  readonly scripts?: readonly string[]
  readonly fonts?: readonly string[]
  readonly images: readonly string[]
  /**
   * Where a form's response may redirect to besides this server: see `formTargetsOf`. Chromium applies `form-action` to
   * those redirects too, and to what the client redirects to next, and blocks what is not listed.
   */
  readonly formTargets: readonly string[]
}

const ORIGIN = /^https?:\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?$/i
const SCHEME = /^(?!javascript:|data:)[a-z][a-z0-9+.-]*:$/i

/**
 * The security headers of a page: it loads only what is listed, cannot be framed and is not stored.
 *
 * Throws `server_error` for a form target that is neither an origin nor a scheme: it could add directives of its own.
 */
export const pageHeaders = (policy: PagePolicy): Record<string, string> => ({
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': [
    "default-src 'none'",
    ...directive('style-src', policy.styles),
    ...directive('script-src', policy.scripts),
    ...directive('font-src', policy.fonts),
    ...directive('img-src', policy.images),
    ["form-action 'self'", ...policy.formTargets.map(checkFormTarget)].join(' '),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; '),
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  // With no-referrer, browsers send `Origin: null` with our own forms, and the check of Origin would reject them.
  'Referrer-Policy': 'same-origin',
  'Cache-Control': 'no-store',
})

const directive = (name: string, sources: readonly string[] = []): readonly string[] =>
  sources.length > 0 ? [`${name} ${sources.join(' ')}`] : []

/** The sources that allow these images: each is a path on our own origin, or a `data:` URI. */
export const imageSources = (images: readonly string[]): readonly string[] => [
  ...(images.some((image) => image.startsWith('/')) ? ["'self'"] : []),
  ...(images.some((image) => image.startsWith('data:')) ? ['data:'] : []),
]

/**
 * The form targets of a redirect URI: not its origin, because the policy applies to every redirect that follows, and
 * clients redirect users to other hosts. So any https page; any http page too if the redirect URI is a loopback http
 * address; or the app's own scheme.
 */
export function formTargetsOf(redirectUri: string): readonly string[] {
  const { protocol } = new URL(redirectUri)
  return protocol === 'http:' ? ['http:', 'https:'] : [protocol]
}

export function checkFormTarget(target: string): string {
  if (ORIGIN.test(target) || SCHEME.test(target)) return target
  const detail = `not a form target: ${JSON.stringify(target)}`
  throw new OAuthError('server_error', 'The page cannot be shown', { detail })
}
