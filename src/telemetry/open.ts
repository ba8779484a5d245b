import type { Config } from '../config/config.ts'
import type { Settings } from '../config/settings.ts'
import type { Events } from '../events.ts'
import type { RevocationFeed } from '../revocations/feed.ts'
import type { Store } from '../store/contract.ts'
import { observeStore } from './store.ts'
import { openTelemetry, type Telemetry } from './telemetry.ts'

/** The store of a server with what observes it. */
export interface ObservedStore {
  readonly store: Store
  readonly telemetry: Telemetry
  /** Sets the feed that the gauges read. */
  watchFeed(feed: Pick<RevocationFeed, 'age' | 'size'>): void
}

/** Opens the telemetry of a server, and observes its store if anything needs it. */
export async function openObservedStore(
  settings: Pick<Settings, 'metrics'>,
  config: Pick<Config, 'store'>,
  events: Pick<Events, 'on'>,
): Promise<ObservedStore> {
  let watched: Pick<RevocationFeed, 'age' | 'size'> = { age: 0, size: 0 }
  const telemetry = await openTelemetry({
    events,
    hasPrometheus: settings.metrics !== undefined,
    database: config.store.file === undefined ? 'other_sql' : 'sqlite',
    feedAge: () => watched.age,
    feedSize: () => watched.size,
  })
  const { observeCall } = telemetry
  return {
    store: observeCall ? observeStore(config.store, observeCall) : config.store,
    telemetry,
    watchFeed: (feed) => void (watched = feed),
  }
}
