import type { Store } from '../contract.ts'
import { createAuditStore } from './audit.ts'
import { createAuthorizationStore } from './authorizations.ts'
import { trackCalls } from './calls.ts'
import { createClientStore } from './clients.ts'
import { createCodeStore } from './codes.ts'
import { createConnectionStore } from './connections.ts'
import { createConsentStore } from './consents.ts'
import { createDeviceCodeStore } from './device-codes.ts'
import type { SqlDialect } from './dialect.ts'
import { createFingerprintStore } from './fingerprints.ts'
import { createImportedTokenStore } from './imported-tokens.ts'
import { createLeaseStore } from './leases.ts'
import { createMessageStore } from './messages.ts'
import { createMigrations } from './migrator.ts'
import { createPasswordResetStore } from './password-resets.ts'
import { createPurgeStore } from './purge.ts'
import { createDatabase } from './create-database.ts'
import type { Database } from './database.ts'
import { callLimit } from './retry.ts'
import { createRevocationStore } from './revocations.ts'
import { createSealedSecretStore } from './sealed-secrets.ts'
import { createSessionStore } from './sessions.ts'
import { createUserStore } from './users.ts'
import { createWebhookStore } from './webhooks.ts'

const databases = new WeakMap<Store, Database>()

/** Returns the database of a store that `createSqlStore` has created, to read and write whole tables. */
export function databaseOf(store: Store): Database {
  const database = databases.get(store)
  if (!database) throw new TypeError('Not a store in a SQL database')
  return database
}

/** Creates a store in a SQL database. `file` is the path of an embedded one. */
export function createSqlStore(dialect: SqlDialect, file?: string): Store {
  const database = createDatabase(dialect)
  const purge = createPurgeStore(database)
  const purges = trackCalls()
  let closing: Promise<void> | undefined
  const store: Store = {
    ...(file !== undefined && { file }),
    waitLimit: callLimit(dialect.busyTimeout),
    clients: createClientStore(database),
    users: createUserStore(database),
    sessions: createSessionStore(database),
    passwordResets: createPasswordResetStore(database),
    codes: createCodeStore(database),
    deviceCodes: createDeviceCodeStore(database),
    authorizations: createAuthorizationStore(database),
    consents: createConsentStore(database),
    connections: createConnectionStore(database),
    revocations: createRevocationStore(database),
    importedTokens: createImportedTokenStore(database),
    fingerprints: createFingerprintStore(database),
    sealedSecrets: createSealedSecretStore(database),
    audit: createAuditStore(database),
    webhooks: createWebhookStore(database),
    leases: createLeaseStore(database),
    messages: createMessageStore(database),
    // A step runs several queries. Closing waits for all of them.
    purge: {
      ...purge,
      count: (kind, cutoffs) => purges.track(purge.count(kind, cutoffs)),
      step: (step) => purges.track(purge.step(step)),
    },
    ...createMigrations(database),
    close: () => (closing ??= purges.settled().then(() => database.close())),
  }
  databases.set(store, database)
  return store
}
