import type { Settings } from './config/settings.ts'
import type { Services } from './endpoints/services.ts'
import { createBearerGuard, type BearerGuard, type StrictCheck } from './guard/guard.ts'
import { createOutageLog } from './lib/outage-log.ts'
import type { Store } from './store/contract.ts'

/** Creates the guard of a server, for its own endpoints and for those of the app. */
export function createServerGuard({
  settings,
  store,
  accessTokens,
  feed,
  lastUsed,
  ownerCheck,
}: Pick<Services, 'settings' | 'store' | 'accessTokens' | 'feed' | 'lastUsed' | 'ownerCheck'>): BearerGuard {
  return createBearerGuard({
    ...settings,
    audiences: settings.resources,
    defaultAudiences: [settings.audience],
    verifier: accessTokens,
    revocations: feed,
    cacheSize: settings.guardCacheSize,
    strict: createStrictCheck(settings, store),
    onPersonalTokenUse(authorizationId) {
      lastUsed.mark(authorizationId)
      ownerCheck.check(authorizationId)
    },
  })
}

function createStrictCheck({ logger, isStrict }: Settings, store: Store): StrictCheck {
  const outages = createOutageLog(logger, {
    failed: 'Strict guards cannot ask the store',
    recovered: 'Strict guards can ask the store again',
  })
  return {
    isDefault: isStrict,
    async isTokenRevoked(token) {
      let isRevoked = false
      await outages.watch(async () => void (isRevoked = await store.revocations.isTokenRevoked(token)))
      return isRevoked
    },
  }
}
