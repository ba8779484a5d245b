import type { ConfigProblem } from '../errors.ts'
import type { Duration } from '../lib/duration.ts'
import { unknownOptionProblems, type OptionNames } from '../lib/validator.ts'
import type { ClientType, GrantType } from '../model/client.ts'

/** What is told of a client when it is registered. */
export interface ClientRegistration {
  /** What people see on the consent page: 1 to 255 characters. */
  readonly name: string
  /** Default `confidential`: it gets a secret. */
  readonly type?: ClientType
  /** Exact URIs, no wildcards. */
  readonly redirectUris?: readonly string[]
  /**
   * Default: `authorization_code` and `refresh_token` where there is a redirect URI, none for a client that follows
   * revocations, else `client_credentials`.
   */
  readonly grantTypes?: readonly GrantType[]
  /** The scopes it may ask for; default: every defined one, and for client credentials none. */
  readonly scopes?: readonly string[]
  /** Default: a UUID. */
  readonly id?: string
  /** The `sub` of the person who registers it; default: a first-party client. */
  readonly ownerId?: string
  /** The provider whose people it signs in; default: the server's own. One that it does not have is a `ConfigError`. */
  readonly provider?: string
  /** Require PKCE although it is confidential; default false. */
  readonly requiresPkce?: boolean
  /** Never ask people for consent; default false. Never with an owner. */
  readonly skipsConsent?: boolean
  /** Default: true for first-party clients, false for others. */
  readonly endsWithSession?: boolean
  /** Let it follow the feed of revocations, for the guard of another service; default false. Never with an owner. */
  readonly followsRevocations?: boolean
  /** How long a rotated refresh token may be repeated; default: the server's. */
  readonly graceWindow?: Duration
}

/** What a registration says that nobody reads: a misspelled `requiresPkce` would require nothing. */
export const unknownOptionsOf = (registration: ClientRegistration): readonly ConfigProblem[] =>
  unknownOptionProblems('', registration, OPTIONS)

const OPTIONS: OptionNames<ClientRegistration> = {
  name: true,
  type: true,
  redirectUris: true,
  grantTypes: true,
  scopes: true,
  id: true,
  ownerId: true,
  provider: true,
  requiresPkce: true,
  skipsConsent: true,
  endsWithSession: true,
  followsRevocations: true,
  graceWindow: true,
}
