import { openAppSessionCookies, openSessions } from './app-sessions.ts'
import { openApiCookies } from './api-cookies.ts'
import { createAudit } from './audit/audit.ts'
import { NO_BROADCAST, type BroadcastConnection, type LiveRevocations } from './broadcast/broadcast.ts'
import { createConnections } from './clients/connections.ts'
import { openClientServices } from './client-services.ts'
import { reconcileClients } from './clients/reconcile.ts'
import type { Config } from './config/config.ts'
import { findLegacyGrants } from './config/grants.ts'
import type { Services } from './endpoints/services.ts'
import { ConfigError } from './errors.ts'
import { createGrantContext } from './grant-context.ts'
import type { IssuanceContext } from './issuance/context.ts'
import { createCustomize } from './issuance/customize.ts'
import { createIssuance, type Issuance } from './issuance/issue.ts'
import { startLastUsedTracker } from './jobs/last-used.ts'
import { startMaintenance } from './jobs/maintenance.ts'
import { startOwnerCheck } from './jobs/owner-check.ts'
import type { DerivedKeys } from './keys/derived.ts'
import { managedKeysOf } from './keys/managed-directory.ts'
import { checkFingerprint } from './keys/fingerprint.ts'
import { createLiveKeys, type LiveKeys } from './keys/live.ts'
import { EXPIRY_MARGIN } from './lib/clock.ts'
import { randomBase64url } from './lib/hash.ts'
import { subjectOf, type UserRef } from './model/subject.ts'
import { createAccessTokens } from './passport/access-token.ts'
import { openNodeMessages } from './node-messages.ts'
import { openPasswordResets } from './password-resets.ts'
import { createPersonalTokens, type PersonalTokens } from './personal-tokens/personal-tokens.ts'
import { shareRevocations } from './revocations/announcements.ts'
import { createRevocationFeed, type RevocationFeed } from './revocations/feed.ts'
import { createRevoker } from './revocations/revoker.ts'
import { createDevices } from './sessions/devices.ts'
import { createDeviceCookies } from './sessions/device-cookie.ts'
import { createPlaces } from './sessions/places.ts'
import { createSessionLimit, type SessionLimit } from './sessions/session-limit.ts'
import type { Sessions } from './sessions/sessions.ts'
import { createServerGuards } from './server-guard.ts'
import { createSigners } from './signers.ts'
import { createSignIn } from './sign-in/sign-in.ts'
import type { Settings } from './config/settings.ts'
import type { Store } from './store/contract.ts'
import { openObservedStore } from './telemetry/open.ts'
import { createThrottles, type Throttles } from './throttle/throttles.ts'
import { openUserDirectory } from './user-directory.ts'
import { openDispatcher } from './webhooks/dispatcher.ts'
import { createWebhookManagement } from './webhooks/management.ts'

/** Where events go. */
type Emitter = Pick<Services, 'events' | 'outbox'>

/** The parts that can fail to open, and that all others need. */
interface Foundation
  extends
    Pick<
      Services,
      | 'settings'
      | 'store'
      | 'telemetry'
      | 'feed'
      | 'broadcast'
      | 'userDirectory'
      | 'subjectOf'
      | keyof Emitter
    >,
    Pick<IssuanceContext, 'isRevoked'> {
  readonly liveKeys: LiveKeys
  /** Names this node in rows with times that only its own clock can judge. New at each start. */
  readonly nodeId: string
}

/**
 * Assembles the server: loads the secrets, applies migrations, starts following revocations and key changes.
 *
 * @throws ConfigError if secrets, tables or users are not usable
 */
export async function startServices(settings: Settings, config: Config, emitter: Emitter): Promise<Services> {
  const foundation = await openFoundation(settings, config, emitter)
  for (const legacy of findLegacyGrants(settings))
    settings.logger.log('warn', 'Insecure grant is enabled', { ...legacy })
  return createServices(foundation)
}

/** Does everything that can fail before it starts timers: a failed start leaves nothing running, and can be repeated. */
async function openFoundation(
  settings: Settings,
  config: Config,
  { events, outbox }: Emitter,
): Promise<Foundation> {
  const { store, telemetry, watchFeed } = await openObservedStore(settings, config, events)
  const { clock, issuer, logger } = settings
  const subject = (user: UserRef): string => subjectOf(user, settings.provider)
  const userDirectory = openUserDirectory(settings, config, subject)
  // Secrets in the store need its tables. Other mistakes must not leave a new database behind.
  if (managedKeysOf(settings.secrets)?.areInStore) await prepareTables(settings, store)
  const liveKeys = await createLiveKeys(settings.secrets, issuer)
  const check = (candidates: DerivedKeys): Promise<void> => checkFingerprint(store, candidates, clock.now())
  await prepareTables(settings, store)
  await check(liveKeys.derived)
  await reconcileClients({ ...settings, store: store.clients, events }, settings.clients)
  const feed = createRevocationFeed({ ...settings, source: store.revocations })
  watchFeed(feed)
  await feed.sync()
  feed.start()
  liveKeys.start({
    logger,
    check,
    onChange: ({ kid, secret }) => events.emit('keys.changed', { requestId: null, kid, secretId: secret }),
  })
  const broadcast = openBroadcast(settings, store, feed)
  const nodeId = randomBase64url(6)
  return {
    settings,
    store,
    telemetry,
    events,
    outbox,
    feed,
    broadcast,
    userDirectory,
    subjectOf: subject,
    isRevoked: (authorization) =>
      feed.hasRevokedAuthorization({ ...authorization, subject: subject(authorization) }),
    liveKeys,
    nodeId,
  }
}

/** Connects last, and does not wait: the feed has everything already. */
function openBroadcast(settings: Settings, store: Store, feed: RevocationFeed): BroadcastConnection {
  const list: LiveRevocations['list'] = (cursor, limit) =>
    store.revocations.listSince(cursor, settings.clock.now() - EXPIRY_MARGIN, limit)
  const revocations = { list, isFresh: feed.isFresh }
  const connection = settings.broadcast?.open({ ...settings, revocations }) ?? NO_BROADCAST
  feed.onAdded((entry) => connection.record?.(entry))
  return connection
}

function createServices(foundation: Foundation): Services {
  const { settings, store, events, feed, broadcast, subjectOf, liveKeys } = foundation
  const { clock } = settings
  const { deviceTokens, csrf, consentSigner, returnToSigner, pageSealer } = createSigners(foundation)
  const audit = createAudit({ ...settings, events, store: store.audit })
  const dispatcher = openDispatcher(foundation)
  const maintenance = startMaintenance({
    ...settings,
    ...foundation,
    store: store.purge,
    leases: store.leases,
  })
  const lastUsed = startLastUsedTracker({ ...settings, store: store.authorizations })
  const messages = openNodeMessages(foundation)
  const throttles = createThrottles({ ...settings, messages })
  const revoker = createRevoker({
    ...foundation,
    clock,
    announce: shareRevocations(messages, feed),
    hasApiCookies: settings.apiCookie !== undefined,
  })
  const ownerCheck = startOwnerCheck({
    ...settings,
    ...foundation,
    authorizations: store.authorizations,
    revoker,
  })
  const devices = createDevices({ store: store.sessions, clock, revoker, subjectOf })
  const sessionLimit = createSessionLimit({ ...settings, devices })
  const appSessionCookies = openAppSessionCookies(foundation)
  const apiCookies = openApiCookies(foundation)
  const sessions = openSessions({
    ...foundation,
    devices,
    appSessionCookies,
    apiCookies,
    sessionLimit,
    services: () => services,
  })
  const accessTokens = createAccessTokens({ ...settings, ...foundation, keys: liveKeys.keySet })
  const issuance = openIssuance(foundation, sessions, sessionLimit)
  const services: Services = {
    ...foundation,
    keys: liveKeys.keySet,
    derived: liveKeys.derived,
    accessTokens,
    audit,
    revoker,
    ...openClientServices({ ...foundation, revoker }),
    connections: createConnections({ ...foundation, ...settings, revoker }),
    sessions,
    apiCookies,
    get appSessionCookies() {
      return appSessionCookies()
    },
    places: createPlaces(settings),
    devices,
    sessionLimit,
    deviceCookies: createDeviceCookies(
      { remember: (...entry) => deviceTokens().remember(...entry) },
      settings.cookies,
    ),
    get deviceTokens() {
      return deviceTokens()
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
    get pageSealer() {
      return pageSealer()
    },
    ...throttles,
    issuance,
    signIn: createSignIn({
      ...foundation,
      allowed: settings.signIn?.scopes ?? [],
      scopes: settings.scopes,
      issuance,
      deviceTokens,
      authorizations: store.authorizations,
      revoker,
    }),
    ...createServerGuards({ ...foundation, accessTokens, keys: liveKeys.keySet, lastUsed, ownerCheck }),
    personalTokens: openPersonalTokens(foundation, { issuance, revoker, lastUsed, ...throttles }),
    passwordResets: openPasswordResets({ ...foundation, ...throttles, revoker }),
    lastUsed,
    ownerCheck,
    grantContext: createGrantContext(foundation, throttles.throttle),
    webhooks: createWebhookManagement({ ...settings, store: store.webhooks }),
    async close() {
      await liveKeys.close()
      feed.close()
      await broadcast.close()
      await messages.close()
      ownerCheck.close()
      await maintenance.close()
      await lastUsed.close()
      await audit.close()
      await dispatcher?.close()
    },
  }
  return services
}

const openIssuance = (foundation: Foundation, sessions: Sessions, sessionLimit: SessionLimit): Issuance =>
  createIssuance({
    ...foundation.settings,
    ...foundation,
    issuerEpoch: () => foundation.feed.issuerEpoch,
    draftSession: sessions.draft,
    customize: createCustomize({ ...foundation.settings, findUser: foundation.userDirectory.find }),
    sessionLimit,
    keys: foundation.liveKeys.keySet,
    refreshTokens: foundation.liveKeys.refreshTokens,
  })

const openPersonalTokens = (
  { settings, store, subjectOf }: Foundation,
  services: Pick<Services, 'issuance' | 'revoker' | 'lastUsed'> & Throttles,
): PersonalTokens =>
  createPersonalTokens({
    ...settings,
    ...(settings.personalTokens ?? NO_NEW_TOKENS),
    ...services,
    store: store.authorizations,
    subjectOf,
    usedAt: services.lastUsed.usedAt,
    counterFor: services.personalTokenCounter,
  })

/** If personal access tokens are off, existing ones can still be listed and revoked. */
const NO_NEW_TOKENS = { lifetime: 0, maximumLifetime: 0 } as const

async function prepareTables(settings: Settings, store: Store): Promise<void> {
  const pending =
    settings.migrations === 'on-start'
      ? await store.migrate().then(() => [])
      : await store.pendingMigrations()
  if (pending.length > 0) {
    throw new ConfigError([
      { path: 'store', message: `has pending migrations (${pending.join(', ')}). Run "consulate migrate"` },
    ])
  }
}
