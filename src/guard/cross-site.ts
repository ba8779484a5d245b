/** Why a request may come from another site: for the caller, and in detail for the log. */
export interface CrossSiteProblem {
  readonly description: string
  readonly detail: string
}

type ReadHeader = (name: string) => string | undefined

const SITES: ReadonlySet<string> = new Set(['cross-site', 'same-site', 'same-origin', 'none'])

/**
 * Returns a problem if a request may come from an unknown origin. Browsers leave `Origin` out of a GET from the same origin,
 * and only old ones leave out `Sec-Fetch-Site`.
 */
export function originProblem(
  header: ReadHeader,
  origins: ReadonlySet<string>,
): CrossSiteProblem | undefined {
  const [origin, site] = [header('origin'), header('sec-fetch-site')]
  const isKnown = origin !== undefined && origins.has(origin) && site !== 'cross-site'
  const isOwn = origin === undefined && (site === undefined || site === 'same-origin' || site === 'none')
  if (isKnown || isOwn) return undefined
  const sent = `Origin: ${loggedOrigin(origin)}, Sec-Fetch-Site: ${loggedSite(site)}`
  return {
    description: 'Cross-origin request',
    detail: `${sent}. Allowed origins: ${[...origins].join(', ')}`,
  }
}

const MAX_LOGGED_LENGTH = 200

/** Only what browsers send: a header can contain anything, such as a token that was put there by mistake. */
function loggedOrigin(origin = 'none'): string {
  const isSent =
    origin === 'none' || origin === 'null' || (URL.canParse(origin) && new URL(origin).origin === origin)
  return isSent ? origin.slice(0, MAX_LOGGED_LENGTH) : 'malformed'
}

const loggedSite = (site = 'none'): string => (SITES.has(site) ? site : 'malformed')

/** Returns a problem unless a request has the CSRF token, in either header. Scripts of other sites cannot read it. */
export function csrfProblem(
  header: ReadHeader,
  isToken: (token: string) => boolean,
): CrossSiteProblem | undefined {
  const sent = [header('x-xsrf-token'), header('x-csrf-token')].filter((token) => token !== undefined)
  if (sent.length === 0) return MISSING
  return sent.some(isToken) ? undefined : INVALID
}

const MISSING: CrossSiteProblem = {
  description: 'Missing X-XSRF-TOKEN header',
  detail: 'neither X-XSRF-TOKEN nor X-CSRF-TOKEN was sent',
}

const INVALID: CrossSiteProblem = {
  description: 'Invalid X-XSRF-TOKEN header',
  detail: 'the token in X-XSRF-TOKEN belongs to another session, or the secrets have changed',
}
