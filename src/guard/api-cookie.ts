import { readCookie } from '../lib/cookie.ts'
import { isEqualInConstantTime, sha256 } from '../lib/hash.ts'
import { readerOf } from '../lib/request-like.ts'
import { API_COOKIE_TYPE, isApiCookieClaims, type ApiCookieClaims } from '../model/claims.ts'
import { csrfProblem, originProblem, type CrossSiteProblem } from './cross-site.ts'
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
export interface CookieRefusal extends CrossSiteProblem {
  readonly status: 401 | 403
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
  const refuse = (request: GuardedRequest, { description, detail }: CrossSiteProblem): Refusal => {
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
        const { csrf } = claims as ApiCookieClaims
        const isToken = (token: string): boolean => isEqualInConstantTime(sha256(token), csrf)
        const problem = isSafe(request.method) ? undefined : csrfProblem(header, isToken)
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

/** These methods change nothing (RFC 9110 section 9.2.1). An unknown one may. */
const isSafe = (method: string | undefined): boolean =>
  method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
