import { createAudit } from './audit.ts'
import { createClientCache } from './clients/cache.ts'
import type { Config } from './config/config.ts'
import { findLegacyGrants } from './config/grants.ts'
import type { Services } from './endpoints/services.ts'
import { ConfigError } from './errors.ts'
import type { Events } from './events.ts'
import type { BuiltInGrantContext } from './grants/grant.ts'
import { createIssuance, type Issuance } from './issuance/issue.ts'
import { startLastUsedTracker } from './jobs/last-used.ts'
import { startMaintenance } from './jobs/maintenance.ts'
import type { DerivedKeys } from './keys/derived.ts'
import { createLiveKeys, type LiveKeys } from './keys/live.ts'
import { createValueSigner } from './lib/signed-value.ts'
import {
  CONSENT_LIFETIME,
  RETURN_TO_LIFETIME,
  type ConsentRequest,
  type ReturnTo,
} from './model/signed-state.ts'
import { subjectOf, type UserRef } from './model/subject.ts'
import { createPersonalTokens, type PersonalTokens } from './personal-tokens/personal-tokens.ts'
import { createRevocationFeed } from './revocations/feed.ts'
import { createRevoker } from './revocations/revoker.ts'
import { createCsrf } from './sessions/csrf.ts'
import { createDeviceCookies } from './sessions/device-cookie.ts'
import { createSessions, type Sessions } from './sessions/sessions.ts'
import type { Settings } from './config/settings.ts'
import type { Store } from './store/contract.ts'
import { createAttempt, createThrottle, type Throttle } from './throttle/throttle.ts'
import { createUserDirectory, type UserDirectory } from './users/directory.ts'

/** What the rest of a server stands on. */
interface Foundation extends Pick<
  Services,
  'settings' | 'store' | 'events' | 'feed' | 'userDirectory' | 'subjectOf'
> {
  readonly liveKeys: LiveKeys
}

/**
 * Puts a server together: reads the secrets, sees to the tables, begins to follow the revocations and the secrets.
 *
 * @throws ConfigError where secrets, tables or people are not as they must be
 */
export async function startServices(settings: Settings, config: Config, events: Events): Promise<Services> {
  const foundation = await openFoundation(settings, config, events)
  for (const legacy of findLegacyGrants(settings))
    settings.logger.log('warn', 'Insecure grant is enabled', { ...legacy })
  return build(foundation)
}

/** All that can fail comes before anything that goes on by itself, so that a start that failed leaves nothing behind. */
async function openFoundation(settings: Settings, config: Config, events: Events): Promise<Foundation> {
  const { store } = config
  const { clock, issuer, logger } = settings
  const subject = (user: UserRef): string => subjectOf(user, settings.provider)
  const userDirectory = userDirectoryOf(settings, config, subject)
  const liveKeys = await createLiveKeys(settings.secrets, issuer)
  const check = (candidates: DerivedKeys): Promise<void> => checkFingerprint(store, candidates, clock.now())
  await prepareTables(settings, store)
  await check(liveKeys.derived)
  const feed = createRevocationFeed({ ...settings, source: store.revocations })
  await feed.sync()
  feed.start()
  liveKeys.start({ logger, check })
  return { settings, store, events, feed, userDirectory, subjectOf: subject, liveKeys }
}

function build(foundation: Foundation): Services {
  const { settings, store, events, feed, subjectOf, liveKeys } = foundation
  const { clock } = settings
  const { deviceCookies, csrf, consentSigner, returnToSigner } = formsOf(foundation)
  const throttle = createThrottle(settings.throttle, clock)
  const sessions = createSessions({
    ...settings,
    store: store.sessions,
    feed,
    lifetime: settings.sessionLifetime,
    persistentLifetime: persistentLifetimeOf(settings),
    subjectOf,
  })
  const audit = createAudit({ ...settings, events, store: store.audit })
  const maintenance = startMaintenance({ ...settings, store: store.purge })
  const lastUsed = startLastUsedTracker({ ...settings, store: store.authorizations })
  const revoker = createRevoker(store.revocations, feed, events, clock)
  const issuance = issuanceOf(foundation, sessions)
  return {
    ...foundation,
    keys: liveKeys.keySet,
    derived: liveKeys.derived,
    audit,
    revoker,
    clients: createClientCache(store.clients, clock, settings.pollInterval),
    sessions,
    get deviceCookies() {
      return deviceCookies()
    },
    get csrf() {
      return csrf()
    },
    get consentSigner() {
      return consentSigner()
    },
    get returnToSigner() {
      return returnToSigner()
    },
    throttle,
    deviceCodeThrottle: createThrottle(settings.throttle, clock),
    issuance,
    personalTokens: personalTokensOf(foundation, { issuance, revoker, lastUsed }),
    lastUsed,
    grantContext: grantContextOf(foundation, throttle),
    async close() {
      liveKeys.close()
      feed.close()
      await maintenance.close()
      await lastUsed.close()
      await audit.close()
    },
  }
}

function userDirectoryOf(
  { provider, clock }: Settings,
  { store, users, providers = {} }: Config,
  subject: Services['subjectOf'],
): UserDirectory {
  const main = typeof users === 'function' ? users({ store, clock }) : users
  if (typeof main.find !== 'function') throw new ConfigError([NO_PEOPLE])
  return createUserDirectory({
    providers: new Map([[provider, main], ...Object.entries(providers)]),
    epochs: store.revocations.readEpochs,
    subjectOf: subject,
  })
}

/** After a rotation of the root secret, open forms fail their CSRF check and must be opened again. */
function formsOf({ settings, liveKeys }: Foundation) {
  const { issuer, cookies, clock } = settings
  const maxAge = Math.floor(persistentLifetimeOf(settings) / 1000)
  return {
    deviceCookies: liveKeys.derive((present) =>
      createDeviceCookies({
        keys: [present.key('device-cookie'), ...present.keysById('device-cookie').values()],
        cookies,
        clock,
      }),
    ),
    csrf: liveKeys.derive((present) => createCsrf({ key: present.key('csrf'), issuer, cookies, maxAge })),
    consentSigner: liveKeys.derive((present) =>
      createValueSigner<ConsentRequest>({
        keys: [present.key('consent')],
        lifetime: CONSENT_LIFETIME,
        clock,
      }),
    ),
    returnToSigner: liveKeys.derive((present) =>
      createValueSigner<ReturnTo>({
        keys: [present.key('return-to'), ...present.keysById('return-to').values()],
        lifetime: RETURN_TO_LIFETIME,
        clock,
        isCompressed: true,
      }),
    ),
  }
}

const persistentLifetimeOf = ({ keepSignedIn, sessionLifetime }: Settings): number =>
  keepSignedIn?.lifetime ?? sessionLifetime

const issuanceOf = (foundation: Foundation, sessions: Sessions): Issuance =>
  createIssuance({
    ...foundation.settings,
    ...foundation,
    issuerEpoch: () => foundation.feed.issuerEpoch,
    draftSession: sessions.draft,
    keys: foundation.liveKeys.keySet,
    refreshTokens: foundation.liveKeys.refreshTokens,
  })

const personalTokensOf = (
  { settings, store, subjectOf }: Foundation,
  { issuance, revoker, lastUsed }: Pick<Services, 'issuance' | 'revoker' | 'lastUsed'>,
): PersonalTokens =>
  createPersonalTokens({
    ...settings,
    ...(settings.personalTokens ?? NEVER),
    store: store.authorizations,
    issuance,
    revoker,
    subjectOf,
    usedAt: lastUsed.usedAt,
  })

const grantContextOf = (
  { settings, store, feed, userDirectory, subjectOf, liveKeys }: Foundation,
  throttle: Throttle,
): BuiltInGrantContext => ({
  ...settings,
  store,
  refreshTokens: liveKeys.refreshTokens,
  userDirectory,
  throttle,
  attempt: createAttempt(throttle),
  epochs: store.revocations.readEpochs,
  subjectOf,
  isRevoked: (authorization) =>
    feed.hasRevokedAuthorization({ ...authorization, subject: subjectOf(authorization) }),
})

/** `builtInUsers` itself is a function too, which makes one that makes people. */
const NO_PEOPLE = { path: 'users', message: 'must be called: write builtInUsers()' } as const

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
  const known = await store.fingerprints.addFirst(fingerprint, now)
  if (known.includes(fingerprint)) return
  const message = 'are not the ones that this store was set up with: every refresh token would be refused'
  throw new ConfigError([{ path: 'secrets', message }])
}
