import type { ErrorCode } from '../errors.ts'
import type { HttpResponse } from '../lib/http.ts'
import { formatScope } from '../model/scope.ts'
import type { Requirement } from './requirement.ts'

/** The response of a guard that does not accept a request. */
export interface Refusal {
  readonly status: 401 | 403 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: { readonly error: ErrorCode; readonly error_description: string }
}

export const isRefusal = (result: object): result is Refusal => 'status' in result

/** Converts a refusal to the response of an adapter. */
export const toHttpResponse = (refusal: Refusal): HttpResponse => ({
  ...refusal,
  body: JSON.stringify(refusal.body),
})

const NO_STORE = { 'Cache-Control': 'no-store', 'Content-Type': 'application/json' } as const

type Challenged = Pick<Requirement, 'resourceMetadata'>

/** Without a token, the challenge has no error code (RFC 6750 section 3.1). */
export const missingToken = (realm: string, requirement: Challenged = {}): Refusal => ({
  status: 401,
  headers: challenge(realm, requirement),
  body: { error: 'missing_token', error_description: 'Missing token' },
})

export const invalidToken = (realm: string, description: string, requirement: Challenged = {}): Refusal => ({
  status: 401,
  headers: challenge(realm, requirement, `, error="invalid_token", error_description="${description}"`),
  body: { error: 'invalid_token', error_description: description },
})

/** The challenge names the scopes that the route requires. */
export const insufficientScope = (realm: string, requirement: Requirement): Refusal => ({
  status: 403,
  headers: challenge(
    realm,
    requirement,
    `, error="insufficient_scope", scope="${formatScope([...requirement.allOf, ...requirement.anyOf])}"`,
  ),
  body: { error: 'insufficient_scope', error_description: 'Insufficient scope' },
})

/** RFC 6750 section 3, with the metadata of the resource (RFC 9728 section 5.1). No value is ever input. */
const challenge = (realm: string, { resourceMetadata }: Challenged, error = ''): Refusal['headers'] => ({
  ...NO_STORE,
  'WWW-Authenticate': `Bearer realm="${realm}"${error}${resourceMetadata === undefined ? '' : `, resource_metadata="${resourceMetadata}"`}`,
})

/** A request with the API cookie that another site may have caused. No challenge: another token would not help. */
export const crossSiteRequest = (description: string): Refusal => ({
  status: 403,
  headers: NO_STORE,
  body: { error: 'access_denied', error_description: description },
})

/** The guard cannot tell whether the token is valid. 503 and not 401, so that clients do not sign the user out. */
export const unavailable = (): Refusal => ({
  status: 503,
  headers: { ...NO_STORE, 'Retry-After': '1' },
  body: { error: 'temporarily_unavailable', error_description: 'Try again in a moment' },
})
