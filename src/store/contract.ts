import type { AuditStore } from './audit.ts'
import type { AuthorizationStore } from './authorizations.ts'
import type { ClientStore } from './clients.ts'
import type { CodeStore } from './codes.ts'
import type { ConnectionStore, ConsentStore } from './connections.ts'
import type { DeviceCodeStore } from './device-codes.ts'
import type { FingerprintStore } from './fingerprints.ts'
import type { ImportedTokenStore } from './imported-tokens.ts'
import type { LeaseStore } from './leases.ts'
import type { MessageStore } from './messages.ts'
import type { PasswordResetStore } from './password-resets.ts'
import type { PurgeStore } from './purge.ts'
import type { RevocationStore } from './revocations.ts'
import type { SealedSecretStore } from './sealed-secrets.ts'
import type { SessionStore } from './sessions.ts'
import type { UserStore } from './users.ts'
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
