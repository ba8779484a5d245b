import type { OAuthError } from '../errors.ts'
import type { Authorization } from '../model/authorization.ts'
import type { Client } from '../model/client.ts'
import type { Epochs } from '../model/epochs.ts'
import type { UserRef } from '../model/subject.ts'

/** A client may have a token for itself. Nothing is written down. */
export interface MachinePermission {
  readonly kind: 'machine'
  readonly client: Client
  readonly scopes: readonly string[]
  /** The requested resources (RFC 8707). Empty for the default audience. */
  readonly resources: readonly string[]
  /** How long the token lives (ms); omitted: the server's usual time. */
  readonly lifetime?: number
}

/** A person has allowed a client something: an authorization begins. */
export interface AuthorizationPermission {
  readonly kind: 'authorization'
  readonly client: Client
  readonly user: UserRef
  /** The id that the authorization was promised, or a new one. */
  readonly authorizationId: string
  /** The session that it ends with; null where it outlives sessions. */
  readonly sessionId: string | null
  /** Where the person signs in on another device by this: a session begins there, unless the client outlives sessions. */
  readonly device?: SignInDevice
  readonly scopes: readonly string[]
  /** The authorized resources (RFC 8707). Empty for the default audience. */
  readonly resources: readonly string[]
  /** The resources of the first access token, if the client asked for fewer. Default: all of them. */
  readonly tokenResources?: readonly string[]
  /** The epochs it is born in. */
  readonly epochs: Epochs
  /** What is spent by this, in the same transaction; nothing where somebody proved who they are at this moment. */
  readonly redeems?: RedeemedCode
  /** False where nobody gets a refresh token, whatever the client may have. Default true. */
  readonly hasRefreshToken?: boolean
  /**
   * What the client hears where person or client were ended before this was written down. Without it the request is
   * decided anew, which would check a password twice, or a one-time code that is used up.
   */
  readonly ifRevoked?: OAuthError
}

/** A code that can be spent once, by its hash. */
export interface RedeemedCode {
  readonly kind: 'code' | 'device_code'
  readonly hash: string
}

/** Where a person signs in without a browser of ours. */
export interface SignInDevice {
  readonly userAgent: string
  readonly address: string
}

/** A person may have a token of their own, with a name, for no client. */
export interface PersonalPermission {
  readonly kind: 'personal'
  readonly user: UserRef
  readonly authorizationId: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly epochs: Epochs
  /** How long it lives (ms). */
  readonly lifetime: number
}

/** A refresh token was presented: its authorization goes on. */
export interface RefreshPermission {
  readonly kind: 'refresh'
  readonly client: Client
  readonly authorization: Authorization
  /** The seed of the presented token, of which the row knows the hash only. */
  readonly seed: string
  /** The generation of the presented token. */
  readonly presented: number
  /** The generation of the token that is given back: a greater one is a rotation. */
  readonly generation: number
  /** The scopes of this access token; the authorization keeps its own (RFC 6749 section 6). */
  readonly scopes: readonly string[]
  /** The resources of this access token; the authorization keeps its own (RFC 8707 section 2.2). */
  readonly resources: readonly string[]
}

/** What a grant found to be allowed; issuance turns it into tokens. */
export type Permission = MachinePermission | AuthorizationPermission | RefreshPermission | PersonalPermission
