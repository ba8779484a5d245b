import type { JsonObject, JsonValue } from '../lib/json-value.ts'

/**
 * Claims that have a meaning in the protocols: those of RFC 7519, 9068, 8693, 7800, 9396, 7662, of ID and logout tokens of
 * OpenID Connect, and ours. Claims about users, such as `email`, `roles` and `groups`, are not among them: RFC 9068 section
 * 2.2 allows them in access tokens.
 */
const RESERVED_CLAIMS: ReadonlySet<string> = new Set(
  `iss sub aud exp nbf iat jti client_id scope auth_time acr amr act may_act cnf authorization_details
  active username token_type token_introspection nonce azp at_hash c_hash s_hash sub_jwk sid events sub_id toe txn
  subject_type epochs provider azn csrf consulate`.split(/\s+/),
)

/** Members of a token response: those of RFC 6749, 8693, 9396, OpenID Connect, its errors, and ours. */
const RESERVED_FIELDS: ReadonlySet<string> = new Set(
  `access_token token_type expires_in refresh_token scope error error_description error_uri
  issued_token_type authorization_details id_token state iss code
  refresh_token_expires_in session_id device_token`.split(/\s+/),
)

/**
 * Returns whether a claim belongs to the protocols or to the server. In any case: some JSON parsers ignore the case of
 * names, and would read `SUB` as `sub`.
 */
export const isReservedClaim = (name: string): boolean => RESERVED_CLAIMS.has(foldCase(name))

/** Returns whether a member of a token response belongs to the protocols or to the server, in any case. */
export const isReservedField = (name: string): boolean => RESERVED_FIELDS.has(foldCase(name))

/** Go's parser also reads the long s (`ſub`) as an s, and the Kelvin sign as a k. */
const foldCase = (name: string): string => name.toUpperCase().toLowerCase()

/** Returns the claims of a payload that `tokenClaims` has added. Frozen, because guards share them between requests. */
export const extraClaimsOf = (payload: object): JsonObject =>
  deepFreeze(Object.fromEntries(Object.entries(payload).filter(([name]) => !isReservedClaim(name))))

function deepFreeze<Value extends JsonValue>(value: Value): Value {
  if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}
