import { openAppSessionCookies, openSessions } from './app-sessions.ts'
import { openApiCookies } from './api-cookies.ts'
import { createAudit } from './audit/audit.ts'
import { createConnections } from './clients/connections.ts'
import { openClientServices } from './client-services.ts'
import type { Config } from './config/config.ts'
import { findLegacyGrants } from './config/grants.ts'
import type { Services } from './endpoints/services.ts'
import { openFoundation, type Emitter, type Foundation } from './foundation.ts'
import { createGrantContext } from './grant-context.ts'
import { createCustomize } from './issuance/customize.ts'
import { createIssuance, type Issuance } from './issuance/issue.ts'
import { startLastUsedTracker } from './jobs/last-used.ts'
import { startMaintenance } from './jobs/maintenance.ts'
import { startOwnerCheck } from './jobs/owner-check.ts'
import { createAccessTokens } from './passport/access-token.ts'
import { openNodeMessages } from './node-messages.ts'
import { openPasswordResets } from './password-resets.ts'
import { createPersonalTokens, type PersonalTokens } from './personal-tokens/personal-tokens.ts'
import { shareRevocations } from './revocations/announcements.ts'
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
import { createThrottles, type Throttles } from './throttle/throttles.ts'
import { openDispatcher } from './webhooks/dispatcher.ts'
import { createWebhookManagement } from './webhooks/management.ts'

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
