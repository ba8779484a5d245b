import type { ErrorCode } from '../errors.ts'
import { formatScope } from '../model/scope.ts'
import type { Requirement } from './requirement.ts'

/** Why a guard lets nobody in, ready to be sent. */
export interface Refusal {
  readonly status: 401 | 403 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: { readonly error: ErrorCode; readonly error_description: string }
}

/** Whether a guard's answer is a refusal. */
export const isRefusal = (answer: object): answer is Refusal => 'status' in answer

const NO_STORE = { 'Cache-Control': 'no-store', 'Content-Type': 'application/json' } as const

/** No token: a challenge without an error code (RFC 6750 section 3.1). */
export const missingToken = (realm: string): Refusal => ({
  status: 401,
  headers: { ...NO_STORE, 'WWW-Authenticate': `Bearer realm="${realm}"` },
  body: { error: 'missing_token', error_description: 'Missing token' },
})

/** A token that is of no use: malformed or altered, expired, revoked, or for somebody else. */
export const invalidToken = (realm: string, description: string): Refusal => ({
  status: 401,
  headers: {
    ...NO_STORE,
    'WWW-Authenticate': `Bearer realm="${realm}", error="invalid_token", error_description="${description}"`,
  },
  body: { error: 'invalid_token', error_description: description },
})

/** A good token that does not reach this far; the challenge names the scopes that would. */
export const insufficientScope = (realm: string, { allOf, anyOf }: Requirement): Refusal => ({
  status: 403,
  headers: {
    ...NO_STORE,
    'WWW-Authenticate': `Bearer realm="${realm}", error="insufficient_scope", scope="${formatScope([...allOf, ...anyOf])}"`,
  },
  body: { error: 'insufficient_scope', error_description: 'Insufficient scope' },
})

/** It cannot be known whether the token is revoked: the client may try again, and must not sign anybody out. */
export const unavailable = (): Refusal => ({
  status: 503,
  headers: { ...NO_STORE, 'Retry-After': '1' },
  body: { error: 'temporarily_unavailable', error_description: 'Try again in a moment' },
})
