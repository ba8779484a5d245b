import type { Settings } from './config/settings.ts'
import type { Services } from './endpoints/services.ts'
import { createCookieGuard, type CookieGuard, type CookieRefusal } from './guard/api-cookie.ts'
import type { Auth } from './guard/auth.ts'
import { createBearerGuard } from './guard/guard.ts'
import type { Refusal } from './guard/refusal.ts'
import { createRequestCheck } from './guard/request-check.ts'
import type { StrictCheck, TokenGuardOptions, TokenVerifier } from './guard/token.ts'
import { createOutageLog } from './lib/outage-log.ts'
import { apiCookieName } from './sessions/cookies.ts'
import type { Store } from './store/contract.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

type Parts = Pick<
  Services,
  'settings' | 'store' | 'telemetry' | 'accessTokens' | 'keys' | 'feed' | 'lastUsed' | 'ownerCheck'
>

/** Creates the guard for the server's own endpoints, and the check for the routes of the app. */
export function createServerGuards(parts: Parts): Pick<Services, 'guard' | 'checkRequest'> {
  const { settings, store, telemetry, accessTokens, keys, feed, lastUsed, ownerCheck } = parts
  const options: TokenGuardOptions = {
    ...settings,
    audiences: settings.resources,
    defaultAudiences: [settings.audience],
    verifier: observeVerifier(accessTokens, telemetry),
    revocations: feed,
    cacheSize: settings.guardCacheSize,
    strict: createStrictCheck(settings, store),
    onPersonalTokenUse(authorizationId) {
      lastUsed.mark(authorizationId)
      ownerCheck.check(authorizationId)
    },
  }
  const guard = createBearerGuard(options)
  const check = createRequestCheck(guard, openCookieGuard(settings, { ...options, verifier: keys }))
  return { guard, checkRequest: countChecks(check, telemetry) }
}

/** Only the first check of a token is observed. Later ones find it in the cache. */
const observeVerifier = (verifier: TokenVerifier, { observeVerification }: Telemetry): TokenVerifier =>
  observeVerification
    ? {
        isTrusted: (kid) => verifier.isTrusted(kid),
        verify: (token, type) => observeVerification(() => verifier.verify(token, type)),
      }
    : verifier

/** Returns the check itself if nothing counts: it runs for each request to the API. */
function countChecks(check: Check, { countCheck }: Telemetry): Check {
  if (!countCheck) return check
  const count = (result: Auth | Refusal): Auth | Refusal => {
    countCheck(result)
    return result
  }
  return (request, requirement) => {
    const result = check(request, requirement)
    return result instanceof Promise ? result.then(count) : count(result)
  }
}

type Check = Services['checkRequest']

function openCookieGuard(settings: Settings, options: TokenGuardOptions): CookieGuard | undefined {
  const { apiCookie, cookies, provider: main, logger } = settings
  if (!apiCookie) return undefined
  const names = new Map(settings.providers.map((name) => [name, apiCookieName(cookies, name, main)]))
  return createCookieGuard({
    ...options,
    origins: apiCookie.origins,
    nameOf: (provider) => names.get(provider) ?? apiCookieName(cookies, provider, main),
    onRefused: ({ status, description, ...reason }: CookieRefusal) =>
      // A cookie that has expired is the usual case: the app renews it.
      logger.log(status === 403 ? 'warn' : 'debug', 'API cookie refused', { reason: description, ...reason }),
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
