import type { Authorization, Rotation } from '../model/authorization.ts'
import type { AuthorizationCode } from '../model/code.ts'
import type { DeviceClaim, DeviceCode, DeviceDecision, DevicePoll } from '../model/device-code.ts'
import type { Session } from '../model/session.ts'
import type { UserRef } from '../model/subject.ts'
import type { AuditStore } from './audit.ts'
import type { ClientStore } from './clients.ts'
import type { ImportedTokenStore } from './imported-tokens.ts'
import type { LeaseStore } from './leases.ts'
import type { ListOptions } from './list-options.ts'
import type { MessageStore } from './messages.ts'
import type { ConnectionStore, ConsentStore } from './connections.ts'
import type { PasswordResetStore } from './password-resets.ts'
import type { PurgeStore } from './purge.ts'
import type { RevocationStore } from './revocations.ts'
import type { SealedSecretStore } from './sealed-secrets.ts'
import type { WebhookStore } from './webhooks.ts'

/**
 * Everything that the server needs from a database.
 *
 * - Every method is atomic. "Only if" means that the check and the write are one step, whatever runs at the same time in
 *   this process or another.
 * - A method whose condition does not hold changes nothing and says so by its result. It does not throw.
 * - "Durable" means that the change survives a power cut once the promise has resolved.
 * - Times are milliseconds since 1970 and come from the caller. A store never reads a clock.
 * - A method throws `StoreUnavailableError` if it cannot use the database now. The server then answers 503.
 */
export interface Store {
  readonly clients: ClientStore
  readonly users: UserStore
  readonly sessions: SessionStore
  readonly passwordResets: PasswordResetStore
  readonly codes: CodeStore
  readonly deviceCodes: DeviceCodeStore
  readonly authorizations: AuthorizationStore
  readonly consents: ConsentStore
  readonly connections: ConnectionStore
  readonly revocations: RevocationStore
  readonly importedTokens: ImportedTokenStore
  readonly fingerprints: FingerprintStore
  readonly sealedSecrets: SealedSecretStore
  readonly audit: AuditStore
  readonly webhooks: WebhookStore
  readonly leases: LeaseStore
  readonly messages: MessageStore
  readonly purge: PurgeStore
  /** The path of an embedded database, or `:memory:`. Undefined if the database is a server. */
  readonly file?: string
  /** How long (ms) a request may wait for the database, over all of its calls. Default: no limit. */
  readonly waitLimit?: number
  /**
   * Creates or updates the tables and returns the names of the migrations that it applied. Several processes may call it
   * at the same time. Throws `ConfigError` if a later version has changed the database so that this one cannot use it.
   */
  migrate(): Promise<readonly string[]>
  /** Returns the names of the migrations that `migrate` would apply. Throws `ConfigError` in the same case. */
  pendingMigrations(): Promise<readonly string[]>
  /** Returns the SQL that `migrate` would run, as a script; empty if no migration is pending. Changes nothing. */
  migrationSql(): Promise<string>
  /** Waits for earlier calls, then closes the database. Later calls fail. Closing twice is harmless. */
  close(): Promise<void>
}

/** A built-in user, as stored. */
export interface UserRecord {
  readonly id: string
  /** Lower case and unique. */
  readonly email: string
  readonly name: string
  /** A PHC string (`$argon2id$…`). */
  readonly passwordHash: string
  readonly createdAt: number
  readonly disabledAt: number | null
}

/** Built-in users. Not used if every provider has a user directory of its own. */
export interface UserStore {
  /** Inserts a user. Durable. Returns false if the email is taken. Throws if the id is taken. */
  insert(user: UserRecord): Promise<boolean>
  find(id: string): Promise<UserRecord | undefined>
  findByEmail(email: string): Promise<UserRecord | undefined>
  /** Lists users by ascending id. */
  list(options?: ListOptions): Promise<readonly UserRecord[]>
  /** Changes a user. Durable. Returns false if there is none with this id. */
  update(
    id: string,
    changes: Partial<Pick<UserRecord, 'name' | 'passwordHash' | 'disabledAt'>>,
  ): Promise<boolean>
  /** Replaces a password hash only if it is still `from`. Returns whether it did. */
  replacePasswordHash(id: string, from: string, to: string): Promise<boolean>
}

/** A new sign-in in an existing session. */
export interface SessionRenewal extends Pick<
  Session,
  | 'cookieHash'
  | 'appSessionHash'
  | 'issuerEpoch'
  | 'userEpoch'
  | 'authenticatedAt'
  | 'lastSeenAt'
  | 'expiresAt'
  | 'isPersistent'
  | 'methods'
> {
  /** The `sub` of the user. */
  readonly subject: string
}

/** Sessions, one for each device that a user is signed in on. `subject` is the user's `sub`. */
export interface SessionStore {
  /**
   * Inserts a session only if its issuer and user epochs are current, and no other session has its `cookieHash`. Durable.
   * Returns whether it did.
   */
  insert(session: Session, subject: string): Promise<boolean>
  /** Inserts a session that is revoked already, whatever the epochs are. Durable. */
  insertRevoked(session: Session): Promise<void>
  /** Finds a session, even if it is revoked or expired. `lastSeenAt` as in `listByUser`. */
  find(id: string): Promise<Session | undefined>
  /**
   * Replaces the cookie, the app's session, epochs, times, `isPersistent` and `methods` of a session, because its user
   * signed in again. Only if the session is not revoked and the new epochs are current, and no other session has the
   * new `cookieHash`. Durable. Returns whether it did.
   */
  renew(id: string, renewal: SessionRenewal): Promise<boolean>
  /** Finds the session with this cookie, even if it is revoked or expired. */
  findByCookie(cookieHash: string): Promise<Session | undefined>
  /** Lists the sessions with one of these `appSessionHash`es, revoked and expired ones included, by ascending id. */
  listByAppSession(hashes: readonly string[]): Promise<readonly Session[]>
  /** Returns whether a revoked session of the user has an app session and exactly this `authenticatedAt`. */
  hasRevokedSignIn(user: UserRef, authenticatedAt: number): Promise<boolean>
  /** Moves `lastSeenAt` and `expiresAt` forward, never back, only if the session is not revoked. */
  touch(id: string, seenAt: number, expiresAt: number): Promise<void>
  /**
   * Moves `authenticatedAt` forward, never back, because the user confirmed their password. Only if the session is not
   * revoked. Durable. Returns whether the session exists and is not revoked.
   */
  confirm(id: string, authenticatedAt: number): Promise<boolean>
  /**
   * Lists a user's unrevoked sessions, last seen first. Includes an expired session if one of its authorizations is not
   * revoked and has an unexpired refresh or access token. `lastSeenAt` is the later of the session's own and the
   * `lastUsedAt` of its authorizations, revoked ones included.
   */
  listByUser(user: UserRef, now: number): Promise<readonly Session[]>
  /** Lists the same kind of sessions of all users, by ascending id, with the same `lastSeenAt`. */
  list(now: number, options?: ListOptions): Promise<readonly Session[]>
}

/** Authorization codes, identified by their hashes. `subject` is the user's `sub`. */
export interface CodeStore {
  /**
   * Inserts a code only if its client and session exist and are not revoked, and its epochs are current. Returns `exists`
   * if this code was inserted before (a consent form that was posted twice), and `revoked` if the condition fails.
   */
  insert(code: AuthorizationCode, subject: string): Promise<'inserted' | 'exists' | 'revoked'>
  find(hash: string): Promise<AuthorizationCode | undefined>
  /** Spends a code only if it is not spent, voided or expired. Returns whether it did. */
  spend(hash: string, now: number): Promise<boolean>
  /**
   * Spends a code and inserts its authorization, both or neither. Only if the code names this authorization and is not
   * spent, voided or expired, the client and the session of the authorization exist and are not revoked, and its epochs
   * are current. With `userMustExist`, only if the user exists in `users` and is not disabled. Returns whether it did.
   */
  exchange(
    hash: string,
    authorization: Authorization,
    subject: string,
    now: number,
    options?: { readonly userMustExist?: boolean },
  ): Promise<boolean>
}

/** A user's answer to a device. */
export interface DeviceAnswer {
  readonly sessionId: string
  readonly decision: DeviceDecision
  /** The `sub` of the user, who has claimed the code. */
  readonly subject: string
  readonly scopes?: readonly string[]
}

/** Device codes (RFC 8628), identified by their hashes. */
export interface DeviceCodeStore {
  /**
   * Inserts a code only if its client exists and is not revoked, and its issuer and client epochs are current. Returns
   * `taken` if any other code has this user code, even an expired one, and `revoked` if the condition fails.
   */
  insert(code: DeviceCode): Promise<'inserted' | 'taken' | 'revoked'>
  find(hash: string): Promise<DeviceCode | undefined>
  /** Finds a code by the hash of its user code. There is one hash for each secret that it may have been made with. */
  findByUserCode(userCodeHashes: readonly string[]): Promise<DeviceCode | undefined>
  /**
   * Claims a code for a user. Only if it is pending (not decided, spent, voided or expired), no other user has claimed it,
   * and the session of the claim exists and is not revoked. The same user may claim it again. Returns whether it did.
   */
  claim(hash: string, claim: DeviceClaim, now: number): Promise<boolean>
  /** Releases a claim only if this session made it and the code is not decided. Returns whether it did. */
  releaseClaim(hash: string, sessionId: string): Promise<boolean>
  /**
   * Approves or denies a pending code only if this session has claimed it and is not revoked, and its epochs are current.
   * Returns whether it did. With `scopes`, those that the user granted, they replace the scopes of the code.
   */
  decide(hash: string, answer: DeviceAnswer, now: number): Promise<boolean>
  /**
   * Records a poll. Returns `pending`, or `slow_down` if it came too soon (`isTooSoon`), in which case the interval also
   * grows by `SLOW_DOWN_INCREMENT`. Of several parallel polls at one node, one is in time. Returns `done`, and records
   * nothing, if the code is no longer pending or does not exist.
   */
  poll(hash: string, poll: DevicePoll): Promise<'pending' | 'slow_down' | 'done'>
  /**
   * Spends a code and inserts its authorization, and the session that starts with it, all or nothing. Only if the code
   * names this authorization, is approved and is not spent, voided or expired, the client exists and is not revoked, and
   * all epochs are current. The browser session that approved the code does not matter. Returns whether it did.
   */
  exchange(
    hash: string,
    authorization: Authorization,
    subject: string,
    now: number,
    session?: Session,
  ): Promise<boolean>
}

/** A refresh of an authorization: what its row must be, and what it becomes. */
export interface RefreshUpdate {
  readonly id: string
  /** The hash of the seed in the presented token. */
  readonly seedHash: string
  /** The client that presents the token. */
  readonly clientId: string
  /** The generation that the row must have. */
  readonly from: number
  /** The generation to set; equal to `from` if the token is not rotated, or repeated within its grace window. */
  readonly to: number
  /** Remembered as the newest one. Of those before it, the row keeps `REMEMBERED_ROTATIONS - 1`. */
  readonly rotation: Rotation | undefined
  /** The row must not have expired yet. Becomes `lastUsedAt`. */
  readonly now: number
  readonly expiresAt: number
  /** How long after `createdAt` the row expires at the latest. Null for no limit. */
  readonly maximumLifetime: number | null
  /** Raises `accessExpiresAt`. A lower value than the stored one is ignored. */
  readonly accessExpiresAt: number
  readonly user: RefreshingUser
}

/** What the tokens of a refresh need of the changed row. */
export type RefreshedAuthorization = Pick<
  Authorization,
  'id' | 'clientId' | 'provider' | 'userId' | 'sessionId' | 'scopes' | 'epochs' | 'expiresAt'
>

/** What is known of the user of an authorization that is refreshed. */
export type RefreshingUser =
  /** The caller has read the row and found the user. `subject` is their `sub`. */
  | { readonly subject: string }
  /**
   * The caller has not read the row. It must have a user of this provider who exists in `users` and is not disabled, and no
   * resources. The `sub` of the user is their ID, so an ID with a colon, whose `sub` would be longer, does not match.
   */
  | { readonly builtInProvider: string }

/** Authorizations: one user's grant to one client, or a personal access token. `subject` is the user's `sub`. */
export interface AuthorizationStore {
  /**
   * Inserts an authorization, and the session that starts with it, both or neither. Only if the id is new, its client and
   * its session exist and are not revoked, and its epochs are current. The reserved client IDs `personal-access` and
   * `sign-in` need no client. Durable. Returns whether it did.
   */
  insert(authorization: Authorization, subject: string, session?: Session): Promise<boolean>
  find(id: string): Promise<Authorization | undefined>
  /**
   * Updates an authorization only if it has this seed, client and generation, is neither expired nor revoked, and its epochs
   * are current. Returns part of the changed row; undefined, without a reason, if there is none.
   */
  refresh(update: RefreshUpdate): Promise<RefreshedAuthorization | undefined>
  /** Lists a user's unrevoked authorizations with an unexpired refresh or access token, newest first. */
  listByUser(user: UserRef, now: number): Promise<readonly Authorization[]>
  /** Lists the same kind of authorizations of all users, by ascending id, or those of one client. */
  list(now: number, options?: ListOptions & { readonly clientId?: string }): Promise<readonly Authorization[]>
  /** Moves `lastUsedAt` forward, never back, for several authorizations by id. Ignores unknown ids. */
  markUsed(uses: ReadonlyMap<string, number>): Promise<void>
}

/** Fingerprints of the root secrets in use. A node whose secret is not among them refuses to start. */
export interface FingerprintStore {
  /** Lists all fingerprints, oldest first. */
  list(): Promise<readonly string[]>
  /** Adds a fingerprint only if there is none. Durable. Returns all fingerprints, oldest first. */
  addFirst(fingerprint: string, now: number): Promise<readonly string[]>
  /** Adds a fingerprint, unless it is there already. Durable. */
  add(fingerprint: string, now: number): Promise<void>
}
