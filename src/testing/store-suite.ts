import type { Store } from '../store/contract.ts'
import { testAudit } from './store/audit.ts'
import { testAuthorizations } from './store/authorizations.ts'
import { testClients } from './store/clients.ts'
import { testCodes } from './store/codes.ts'
import { testConsents } from './store/consents.ts'
import { testDeviceAnswers } from './store/device-answers.ts'
import { testDeviceCodes } from './store/device-codes.ts'
import { testDeviceExchange } from './store/device-exchange.ts'
import { createSuite } from './store/suite.ts'
import type { TestFunctions } from './store/suite.ts'
import { testMigrations } from './store/migrations.ts'
import { testPurge } from './store/purge.ts'
import { testRevocations } from './store/revocations.ts'
import { testSessions } from './store/sessions.ts'
import { testSparing } from './store/sparing.ts'
import { testUsers } from './store/users.ts'

/**
 * Declares tests for every sentence of the store's contract, races within one process included. For stores of your own:
 * `openStore` is called for each test and gives an empty store whose tables are made; the test closes it.
 */
export function storeSuite(functions: TestFunctions, openStore: () => Promise<Store>): void {
  const suite = createSuite(functions, openStore)
  const parts = [testMigrations, testClients, testUsers, testSessions, testCodes, testAuthorizations]
  const devices = [testDeviceCodes, testDeviceAnswers, testDeviceExchange]
  for (const part of [...parts, ...devices, testConsents, testRevocations, testSparing, testAudit, testPurge])
    part(suite)
}
