import { createClientCache } from './clients/cache.ts'
import type { Config } from './config/config.ts'
import type { Services } from './endpoints/services.ts'
import { ConfigError } from './errors.ts'
import type { Events } from './events.ts'
import { createIssuance } from './issuance/issue.ts'
import { createDerivedKeys, type DerivedKeys } from './keys/derived.ts'
import { createKeySet } from './keys/key-set.ts'
import { createRefreshTokens } from './keys/refresh-token.ts'
import { createSeal } from './lib/sealed.ts'
import { subjectOf, type UserRef } from './model/subject.ts'
import { createRevocationFeed } from './revocations/feed.ts'
import { createRevoker } from './revocations/revoker.ts'
import { createCsrf } from './sessions/csrf.ts'
import { createSessions } from './sessions/sessions.ts'
import type { Settings } from './config/settings.ts'
import type { Store } from './store/contract.ts'
import { createThrottle } from './throttle/throttle.ts'

/** How long a consent form may stay open (ms). */
const CONSENT_LIFETIME = 3_600_000

/**
 * Puts a server together: reads the secrets, sees to the tables, begins to follow the revocations.
 *
 * @throws ConfigError where secrets or tables are not as they must be
 */
export async function assemble(
  settings: Settings,
  { store, users }: Config,
  events: Events,
): Promise<Services> {
  const { clock, issuer } = settings
  const secrets = await settings.secrets.load()
  const [keys, derived] = [await createKeySet(secrets), createDerivedKeys(secrets)]
  await prepareStore(settings, store, derived)
  const feed = createRevocationFeed({ ...settings, source: store.revocations })
  await feed.sync()
  feed.start()
  const subject = (user: UserRef): string => subjectOf(user, settings.provider)
  const provider = typeof users === 'function' ? users({ store, clock }) : users
  const findUser = async (user: UserRef) =>
    user.provider === settings.provider ? provider.find(user.userId) : undefined
  const refreshTokens = createRefreshTokens(derived, issuer)
  const { cookies, sessionLifetime: lifetime } = settings
  return {
    settings,
    store,
    keys,
    derived,
    feed,
    events,
    users: provider,
    subjectOf: subject,
    revoker: createRevoker(store.revocations, feed, events, clock),
    clients: createClientCache(store.clients, clock, settings.pollInterval),
    sessions: createSessions({ store: store.sessions, clock, feed, cookies, lifetime, subjectOf: subject }),
    csrf: createCsrf(derived.key('csrf'), issuer, cookies),
    consentSeal: createSeal(derived.key('consent'), CONSENT_LIFETIME, clock),
    throttle: createThrottle(settings.throttle, clock),
    issuance: createIssuance({
      ...settings,
      subjectOf: subject,
      issuerEpoch: () => feed.issuerEpoch,
      store,
      keys,
      refreshTokens,
      events,
    }),
    grantContext: {
      ...settings,
      store,
      refreshTokens,
      findUser,
      isEnded: (authorization) =>
        feed.hasRevokedAuthorization({ ...authorization, subject: subject(authorization) }),
    },
  }
}

/** Tables that are up to date, and the secret that this store's refresh tokens are made with. */
async function prepareStore(settings: Settings, store: Store, derived: DerivedKeys): Promise<void> {
  const pending =
    settings.migrations === 'on-start'
      ? await store.migrate().then(() => [])
      : await store.pendingMigrations()
  if (pending.length > 0) {
    throw new ConfigError([
      { path: 'store', message: `has migrations to apply (${pending.join(', ')}): run consulate migrate` },
    ])
  }
  const known = await store.fingerprints.claim(derived.fingerprint, settings.clock.now())
  if (known.includes(derived.fingerprint)) return
  const message = 'are not the ones that this store was set up with: every refresh token would be refused'
  throw new ConfigError([{ path: 'secrets', message }])
}
