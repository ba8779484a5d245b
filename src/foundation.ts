import { NO_BROADCAST, type BroadcastConnection, type LiveRevocations } from './broadcast/broadcast.ts'
import { reconcileClients } from './clients/reconcile.ts'
import type { Config } from './config/config.ts'
import type { Settings } from './config/settings.ts'
import type { Services } from './endpoints/services.ts'
import { ConfigError } from './errors.ts'
import type { IssuanceContext } from './issuance/context.ts'
import type { DerivedKeys } from './keys/derived.ts'
import { checkFingerprint } from './keys/fingerprint.ts'
import { createLiveKeys, type LiveKeys } from './keys/live.ts'
import { managedKeysOf } from './keys/managed-directory.ts'
import { EXPIRY_MARGIN } from './lib/clock.ts'
import { randomBase64url } from './lib/hash.ts'
import { subjectOf, type UserRef } from './model/subject.ts'
import { createRevocationFeed, type RevocationFeed } from './revocations/feed.ts'
import type { Store } from './store/contract.ts'
import { openObservedStore } from './telemetry/open.ts'
import { openUserDirectory } from './user-directory.ts'

/** Where events go. */
export type Emitter = Pick<Services, 'events' | 'outbox'>

/** The parts that can fail to open, and that all others need. */
export interface Foundation
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

/** Does everything that can fail before it starts timers: a failed start leaves nothing running, and can be repeated. */
export async function openFoundation(
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
