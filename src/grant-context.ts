import type { Services } from './endpoints/services.ts'
import type { BuiltInGrantContext } from './grants/grant.ts'
import type { LiveKeys } from './keys/live.ts'
import { createImportedRefreshTokens } from './passport/refresh-token.ts'
import { createAttempt, type Throttle } from './throttle/throttle.ts'

/** What the context of grants is made of. */
export interface GrantServices
  extends
    Pick<Services, 'settings' | 'store' | 'userDirectory' | 'subjectOf'>,
    Pick<BuiltInGrantContext, 'nodeId' | 'isRevoked'> {
  readonly liveKeys: Pick<LiveKeys, 'refreshTokens'>
}

/** Creates what grants can read. */
export const createGrantContext = (
  { settings, store, userDirectory, subjectOf, isRevoked, liveKeys, nodeId }: GrantServices,
  throttle: Throttle,
): BuiltInGrantContext => ({
  ...settings,
  nodeId,
  store,
  refreshTokens: liveKeys.refreshTokens,
  importedRefreshTokens: createImportedRefreshTokens(settings.passport, settings.clock),
  userDirectory,
  throttle,
  attempt: createAttempt(throttle),
  epochs: store.revocations.readEpochs,
  subjectOf,
  isRevoked,
  providerCheckedByStore:
    settings.tokenClaims || settings.tokenResponse ? undefined : userDirectory.builtInProvider,
})
