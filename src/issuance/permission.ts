import type { OAuthError } from '../errors.ts'
import type { Authorization } from '../model/authorization.ts'
import type { RefreshTokenParts } from '../keys/refresh-token.ts'
import type { Client } from '../model/client.ts'
import type { Epochs } from '../model/epochs.ts'
import type { UserRef } from '../model/subject.ts'

/** A client gets a token for itself. */
export interface MachinePermission {
  readonly kind: 'machine'
  readonly client: Client
  readonly scopes: readonly string[]
  /** The requested resources (RFC 8707). Empty for the default audience. */
  readonly resources: readonly string[]
}

/** A user has authorized a client, which creates an authorization. */
export interface AuthorizationPermission {
  readonly kind: 'authorization'
  readonly client: Client
  readonly user: UserRef
  /** The ID that was assigned with the code, or a new one. */
  readonly authorizationId: string
  /** The session that the authorization is revoked with. Null if it does not depend on one. */
  readonly sessionId: string | null
  /** Starts a session on this device, unless the client's authorizations do not depend on sessions. */
  readonly device?: SignInDevice
  readonly scopes: readonly string[]
  /** The authorized resources (RFC 8707). Empty for the default audience. */
  readonly resources: readonly string[]
  /** The resources of the first access token, if the client asked for fewer. Default: all of them. */
  readonly tokenResources?: readonly string[]
  /** The current epochs of the issuer, client and user. */
  readonly epochs: Epochs
  /** The code that is redeemed in the same transaction. Undefined if the user signs in with this request. */
  readonly redeems?: RedeemedCode
  /** False to issue no refresh token, even if the client can have one. Default: true. */
  readonly hasRefreshToken?: boolean
  /**
   * The error if the user or client was revoked before this was stored. Without it, the grant decides again, which would
   * check a password or a one-time code twice.
   */
  readonly ifRevoked?: OAuthError
}

/** A code that can be redeemed once, by its hash. */
export type RedeemedCode =
  | {
      readonly kind: 'code'
      readonly hash: string
      /** True if nobody has looked for the user, who must be an enabled built-in one. */
      readonly userMustExist?: boolean
    }
  | { readonly kind: 'device_code'; readonly hash: string }

/** The device that a user signs in on. */
export interface SignInDevice {
  /** The name that the user sees. Default: derived from the user agent. */
  readonly name?: string | undefined
  readonly userAgent: string
  readonly address: string
  /** How the user signed in (RFC 8176), such as `['pwd']`. Default: unknown. */
  readonly methods?: readonly string[] | undefined
  /** True if the user has not signed in on it before. Default: unknown, unless it redeems a device code. */
  readonly isNew?: boolean
}

/** A user gets a personal access token. */
export interface PersonalPermission {
  readonly kind: 'personal'
  /** Who creates it: the user, or your own code (`app`, the default). */
  readonly by?: 'user' | 'app'
  readonly user: UserRef
  readonly authorizationId: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly epochs: Epochs
  /** In milliseconds. */
  readonly lifetime: number
}

/** A client refreshes an authorization. */
export interface RefreshPermission {
  readonly kind: 'refresh'
  readonly client: Client
  /** The presented token. Its seed is not stored. */
  readonly token: RefreshTokenParts
  /**
   * The authorization, with its user found and the token checked. Undefined if nothing was read: the update then checks
   * all of it. Only if the client's users are built-in ones and the configuration adds nothing to tokens.
   */
  readonly authorization: Authorization | undefined
  /** The generation of the new token. If it is higher than that of the row, the token is rotated. */
  readonly generation: number
  /**
   * The scopes of this access token; the authorization keeps its own (RFC 6749 section 6). Undefined for those that the
   * client may still have.
   */
  readonly scopes: readonly string[] | undefined
  /** The resources of this access token; the authorization keeps its own (RFC 8707 section 2.2). */
  readonly resources: readonly string[]
}

/** The decision of a grant, for which issuance issues tokens. */
export type Permission = MachinePermission | AuthorizationPermission | RefreshPermission | PersonalPermission
