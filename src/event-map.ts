import type { PurgeKind } from './model/purge-kind.ts'
import type { RevocationEntry, RevocationReason, RevokedBy, SessionEndReason } from './model/revocation.ts'

interface RequestEvent {
  /** The `X-Request-Id` of the response. The log and `server.audit` have the same ID. */
  readonly requestId: string
}

interface ClientEvent {
  readonly requestId: string | null
  readonly clientId: string
  readonly by: 'owner' | 'app' | 'configuration' | 'command_line'
  readonly sub: string | null
}

/**
 * The events of a server, by name, with their payloads. Listen with `server.on(name, listener)`.
 *
 * Payloads never contain a secret, token, code or password. Times are in milliseconds since 1970. `sub` is the user as in
 * the token: the user ID, or `provider:id` for users of another provider than `users`.
 */
export interface EventMap {
  /**
   * An access token was issued. For a machine token (client credentials), `sub` is the client ID and `authorizationId` is
   * null. `grantType` is `personal_access` for a personal access token.
   */
  'token.issued': RequestEvent & {
    readonly grantType: string
    readonly clientId: string
    readonly sub: string
    /** The `jti` claim. Pass it to `server.tokens.revoke` to revoke this token alone. */
    readonly jti: string
    readonly authorizationId: string | null
    readonly scopes: readonly string[]
    readonly expiresAt: number
    /**
     * The generation of the refresh token that was issued with it. It identifies the refresh token together with
     * `authorizationId`. Null without a refresh token.
     */
    readonly refreshGeneration: number | null
  }
  /**
   * A client refreshed its tokens. Emitted after the `token.issued` of the new access token, whose `grantType` is
   * `refresh_token`. `generation` is that of the refresh token in the response.
   */
  'token.refreshed': RequestEvent & {
    readonly authorizationId: string
    readonly clientId: string
    readonly sub: string
    readonly generation: number
    /** True if the token had been rotated before, within the grace window: a second tab, or a lost response. */
    readonly isRepeated: boolean
  }
  /**
   * A user allowed a client, and its first tokens were issued; or a personal access token was created (`clientId` is
   * `personal-access`). `sessionId` is null if the authorization is not revoked with a session.
   */
  'authorization.created': RequestEvent & {
    readonly authorizationId: string
    readonly clientId: string
    readonly sub: string
    readonly sessionId: string | null
  }
  /**
   * A code or device code was used again, or a refresh token after its grace window. Its authorization was revoked, because
   * the credential may be stolen (RFC 9700 section 4.14.2).
   */
  'replay.detected': RequestEvent & {
    readonly credential: 'code' | 'device_code' | 'refresh_token'
    readonly authorizationId: string
    readonly clientId: string
  }
  /**
   * A refresh token was newer than its database row, which was then moved from generation `from` to `to`: the database was
   * restored from a backup. See `consulate recover`.
   */
  'refresh.ahead': RequestEvent & {
    readonly authorizationId: string
    readonly from: number
    readonly to: number
  }
  /** A user signed in, or a device received its first tokens. */
  'session.started': RequestEvent & {
    readonly sessionId: string
    readonly sub: string
    readonly address: string
    readonly deviceName: string
    /** How the user signed in, as `amr` values (RFC 8176). Empty if unknown. */
    readonly methods: readonly string[]
  }
  /**
   * A user signed in on a device for the first time, as far as its device cookie or device token tells, or allowed a device
   * with a code. Not emitted by the password grant, which does not recognize devices, nor on a device on which the user has
   * just reset the password, which emits `password.changed`.
   */
  'device.new': RequestEvent & {
    readonly sessionId: string
    readonly sub: string
    readonly deviceName: string
    readonly address: string
  }
  /**
   * A device was signed out. `requestId` is null if your own code did. What revokes everything of a user, such as a
   * password change or `users.signOutEverywhere`, emits one `revocation.written` of the kind `user` instead.
   */
  'session.ended': {
    readonly requestId: string | null
    readonly sessionId: string
    readonly sub: string
    readonly reason: SessionEndReason
  }
  /**
   * A personal access token was created: by its user, or by your own code with `personalTokens.create` (`app`). Emitted
   * after its `authorization.created`.
   */
  'personal-token.created': RequestEvent & {
    readonly authorizationId: string
    readonly sub: string
    readonly by: 'user' | 'app'
    /** As the user or your code wrote it. */
    readonly name: string
    readonly scopes: readonly string[]
    readonly expiresAt: number
  }
  /**
   * A personal access token was revoked: by its user, or by your own code with `personalTokens.revoke` (`app`, with a null
   * `requestId`). What revokes it in another way emits only `revocation.written`.
   */
  'personal-token.revoked': {
    readonly requestId: string | null
    readonly authorizationId: string
    readonly sub: string
    readonly by: 'user' | 'app'
    readonly name: string
  }
  /** A user, or a stranger who knows the user name, requested a link to reset the password, and it is being sent. */
  'password-reset.requested': { readonly requestId: string | null; readonly sub: string }
  /**
   * A password was changed: by its user, by a link for a forgotten password, or by your own code (`requestId` is then
   * null). Not emitted if your code changes it without `users.setPassword`.
   */
  'password.changed': {
    readonly requestId: string | null
    readonly sub: string
    readonly by: 'user' | 'reset' | 'app' | 'command_line'
  }
  /**
   * A user name or password was wrong, or the password with which a signed-in user confirmed an action. `sub` is null if the
   * user is unknown. The reason is `wrong_password` too if the user was signed out everywhere in the meantime.
   */
  'sign-in.failed': RequestEvent & {
    readonly provider: string
    readonly address: string
    readonly sub: string | null
    readonly reason: 'unknown_user' | 'wrong_password'
  }
  /** A sign-in was rejected unchecked after too many failures. `retryAfter` in seconds. */
  'sign-in.throttled': RequestEvent & {
    readonly provider: string
    readonly address: string
    readonly retryAfter: number
  }
  /** A user was asked and allowed a client or a device. Not emitted if an earlier consent covers the request. */
  'consent.given': RequestEvent & {
    readonly clientId: string
    readonly sub: string
    readonly scopes: readonly string[]
    /** The APIs that the scopes were allowed for (RFC 8707). Empty for the default audience. */
    readonly resources: readonly string[]
  }
  /** A user was asked and refused. */
  'consent.denied': RequestEvent & { readonly clientId: string; readonly sub: string }
  /**
   * A client was registered: by its `owner`, by the `configuration`, or by your own code (`app`). `sub` is its owner, and null
   * if it has none. `requestId` is null unless a request did it.
   */
  'client.created': ClientEvent
  /** A client was changed. Not emitted if nothing changed. */
  'client.updated': ClientEvent
  /** A client got another secret. */
  'client.secret-rotated': ClientEvent
  /** A client was revoked, with everything that it had. Not emitted if it was revoked before. */
  'client.revoked': ClientEvent
  /**
   * A user disconnected an app, or your own code did (`requestId` is then null): everything that the user had allowed the
   * client was revoked, and the consent forgotten. Not emitted if there was nothing to revoke.
   */
  'app.disconnected': {
    readonly requestId: string | null
    readonly clientId: string
    readonly sub: string
    readonly by: 'user' | 'app' | 'command_line'
  }
  /** Your own code called `users.forget`: everything that the server had about the user was revoked or deleted. */
  'user.forgotten': { readonly requestId: null; readonly sub: string }
  /**
   * This node has loaded changed secrets, for example after `consulate keys --rotate`. Each node emits it. Contains IDs
   * only: `kid` of the current signing key, `secretId` of the current root secret.
   */
  'keys.changed': { readonly requestId: null; readonly kid: string; readonly secretId: string }
  /** A purge ended: the hourly one of this node, or one by your own code. `duration` in milliseconds. */
  'purge.completed': {
    readonly requestId: null
    /** The number of deleted rows by kind. */
    readonly counts: Readonly<Record<PurgeKind, number>>
    /** False if it was stopped before its end. */
    readonly isComplete: boolean
    readonly duration: number
  }
  /**
   * An endpoint answered with an error. `detail` says exactly why, for your eyes only; `clientId` and `sub` are null if
   * they were not known yet. Not emitted by guards, by failed sign-ins on the sign-in page and by devices that poll.
   */
  'request.refused': RequestEvent & {
    readonly path: string
    readonly address: string
    readonly clientId: string | null
    readonly sub: string | null
    readonly status: number
    readonly code: string
    readonly detail: string
  }
  /** This node revoked something. `requestId` is null unless a request did it. */
  'revocation.written': {
    readonly requestId: string | null
    readonly by: RevokedBy
    readonly reason: RevocationReason
    readonly entry: RevocationEntry
  }
}

const NAMES: { readonly [Name in keyof EventMap]: true } = {
  'token.issued': true,
  'token.refreshed': true,
  'authorization.created': true,
  'replay.detected': true,
  'refresh.ahead': true,
  'session.started': true,
  'device.new': true,
  'session.ended': true,
  'personal-token.created': true,
  'personal-token.revoked': true,
  'password-reset.requested': true,
  'password.changed': true,
  'sign-in.failed': true,
  'sign-in.throttled': true,
  'consent.given': true,
  'consent.denied': true,
  'client.created': true,
  'client.updated': true,
  'client.secret-rotated': true,
  'client.revoked': true,
  'app.disconnected': true,
  'user.forgotten': true,
  'keys.changed': true,
  'purge.completed': true,
  'request.refused': true,
  'revocation.written': true,
}

export const EVENT_NAMES = Object.keys(NAMES) as readonly (keyof EventMap)[]
