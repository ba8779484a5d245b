import type { Store } from '../store/contract.ts'
import { testAppSessions } from './store/app-sessions.ts'
import { testAudit } from './store/audit.ts'
import { testAuthorizations } from './store/authorizations.ts'
import { testExchange } from './store/exchange.ts'
import { testRefreshing } from './store/refresh.ts'
import { testClients } from './store/clients.ts'
import { testCodes } from './store/codes.ts'
import { testConnections } from './store/connections.ts'
import { testConsents } from './store/consents.ts'
import { testDeviceAnswers } from './store/device-answers.ts'
import { testDeviceCodes } from './store/device-codes.ts'
import { testDeviceExchange } from './store/device-exchange.ts'
import { testFingerprints } from './store/fingerprints.ts'
import { testImportedTokens } from './store/imported-tokens.ts'
import { testLeases } from './store/leases.ts'
import { testMessages } from './store/messages.ts'
import { createSuite } from './store/suite.ts'
import type { TestFunctions } from './store/suite.ts'
import { testMigrations } from './store/migrations.ts'
import { testKeepingOneSession } from './store/kept-session.ts'
import { testPasswordResets } from './store/password-resets.ts'
import { testPurge } from './store/purge.ts'
import { testRevocationEntries } from './store/revocation-entries.ts'
import { testRevocations } from './store/revocations.ts'
import { testRevokingSessions } from './store/revoked-sessions.ts'
import { testSealedSecrets } from './store/sealed-secrets.ts'
import { testSessions } from './store/sessions.ts'
import { testKeepingThirdParties } from './store/third-parties.ts'
import { testTokenCheck } from './store/token-check.ts'
import { testUsers } from './store/users.ts'
import { testWebhookRecording } from './store/webhook-recording.ts'
import { testWebhooks } from './store/webhooks.ts'

const PARTS = [
  testMigrations,
  testClients,
  testUsers,
  testSessions,
  testAppSessions,
  testCodes,
  testDeviceCodes,
  testDeviceAnswers,
  testDeviceExchange,
  testAuthorizations,
  testExchange,
  testRefreshing,
  testConsents,
  testConnections,
  testRevocations,
  testRevocationEntries,
  testRevokingSessions,
  testTokenCheck,
  testKeepingThirdParties,
  testKeepingOneSession,
  testPasswordResets,
  testImportedTokens,
  testFingerprints,
  testSealedSecrets,
  testAudit,
  testPurge,
  testWebhookRecording,
  testWebhooks,
  testLeases,
  testMessages,
]

/**
 * Declares tests for the whole contract of a store, including races within one process. For stores of your own.
 * `openStore` is called for each test and returns an empty, migrated store, which the test closes.
 */
export function storeSuite(functions: TestFunctions, openStore: () => Promise<Store>): void {
  const suite = createSuite(functions, openStore)
  for (const declareTests of PARTS) declareTests(suite)
}
