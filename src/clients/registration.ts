import type { Duration } from '../lib/duration.ts'
import type { ClientType, GrantType } from '../model/client.ts'

/** A client to register. */
export interface ClientRegistration<Fields extends object = object> extends ClientPresentation {
  /** The name on the consent page: 1 to 255 characters. */
  readonly name: string
  /** Default `confidential`: the client gets a secret. */
  readonly type?: ClientType
  /** Exact URIs, no wildcards. */
  readonly redirectUris?: readonly string[]
  /**
   * Default: `authorization_code` and `refresh_token` if there is a redirect URI; none if `followsRevocations` or
   * `introspects` is true; `client_credentials` otherwise.
   */
  readonly grantTypes?: readonly GrantType[]
  /** The scopes that the client may request. Default: all, but none for client credentials. */
  readonly scopes?: readonly string[]
  /** The `client_id`. Default: a UUID. */
  readonly id?: string
  /** The `sub` of the user who registers the client. The client is then third-party. */
  readonly ownerId?: string
  /** Default: true if there is an owner. A client with an owner is always third-party. */
  readonly isThirdParty?: boolean
  /** The provider whose users sign in to the client. Default: the server's own. `ConfigError` if the server lacks it. */
  readonly provider?: string
  /** Requires PKCE of a confidential client. Default false. */
  readonly requiresPkce?: boolean
  /** Skips the consent page. Default false. First-party clients only. */
  readonly skipsConsent?: boolean
  /** Revokes the client's authorizations when the user signs out. Default: true for first-party clients. */
  readonly endsWithSession?: boolean
  /** Lets the client read the revocation feed, for the guard of another service. Default false. First-party clients only. */
  readonly followsRevocations?: boolean
  /** Lets the client introspect tokens (RFC 7662), for the API of another service. Default false. First-party clients only. */
  readonly introspects?: boolean
  /** How long a rotated refresh token may be repeated. Default: the server's grace window. */
  readonly graceWindow?: Duration
  /**
   * How long the client's access tokens are valid, of every grant: 1 second to 100 years. Default: the lifetime of the grant,
   * or else the server's.
   */
  readonly accessTokenLifetime?: Duration
  /** How long the client's refresh tokens are valid without use: 1 second to 100 years. Default: the server's lifetime. */
  readonly refreshTokenLifetime?: Duration
  /** How long after the sign-in they can be used at all: 1 second to 100 years. Default: the server's maximum, if it has one. */
  readonly refreshTokenMaximumLifetime?: Duration
  /** Your own fields, as `clientFields` in the configuration defines them: at most 8,192 bytes as JSON. Default: none. */
  readonly fields?: Fields
}

/** A client that a user registers. */
export interface OwnedClientRegistration extends ClientRegistration {
  readonly ownerId: string
}

/** What the pages show about a client besides its name. Nothing is shown for a missing field. */
export interface ClientPresentation {
  /**
   * A path on the server's own origin (`/logos/shop.png`), or a `data:` URI of a PNG, JPEG, GIF, WebP, AVIF or SVG image of
   * at most 32,768 characters. `logo_uri` in RFC 7591 section 2, which allows any origin; here no third party learns who
   * opens the page.
   */
  readonly logo?: string
  /** An https URL: `client_uri` in RFC 7591. */
  readonly homepage?: string
  /** The https URL of the privacy policy: `policy_uri` in RFC 7591. */
  readonly privacy?: string
  /** The https URL of the terms of service: `tos_uri` in RFC 7591. */
  readonly terms?: string
  /** The company or person behind the client: 1 to 255 characters. */
  readonly publisher?: string
}

/** Returns the grant types that a registration names, or else the default ones. */
export function grantTypesOf({
  grantTypes,
  redirectUris = [],
  followsRevocations,
  introspects,
}: ClientRegistration): readonly GrantType[] {
  if (grantTypes) return grantTypes
  if (redirectUris.length > 0) return ['authorization_code', 'refresh_token']
  return followsRevocations || introspects ? [] : ['client_credentials']
}

/** Returns whether a registration makes a third-party client. */
export const isThirdPartyOf = ({ isThirdParty, ownerId }: ClientRegistration): boolean =>
  isThirdParty ?? ownerId !== undefined
