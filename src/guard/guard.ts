import { ACCESS_TOKEN_TYPE, isAccessTokenClaims } from '../model/claims.ts'
import { missingToken } from './refusal.ts'
import type { Requirement } from './requirement.ts'
import { createTokenGuard, type CheckResult, type TokenGuardOptions, type TokenKind } from './token.ts'

/** Authenticates requests by bearer token. */
export interface BearerGuard {
  /** Checks an `Authorization` header against a requirement. Never throws because of what a client sent. */
  check(authorization: string | null | undefined, requirement: Requirement): CheckResult
}

const ACCESS_TOKEN: TokenKind = {
  type: ACCESS_TOKEN_TYPE,
  hasClaims: isAccessTokenClaims,
  invalid: 'Invalid token',
  expired: 'Token expired',
  early: 'Token not yet valid',
  revoked: 'Token revoked',
}

/** Creates the guard for access tokens that all guards share, inside the server and outside. */
export function createBearerGuard(options: TokenGuardOptions): BearerGuard {
  const { issuer } = options
  const tokens = createTokenGuard(ACCESS_TOKEN, options)
  return {
    check(authorization, requirement) {
      const token = bearerToken(authorization)
      return token === undefined ? missingToken(issuer, requirement) : tokens.check(token, requirement)
    },
  }
}

/** Returns the token of a `Bearer` header (RFC 6750 section 2.1) in any case, or undefined for other schemes. */
function bearerToken(authorization: string | null | undefined): string | undefined {
  if (!authorization) return undefined
  if (authorization.startsWith('Bearer ')) return authorization.slice(7).trim()
  return /^bearer(?: |$)/i.test(authorization) ? authorization.slice(7).trim() : undefined
}
