import { createAudit } from './audit.ts'
import { createClientCache } from './clients/cache.ts'
import type { Config } from './config/config.ts'
import { legacyGrantsOf } from './config/legacy-grants.ts'
import type { Services } from './endpoints/services.ts'
import { ConfigError } from './errors.ts'
import type { Events } from './events.ts'
import { createIssuance } from './issuance/issue.ts'
import { startLastUsed } from './jobs/last-used.ts'
import { startUpkeep } from './jobs/upkeep.ts'
import type { DerivedKeys } from './keys/derived.ts'
import { createLiveKeys } from './keys/live.ts'
import { createSeal } from './lib/sealed.ts'
import { CONSENT_LIFETIME, type ConsentRequest } from './model/consent-request.ts'
import { subjectOf, type UserRef } from './model/subject.ts'
import { createPersonalTokens } from './personal-tokens/personal-tokens.ts'
import { createRevocationFeed } from './revocations/feed.ts'
import { createRevoker } from './revocations/revoker.ts'
import { createCsrf } from './sessions/csrf.ts'
import { createSessions } from './sessions/sessions.ts'
import type { Settings } from './config/settings.ts'
import type { Store } from './store/contract.ts'
import { createAttempt } from './throttle/attempt.ts'
import { createThrottle } from './throttle/throttle.ts'
import { createPeople } from './users/people.ts'

/**
 * Puts a server together: reads the secrets, sees to the tables, begins to follow the revocations and the secrets.
 *
 * @throws ConfigError where secrets or tables are not as they must be
 */
export async function assemble(
  settings: Settings,
  { store, users, providers = {} }: Config,
  events: Events,
): Promise<Services> {
  const { clock, issuer, logger } = settings
  const liveKeys = await createLiveKeys(settings.secrets, issuer)
  const { keySet: keys, derived, refreshTokens } = liveKeys
  const check = (candidates: DerivedKeys): Promise<void> => checkFingerprint(store, candidates, clock.now())
  await prepareTables(settings, store)
  await check(derived)
  const feed = createRevocationFeed({ ...settings, source: store.revocations })
  await feed.sync()
  feed.start()
  liveKeys.start({ logger, check })
  const subject = (user: UserRef): string => subjectOf(user, settings.provider)
  const { epochs } = store.revocations
  const main = typeof users === 'function' ? users({ store, clock }) : users
  if (typeof main.find !== 'function') throw new ConfigError([NO_PEOPLE])
  const people = createPeople({
    providers: new Map([[settings.provider, main], ...Object.entries(providers)]),
    epochs,
    subjectOf: subject,
  })
  const throttle = createThrottle(settings.throttle, clock)
  const { cookies } = settings
  // A form that is open while the root secret is rotated has to be opened again.
  const csrf = liveKeys.follow((present) => createCsrf(present.key('csrf'), issuer, cookies))
  const consentSeal = liveKeys.follow((present) =>
    createSeal<ConsentRequest>(present.key('consent'), CONSENT_LIFETIME, clock),
  )
  const sessions = createSessions({
    ...settings,
    store: store.sessions,
    feed,
    lifetime: settings.sessionLifetime,
    subjectOf: subject,
  })
  const audit = createAudit({ ...settings, events, store: store.audit })
  const upkeep = startUpkeep({ ...settings, store: store.purge })
  const lastUsed = startLastUsed({ ...settings, store: store.authorizations })
  const revoker = createRevoker(store.revocations, feed, events, clock)
  const issuance = createIssuance({
    ...settings,
    subjectOf: subject,
    issuerEpoch: () => feed.issuerEpoch,
    draftSession: sessions.draft,
    store,
    keys,
    refreshTokens,
    events,
  })
  for (const legacy of legacyGrantsOf(settings))
    logger.log('warn', 'A grant is on that is not safe', { ...legacy })
  return {
    settings,
    store,
    keys,
    derived,
    feed,
    events,
    audit,
    people,
    subjectOf: subject,
    revoker,
    clients: createClientCache(store.clients, clock, settings.pollInterval),
    sessions,
    get csrf() {
      return csrf()
    },
    get consentSeal() {
      return consentSeal()
    },
    throttle,
    deviceDemand: createThrottle(settings.throttle, clock),
    issuance,
    personalTokens: createPersonalTokens({
      ...settings,
      ...(settings.personalTokens ?? NEVER),
      store: store.authorizations,
      issuance,
      revoker,
      subjectOf: subject,
      usedAt: lastUsed.usedAt,
    }),
    lastUsed,
    grantContext: {
      ...settings,
      store,
      refreshTokens,
      people,
      throttle,
      attempt: createAttempt(throttle),
      epochs,
      subjectOf: subject,
      isEnded: (authorization) =>
        feed.hasRevokedAuthorization({ ...authorization, subject: subject(authorization) }),
    },
    async close() {
      liveKeys.close()
      feed.close()
      await upkeep.close()
      await lastUsed.close()
      await audit.close()
    },
  }
}

/** `builtInUsers` itself is a function too, which makes one that makes people. */
const NO_PEOPLE = { path: 'users', message: 'gives no people: call it, as in builtInUsers()' } as const

/** Where personal access tokens are off, those from before can still be listed and revoked. */
const NEVER = { lifetime: 0, maximumLifetime: 0 } as const

async function prepareTables(settings: Settings, store: Store): Promise<void> {
  const pending =
    settings.migrations === 'on-start'
      ? await store.migrate().then(() => [])
      : await store.pendingMigrations()
  if (pending.length > 0) {
    throw new ConfigError([
      { path: 'store', message: `has migrations to apply (${pending.join(', ')}): run consulate migrate` },
    ])
  }
}

/**
 * That the store knows the current secret. To know a next or a retired one is not enough: what this node made with its
 * current one, the others would refuse.
 */
async function checkFingerprint(store: Store, { fingerprint }: DerivedKeys, now: number): Promise<void> {
  const known = await store.fingerprints.claim(fingerprint, now)
  if (known.includes(fingerprint)) return
  const message = 'are not the ones that this store was set up with: every refresh token would be refused'
  throw new ConfigError([{ path: 'secrets', message }])
}
