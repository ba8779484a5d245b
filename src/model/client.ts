/** How a client authenticates at the token endpoint (RFC 6749 section 2.1): with a secret, or not at all. */
export type ClientType = 'confidential' | 'public'

/** A grant type as it stands in `grant_type`; extension grants are absolute URIs (RFC 6749 section 4.5). */
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
 * Whether a text can be a grant type: one of RFC 6749, or an absolute URI (section 4.5). No other word is ever one, so
 * that nothing else which gives tokens, such as `personal_access`, can be asked for at the token endpoint.
 */
export const isGrantType = (text: string): boolean =>
  NAMED_GRANTS.has(text) || (/^[a-z][a-z0-9+.-]*:[!-~]+$/i.test(text) && !text.includes('#'))

/** What is wrong with a text that is no grant type. */
export const GRANT_TYPE_PROBLEM =
  'is no grant type: those of your own are absolute URIs, such as urn:example:grant'

/** A client secret as it is kept: the SHA-256 of 256 random bits, and when it stops working (ms), if ever. */
export interface ClientSecret {
  readonly hash: string
  readonly expiresAt: number | null
}

/** An application that asks for tokens (RFC 6749 section 2). */
export interface Client {
  /** Its `client_id`, and the `sub` of tokens that it gets for itself. Never a plain number. */
  readonly id: string
  /** The name that people see on the consent page. */
  readonly name: string
  readonly type: ClientType
  /** Newest first. Empty for public clients; several while rotated ones still work. */
  readonly secrets: readonly ClientSecret[]
  readonly redirectUris: readonly string[]
  readonly grantTypes: readonly GrantType[]
  /** The scopes it may ask for; null for every defined one. Client credentials need a list. */
  readonly scopes: readonly string[] | null
  /** The provider whose people it signs in. */
  readonly provider: string
  /**
   * A path on the issuer's own origin, or a `data:` image (`logo_uri`, RFC 7591 section 2). Another origin would learn who
   * signs in where.
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
  /** True if somebody other than the issuer publishes it. Always true if it has an owner. */
  readonly isThirdParty: boolean
  /** Whether PKCE is required of it although it is confidential. */
  readonly requiresPkce: boolean
  /** Whether people are never asked for consent. For first-party clients. */
  readonly skipsConsent: boolean
  /** Whether what it was given ends when the person signs out of the session it was given in. */
  readonly endsWithSession: boolean
  /** Whether it may follow the feed of revocations, as the guard of another service does. */
  readonly followsRevocations: boolean
  /** How long (ms) a rotated refresh token may be repeated; null for the server's default. */
  readonly graceWindow: number | null
  readonly epoch: number
  readonly createdAt: number
  readonly revokedAt: number | null
}

/** What may change of a client that is in use. */
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
    | 'logo'
    | 'homepage'
    | 'privacy'
    | 'terms'
    | 'publisher'
    | 'graceWindow'
  >
>

/** Returns whether the client belongs to the issuer. A client with an owner never does. */
export const isFirstParty = ({ isThirdParty, ownerId }: Client): boolean => !isThirdParty && ownerId === null

/** Returns whether the client may use a grant. Third parties never get client credentials, and never see passwords. */
export function canUseGrant(client: Client, grantType: GrantType): boolean {
  const isFirstPartyOnly = grantType === 'client_credentials' || grantType === 'password'
  return client.grantTypes.includes(grantType) && (isFirstParty(client) || !isFirstPartyOnly)
}

/** Whether the client may read what is revoked: a confidential one of the issuer's own, for it learns who signs out. */
export const canFollowRevocations = (client: Client): boolean =>
  client.followsRevocations && client.type === 'confidential' && isFirstParty(client)

/** The `client_id` of personal access tokens, which belong to no client. No client can have it. */
export const PERSONAL_ACCESS = 'personal-access'

/** What may follow in a `client_id`: visible ASCII (RFC 6749 appendix A.1), and not only digits (see `sub`). */
export const isClientId = (text: string): boolean =>
  /^[\x21-\x7e]{1,255}$/.test(text) && !/^\d+$/.test(text) && text !== PERSONAL_ACCESS
