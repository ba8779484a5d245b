/** Where the response parameters are: in the query of the redirect URI, or in the fragment, which browsers do not send. */
export type ResponseMode = 'query' | 'fragment'

/** A response type (RFC 6749 section 3.1.1). */
export interface ResponseType {
  readonly name: 'code' | 'token'
  /** The grant that must be configured and on the client's record. */
  readonly grantType: 'authorization_code' | 'implicit'
  readonly mode: ResponseMode
  /** True if the response is a code, which PKCE can protect. */
  readonly isCode: boolean
}

const RESPONSE_TYPES: readonly ResponseType[] = [
  { name: 'code', grantType: 'authorization_code', mode: 'query', isCode: true },
  { name: 'token', grantType: 'implicit', mode: 'fragment', isCode: false },
]

/** Returns the response types whose grants are configured. If there are none, there is no authorization endpoint. */
export const responseTypesOf = (grants: { has(type: string): boolean }): readonly ResponseType[] =>
  RESPONSE_TYPES.filter(({ grantType }) => grants.has(grantType))

/** Returns where a client expects its response, errors included, even for an unknown response type (RFC 6749 section 4.2.2.1). */
export const responseModeOf = (responseType: string | undefined): ResponseMode =>
  responseType?.split(' ').includes('token') ? 'fragment' : 'query'
