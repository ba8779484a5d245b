import { readCookie } from '../lib/cookie.ts'
import { isEqualInConstantTime, sha256 } from '../lib/hash.ts'
import { readerOf } from '../lib/request-like.ts'
import { API_COOKIE_TYPE, isApiCookieClaims, type ApiCookieClaims } from '../model/claims.ts'
import { crossSiteRequest, isRefusal, type Refusal } from './refusal.ts'
import type { GuardedRequest } from './request.ts'
import type { Requirement } from './requirement.ts'
import {
  createTokenGuard,
  type CheckResult,
  type ClaimCheck,
  type TokenGuardOptions,
  type TokenKind,
} from './token.ts'

/** Authenticates requests by API cookie. */
export interface CookieGuard {
  /** Returns undefined if the route does not accept the cookie, or if the request has none. */
  check(request: GuardedRequest, requirement: Requirement): CheckResult | undefined
}

/** What a cookie guard needs besides what other guards do. */
export interface CookieGuardOptions extends TokenGuardOptions {
  /** Returns the name of a provider's cookie. */
  readonly nameOf: (provider: string) => string
  /** The origins whose scripts may use the cookie: that of the issuer, and those of the option `origins`. */
  readonly origins: ReadonlySet<string>
  /** Called with the reason, for the log, when a cookie is refused. */
  readonly onRefused: (reason: CookieRefusal) => void
}

/** Why a request with an API cookie was refused. Without the values of cookies and tokens. */
export interface CookieRefusal {
  readonly status: 401 | 403
  readonly description: string
  readonly detail: string
  readonly method: string | undefined
}

const API_COOKIE: TokenKind = {
  type: API_COOKIE_TYPE,
  hasClaims: isApiCookieClaims,
  invalid: 'Invalid cookie',
  expired: 'Cookie expired',
  early: 'Cookie not yet valid',
  revoked: 'Cookie revoked',
}

/** Creates the guard for API cookies. Browsers send them by themselves, so each request must prove where it comes from. */
export function createCookieGuard(options: CookieGuardOptions): CookieGuard {
  const { nameOf, origins, onRefused } = options
  const tokens = createTokenGuard(API_COOKIE, options)
  const refuse = (request: GuardedRequest, { description, detail }: Problem): Refusal => {
    onRefused({ status: 403, description, detail, method: request.method })
    return crossSiteRequest(description)
  }
  const logRefusal = (request: GuardedRequest, result: CheckedCookie): CheckedCookie => {
    if (isRefusal(result) && result.status === 401) {
      const { error_description: description } = result.body
      onRefused({ status: 401, description, detail: description, method: request.method })
    }
    return result
  }
  return {
    check(request, requirement) {
      const { caller, acceptsCookie = true, provider } = requirement
      if (!acceptsCookie || caller === 'machine' || provider === undefined) return undefined
      const header = readerOf(request.headers)
      const cookie = readCookie(header('cookie'), nameOf(provider))
      if (cookie === undefined) return undefined
      const foreign = originProblem(header, origins)
      if (foreign) return refuse(request, foreign)
      const accepts: ClaimCheck = (claims) => {
        const problem = isSafe(request.method) ? undefined : csrfProblem(header, claims as ApiCookieClaims)
        return problem && refuse(request, problem)
      }
      const result = tokens.check(cookie, requirement, accepts)
      return result instanceof Promise
        ? result.then((checked) => logRefusal(request, checked))
        : logRefusal(request, result)
    },
  }
}

type CheckedCookie = Exclude<CheckResult, Promise<unknown>>

/** What is wrong: for the caller, and in detail for the log. */
type Problem = Pick<CookieRefusal, 'description' | 'detail'>

type ReadHeader = (name: string) => string | undefined

/** Changes nothing (RFC 9110 section 9.2.1). An unknown method may. */
const isSafe = (method: string | undefined): boolean =>
  method === 'GET' || method === 'HEAD' || method === 'OPTIONS'

const MAX_LOGGED_LENGTH = 200

/**
 * Returns why a request may come from another site. Browsers leave `Origin` out of a GET from the same origin, and
 * `Sec-Fetch-Site` only if they are old.
 */
export function originProblem(header: ReadHeader, origins: ReadonlySet<string>): Problem | undefined {
  const [origin, site] = [header('origin'), header('sec-fetch-site')]
  if (origin !== undefined && origins.has(origin) && site !== 'cross-site') return undefined
  const isForeign = origin !== undefined || (site !== undefined && site !== 'same-origin' && site !== 'none')
  if (!isForeign) return undefined
  const sent = `Origin: ${origin ?? 'none'}, Sec-Fetch-Site: ${site ?? 'none'}`.slice(0, MAX_LOGGED_LENGTH)
  const allowed = [...origins].join(', ')
  return { description: 'Cross-origin request', detail: `${sent}. Allowed origins: ${allowed}` }
}

/** Returns what is wrong with the CSRF token of a request. Scripts of other sites cannot read it. */
function csrfProblem(header: ReadHeader, { csrf }: ApiCookieClaims): Problem | undefined {
  const sent = [header('x-xsrf-token'), header('x-csrf-token')].filter((token) => token !== undefined)
  if (sent.length === 0)
    return {
      description: 'Missing X-XSRF-TOKEN header',
      detail: 'neither X-XSRF-TOKEN nor X-CSRF-TOKEN was sent',
    }
  if (sent.some((token) => isEqualInConstantTime(sha256(token), csrf))) return undefined
  return {
    description: 'Invalid X-XSRF-TOKEN header',
    detail:
      'X-XSRF-TOKEN does not belong to the API cookie: it is from another session, or was read before it changed',
  }
}
