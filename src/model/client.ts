import type { JsonObject } from '../lib/json-value.ts'

/** How a client authenticates at the token endpoint (RFC 6749 section 2.1): with a secret, or not at all. */
export type ClientType = 'confidential' | 'public'

/** The value of `grant_type`. Extension grants are absolute URIs (RFC 6749 section 4.5). */
export type GrantType =
  | 'authorization_code'
  | 'refresh_token'
  | 'client_credentials'
  | 'urn:ietf:params:oauth:grant-type:device_code'
  | 'password'
  | 'implicit'
  | (string & {})

const NAMED_GRANTS: ReadonlySet<string> = new Set([
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'password',
  'implicit',
])

/**
 * Returns whether a string can be a grant type: one of RFC 6749, or an absolute URI (section 4.5). Nothing else is allowed,
 * so that the internal `personal_access` cannot be requested at the token endpoint.
 */
export const isGrantType = (text: string): boolean =>
  NAMED_GRANTS.has(text) || (/^[a-z][a-z0-9+.-]*:[!-~]+$/i.test(text) && !text.includes('#'))

/** The message for a string that is not a grant type. */
export const GRANT_TYPE_PROBLEM =
  'must be a grant type. Grants of your own are absolute URIs, such as urn:example:grant'

/** A stored client secret: the SHA-256 of 256 random bits, and when it expires in milliseconds, if ever. */
export interface ClientSecret {
  readonly hash: string
  readonly expiresAt: number | null
}

/** An application that requests tokens (RFC 6749 section 2). */
export interface Client {
  /** The `client_id`, and the `sub` of its machine tokens. Never a plain number. */
  readonly id: string
  /** The name on the consent page. */
  readonly name: string
  readonly type: ClientType
  /** Newest first. Empty for public clients; several while old ones still work. */
  readonly secrets: readonly ClientSecret[]
  readonly redirectUris: readonly string[]
  readonly grantTypes: readonly GrantType[]
  /** The scopes that it may request; null for all. Client credentials require a list. */
  readonly scopes: readonly string[] | null
  /** The provider whose users sign in to it. */
  readonly provider: string
  /**
   * A path on the issuer's own origin, or a `data:` image (`logo_uri`, RFC 7591 section 2). Another origin would learn who
   * opens the page.
   */
  readonly logo: string | null
  /** An https URL (`client_uri`). */
  readonly homepage: string | null
  /** An https URL (`policy_uri`). */
  readonly privacy: string | null
  /** An https URL (`tos_uri`). */
  readonly terms: string | null
  /** The person or company that publishes the client. */
  readonly publisher: string | null
  /** The `sub` of the user who registered it, if a user did. */
  readonly ownerId: string | null
  /** True if it belongs to someone other than the issuer. Always true if it has an owner. */
  readonly isThirdParty: boolean
  /** Requires PKCE of a confidential client. */
  readonly requiresPkce: boolean
  /** Skips the consent page. First-party clients only. */
  readonly skipsConsent: boolean
  /** Revokes its authorizations when the user signs out of the session in which they were granted. */
  readonly endsWithSession: boolean
  /** Lets it read the revocation feed, as the guard of another service does. */
  readonly followsRevocations: boolean
  /** Lets it call the introspection endpoint (RFC 7662), as the API of another service does. */
  readonly introspects: boolean
  /** How long a rotated refresh token may be repeated, in milliseconds; null for the server's default. */
  readonly graceWindow: number | null
  /** How long its access tokens are valid, in milliseconds; null for the lifetime of the grant. */
  readonly accessTokenLifetime: number | null
  /** How long its refresh tokens are valid without use, in milliseconds; null for the server's default. */
  readonly refreshTokenLifetime: number | null
  /** How long after the sign-in they can be used at all, in milliseconds; null for the server's default. */
  readonly refreshTokenMaximumLifetime: number | null
  /** Your own fields, as they are stored. `clientFields` in the configuration defines them. */
  readonly fields: JsonObject
  readonly epoch: number
  readonly createdAt: number
  readonly revokedAt: number | null
}

/** The fields of a client that can change. */
export type ClientChanges = Partial<
  Pick<
    Client,
    | 'name'
    | 'secrets'
    | 'redirectUris'
    | 'grantTypes'
    | 'scopes'
    | 'requiresPkce'
    | 'skipsConsent'
    | 'endsWithSession'
    | 'followsRevocations'
    | 'introspects'
    | 'logo'
    | 'homepage'
    | 'privacy'
    | 'terms'
    | 'publisher'
    | 'graceWindow'
    | 'accessTokenLifetime'
    | 'refreshTokenLifetime'
    | 'refreshTokenMaximumLifetime'
    | 'fields'
  >
>

/** What decides whether a client belongs to the issuer. */
export type Ownership = Pick<Client, 'isThirdParty' | 'ownerId'>

/** Returns whether the client belongs to the issuer. A client with an owner never does. */
export const isFirstParty = ({ isThirdParty, ownerId }: Ownership): boolean =>
  !isThirdParty && ownerId === null

/** The grants that third parties never get: they would see passwords, or act without a user. */
export const FIRST_PARTY_GRANTS: readonly GrantType[] = ['client_credentials', 'password']

/** Returns whether the client may use a grant. Third parties never get client credentials, and never see passwords. */
export function canUseGrant(client: Client, grantType: GrantType): boolean {
  const isAllowed = isFirstParty(client) || !FIRST_PARTY_GRANTS.includes(grantType)
  return isAllowed && client.grantTypes.includes(grantType)
}

/** Returns whether the client may read the revocation feed. It must be confidential and first-party: it learns who signs out. */
export const canFollowRevocations = (client: Client): boolean =>
  client.followsRevocations && client.type === 'confidential' && isFirstParty(client)

/** Returns whether the client may introspect tokens. It must be confidential and first-party: it learns about all users' tokens. */
export const canIntrospect = (client: Client): boolean =>
  client.introspects && client.type === 'confidential' && isFirstParty(client)

/** The `client_id` of personal access tokens, which belong to no client. Reserved. */
export const PERSONAL_ACCESS = 'personal-access'

/** The `client_id` of tokens from the sign-in API, which belong to no registered client. Reserved. */
export const SIGN_IN = 'sign-in'

/** The `client_id` of API cookies, which belong to a session and to no client. Reserved. */
export const BROWSER_SESSION = 'browser-session'

/** Returns whether no client can have this id. Authorizations with a reserved id do not depend on a client. */
export const isReservedClientId = (id: string): boolean =>
  id === PERSONAL_ACCESS || id === SIGN_IN || id === BROWSER_SESSION

/** Returns whether a string can be a `client_id`: visible ASCII (RFC 6749 appendix A.1), and not only digits (see `sub`). */
export const isClientId = (text: string): boolean =>
  /^[\x21-\x7e]{1,255}$/.test(text) && !/^\d+$/.test(text) && !isReservedClientId(text)
