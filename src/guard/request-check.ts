import type { BearerGuard } from './guard.ts'
import type { CookieGuard } from './api-cookie.ts'
import { authorizationOf, type GuardedRequest } from './request.ts'
import type { Requirement } from './requirement.ts'
import type { CheckResult } from './token.ts'

/**
 * Creates the check of requests. A request with an `Authorization` header is judged by that header alone: a bad token must
 * not be rescued by a cookie.
 */
export const createRequestCheck =
  (bearer: BearerGuard, cookies?: CookieGuard) =>
  (request: GuardedRequest, requirement: Requirement): CheckResult => {
    const authorization = authorizationOf(request)
    const byCookie = authorization === undefined ? cookies?.check(request, requirement) : undefined
    return byCookie ?? bearer.check(authorization, requirement)
  }
