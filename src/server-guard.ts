import type { Settings } from './config/settings.ts'
import type { Services } from './endpoints/services.ts'
import { createBearerGuard, type BearerGuard, type StrictCheck } from './guard/guard.ts'
import { createOutageLog } from './lib/outage-log.ts'
import type { Store } from './store/contract.ts'

/** Creates the guard of a server, for its own endpoints and for those of the app. */
export function createServerGuard({
  settings,
  store,
  keys,
  feed,
  lastUsed,
  ownerCheck,
}: Pick<Services, 'settings' | 'store' | 'keys' | 'feed' | 'lastUsed' | 'ownerCheck'>): BearerGuard {
  return createBearerGuard({
    ...settings,
    audiences: settings.resources,
    defaultAudiences: [settings.audience],
    verifier: keys,
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
