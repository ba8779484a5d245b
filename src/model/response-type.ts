/** Where the parameters of an answer stand: in the query of the redirect URI, or behind a `#`, which no server is sent. */
export type ResponseMode = 'query' | 'fragment'

/** A response type (RFC 6749 section 3.1.1): what an authorization request asks for. */
export interface ResponseType {
  readonly name: 'code' | 'token'
  /** The grant that must be on, and on the client's record. */
  readonly grantType: 'authorization_code' | 'implicit'
  readonly mode: ResponseMode
  /** Whether PKCE protects the answer: there must be an exchange for it. */
  readonly hasExchange: boolean
}

const RESPONSE_TYPES: readonly ResponseType[] = [
  { name: 'code', grantType: 'authorization_code', mode: 'query', hasExchange: true },
  { name: 'token', grantType: 'implicit', mode: 'fragment', hasExchange: false },
]

/** The response types of a server: those whose grants are on. Where there are none, nobody authorizes in a browser. */
export const responseTypesOf = (grants: { has(type: string): boolean }): readonly ResponseType[] =>
  RESPONSE_TYPES.filter(({ grantType }) => grants.has(grantType))

/** How a client expects its answer, errors too, whether its response type is known or not (RFC 6749 section 4.2.2.1). */
export const responseModeOf = (responseType: string | undefined): ResponseMode =>
  responseType?.split(' ').includes('token') ? 'fragment' : 'query'
