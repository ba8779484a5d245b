import type { AuditEntry } from '../model/audit.ts'
import type { Authorization, Rotation } from '../model/authorization.ts'
import type { Client, ClientChanges } from '../model/client.ts'
import type { AuthorizationCode } from '../model/code.ts'
import type { DeviceClaim, DeviceCode, DeviceDecision } from '../model/device-code.ts'
import type { Epochs } from '../model/epochs.ts'
import type { RevocationEntry } from '../model/revocation.ts'
import type { Session } from '../model/session.ts'
import type { UserRef } from '../model/subject.ts'
import type { PurgeStore } from './purge.ts'

/**
 * What the server needs of a database. Times are milliseconds since 1970, given by the caller. Every method is atomic;
 * where it says "only if", the condition and the write are one, whatever races with it. A method that cannot reach the
 * database throws `StoreUnavailableError`.
 */
export interface Store {
  readonly clients: ClientStore
  readonly users: UserStore
  readonly sessions: SessionStore
  readonly codes: CodeStore
  readonly deviceCodes: DeviceCodeStore
  readonly authorizations: AuthorizationStore
  readonly consents: ConsentStore
  readonly revocations: RevocationStore
  readonly fingerprints: FingerprintStore
  readonly audit: AuditStore
  readonly purge: PurgeStore
  /** The file of an embedded database, or `:memory:`; undefined where the database is a server of its own. */
  readonly file?: string
  /** Creates or updates the tables; safe in several processes at a time. Returns the names of the applied migrations. */
  migrate(): Promise<readonly string[]>
  /** Returns the names of pending migrations. Throws `ConfigError` if a later version has changed the tables. */
  pendingMigrations(): Promise<readonly string[]>
  /** Returns the SQL that `migrate` would run, as a script; empty if no migration is pending. Changes nothing. */
  migrationSql(): Promise<string>
  /** Ends what is open. The store cannot be used afterwards. */
  close(): Promise<void>
}

/** Part of a list: at most `limit` (default 100) rows, after the row with the id `after`. */
export interface ListOptions {
  readonly limit?: number
  readonly after?: string
}

/** Clients. */
export interface ClientStore {
  /** Durable. Throws where the id is taken. */
  insert(client: Client): Promise<void>
  /** The client with its present epoch, revoked or not. */
  find(id: string): Promise<Client | undefined>
  /** By id, ascending. */
  list(page?: ListOptions & { readonly ownerId?: string }): Promise<readonly Client[]>
  /**
   * Changes a client and returns it as it is then, or undefined if there is no such client. Durable. A function receives
   * the client as it is now, and nothing else can change it before the update commits. The store may call the function
   * more than once. If it throws, the error is rethrown and nothing changes.
   */
  update(
    id: string,
    changes: ClientChanges | ((current: Client) => ClientChanges),
  ): Promise<Client | undefined>
  /** Whether a public client that is not revoked has a redirect URI of this origin. */
  isPublicOrigin(origin: string): Promise<boolean>
}

/** A person of the built-in provider. */
export interface UserRecord {
  readonly id: string
  /** Lower case; unique. */
  readonly email: string
  readonly name: string
  /** A PHC string (`$argon2id$…`). */
  readonly passwordHash: string
  readonly createdAt: number
  readonly disabledAt: number | null
}

/** People of the built-in provider. */
export interface UserStore {
  /** Durable. False where the email is taken; then nothing is written. */
  insert(user: UserRecord): Promise<boolean>
  find(id: string): Promise<UserRecord | undefined>
  findByEmail(email: string): Promise<UserRecord | undefined>
  list(page?: ListOptions): Promise<readonly UserRecord[]>
  /** Durable. Whether there was such a person. */
  update(
    id: string,
    changes: Partial<Pick<UserRecord, 'name' | 'passwordHash' | 'disabledAt'>>,
  ): Promise<boolean>
  /** Replaces the password hash only if it is still `from`; whether it did. */
  replacePasswordHash(id: string, from: string, to: string): Promise<boolean>
}

/** A new sign-in of the person whom a session belongs to. */
export interface SessionRenewal extends Pick<
  Session,
  'cookieHash' | 'issuerEpoch' | 'userEpoch' | 'lastSeenAt' | 'expiresAt' | 'isPersistent'
> {
  /** The person's `sub`. */
  readonly subject: string
}

/** Sign-ins, one row for each device. */
export interface SessionStore {
  /** Durable. Inserts only if the issuer's and the user's epochs are still those of the session; whether it did. */
  insert(session: Session, subject: string): Promise<boolean>
  find(id: string): Promise<Session | undefined>
  /**
   * Durable. Gives a session another cookie and moves its times forward, because its person signed in again: only if
   * it is not revoked and the epochs are still those. Whether it did.
   */
  renew(id: string, renewal: SessionRenewal): Promise<boolean>
  /** The session with this cookie, revoked and expired ones too. */
  findByCookie(cookieHash: string): Promise<Session | undefined>
  /** Moves `lastSeenAt` and `expiresAt` forward, only if it is not revoked; never backward. */
  touch(id: string, seenAt: number, expiresAt: number): Promise<void>
  /**
   * The person's sessions that are not revoked, and that have not expired or have an authorization that can still be
   * refreshed; last seen first.
   */
  listByUser(user: UserRef, now: number): Promise<readonly Session[]>
  /** Everybody's sessions of that sort, by id, ascending. */
  list(now: number, page?: ListOptions): Promise<readonly Session[]>
}

/** Authorization codes, by their hashes. */
export interface CodeStore {
  /**
   * Inserts only if client, session and epochs live. `exists`: this very code was inserted before (a consent form
   * posted twice); `revoked`: what it hangs on was revoked.
   */
  insert(code: AuthorizationCode, subject: string): Promise<'inserted' | 'exists' | 'revoked'>
  find(hash: string): Promise<AuthorizationCode | undefined>
  /** Marks the code as spent only if it is neither spent, void nor expired; whether it did. */
  spend(hash: string, now: number): Promise<boolean>
  /**
   * Spends the code and inserts the authorization that it named, both or neither: only if the code is neither spent,
   * void nor expired, and client, session and epochs live. Whether it did.
   */
  exchange(hash: string, authorization: Authorization, subject: string, now: number): Promise<boolean>
}

/** Device codes (RFC 8628), by their hashes. */
export interface DeviceCodeStore {
  /** Inserts only if client and epochs live. `taken`: another one, over or not, has this user code; `revoked`: the client was revoked. */
  insert(code: DeviceCode): Promise<'inserted' | 'taken' | 'revoked'>
  find(hash: string): Promise<DeviceCode | undefined>
  /** The one whose `userCodeHash` is one of these: one for each secret that it may have been made with. */
  findByUserCode(userCodeHashes: readonly string[]): Promise<DeviceCode | undefined>
  /**
   * Claims it for a person: only if nobody has answered it, it is neither spent, void nor expired, and nobody else has
   * claimed it. The same person may claim it again, from another session too. Whether it did.
   */
  claim(hash: string, claim: DeviceClaim, now: number): Promise<boolean>
  /** Takes a claim back, only if it is that of this session and not answered; whether it did. */
  releaseClaim(hash: string, sessionId: string): Promise<boolean>
  /**
   * Writes the answer down: only if it is claimed in this very session, not answered, neither spent, void nor expired,
   * and session and epochs live. Whether it did. `subject` is the `sub` of the person who claimed it.
   */
  decide(
    hash: string,
    answer: { readonly sessionId: string; readonly decision: DeviceDecision; readonly subject: string },
    now: number,
  ): Promise<boolean>
  /**
   * Notes a poll of one that is not answered yet, and makes its interval longer where it came too soon (`isTooSoon`,
   * `SLOW_DOWN_INCREMENT`). Of parallel polls, all but one come too soon. `slow_down` or `pending`; `done` where there is nothing to wait for any more.
   */
  poll(hash: string, now: number): Promise<'pending' | 'slow_down' | 'done'>
  /**
   * Spends it and inserts the authorization that it named, and the session that this begins, all or nothing: only if it
   * was approved and is neither spent, void nor expired, and client and epochs live. Whether it did.
   */
  exchange(
    hash: string,
    authorization: Authorization,
    subject: string,
    now: number,
    session?: Session,
  ): Promise<boolean>
}

/** The next state of a refreshed authorization. */
export interface RefreshUpdate {
  readonly id: string
  /** The generation that the row must have. */
  readonly from: number
  /** The generation that it gets; equal to `from` for a repeat. */
  readonly to: number
  readonly rotations: readonly Rotation[]
  readonly lastUsedAt: number
  readonly expiresAt: number
  /** Raises the stored latest access-token expiry; a lower one is ignored. */
  readonly accessExpiresAt: number
}

/** What people have allowed. */
export interface AuthorizationStore {
  /**
   * Durable. Inserts an authorization, and the session that begins with it: only if client, session (where it has one)
   * and epochs live, and the id is new; whether it did. A personal access token, one with a name, has no client.
   */
  insert(authorization: Authorization, subject: string, session?: Session): Promise<boolean>
  find(id: string): Promise<Authorization | undefined>
  /** Applies the advance only if the row has the generation `from`, is not revoked and its epochs live; whether it did. */
  refresh(advance: RefreshUpdate, subject: string): Promise<boolean>
  /** The person's authorizations that are not revoked and not expired (neither refresh nor access token), newest first. */
  listByUser(user: UserRef, now: number): Promise<readonly Authorization[]>
  /** Everybody's authorizations of that sort, by id, ascending. */
  list(now: number, page?: ListOptions & { readonly clientId?: string }): Promise<readonly Authorization[]>
  /** Moves `lastUsedAt` forward, never backward, by authorization id. */
  markUsed(uses: ReadonlyMap<string, number>): Promise<void>
}

/** What people need not be asked again. */
export interface ConsentStore {
  /** The scopes that the person has allowed the client; undefined where they never consented to it. */
  find(user: UserRef, clientId: string): Promise<readonly string[] | undefined>
  /** Durable. Adds to the scopes that are remembered (a union). */
  add(user: UserRef, clientId: string, scopes: readonly string[], now: number): Promise<void>
  /**
   * Durable, one transaction: forgets the consent, and voids the codes of both sorts of this person for this client that
   * were not spent. Whoever lists the person's authorizations afterwards finds what any other code has given.
   */
  delete(user: UserRef, clientId: string, now: number): Promise<void>
}

/** What is to be revoked. `subject` is the person's `sub`. */
export type RevocationTarget =
  | { readonly kind: 'token'; readonly jti: string; readonly expiresAt: number }
  | { readonly kind: 'authorization'; readonly id: string }
  | { readonly kind: 'session'; readonly id: string }
  | {
      readonly kind: 'user'
      readonly user: UserRef
      readonly subject: string
      /**
       * Whether authorizations of clients with an owner live on that hang on no session: they move to the new epoch, so
       * that they can be refreshed. The access tokens that they gave end. Default false.
       */
      readonly keepThirdParties?: boolean
    }
  | { readonly kind: 'client'; readonly id: string }
  | IssuerTarget

/** Everything that was ever given out. */
export interface IssuerTarget {
  readonly kind: 'issuer'
  /**
   * The least that the issuer's epoch is raised to. After a restored backup it must be above every one that was given
   * out since: else what was given in one of those would live on.
   */
  readonly minimumEpoch?: number
}

/** What was revoked, and the epochs. */
export interface RevocationStore {
  /**
   * Durable, one transaction: voids pending codes and device codes, revokes authorizations and sessions, raises the epoch (of a user,
   * a client, the issuer), writes the entry and returns it. A `client` order also marks the client revoked. Doing it
   * again is harmless. Undefined where there is nothing with that id. An entry lives as long as a token that it stops
   * could: from the stored latest expiry; entries of clients and of the issuer are kept for good.
   */
  revoke(order: RevocationTarget, now: number): Promise<RevocationEntry | undefined>
  /**
   * The first `limit` entries with an id above `cursor` that have not expired, by id ascending. The newest of all counts
   * as one of them for ever: by that, whoever follows can tell that the store is still the one it was.
   */
  listSince(cursor: number, now: number, limit: number): Promise<readonly RevocationEntry[]>
  /** The present epochs of a person and a client with this issuer; what was never raised is 0. */
  readEpochs(subject: string, clientId: string): Promise<Epochs>
}

/** Fingerprints of the secrets that refresh tokens are made with, so that a node with a wrong secret refuses to start. */
export interface FingerprintStore {
  /** All that the store has, oldest first. */
  list(): Promise<readonly string[]>
  /** Durable. Adds the fingerprint only if the store has none yet. All that it has. */
  claim(fingerprint: string, now: number): Promise<readonly string[]>
  /** Durable. Adds a fingerprint: a rotation. */
  add(fingerprint: string, now: number): Promise<void>
}

/** What was refused, failed or was revoked, for whoever has to explain it. */
export interface AuditStore {
  /** Adds entries, all or none. */
  insert(entries: readonly AuditEntry[]): Promise<void>
  /** The first 100 entries of a request, in the order in which they were inserted. */
  listByRequest(requestId: string): Promise<readonly AuditEntry[]>
}
