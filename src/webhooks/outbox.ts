import type { Settings } from '../config/settings.ts'
import type { WebhookSettings } from '../config/webhooks.ts'
import type { Emission, EventOutbox } from '../events.ts'
import { singleFlight, waitForShared } from '../lib/async.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { createOutageLog } from '../lib/outage-log.ts'
import { endOfTurn } from '../lib/turn.ts'
import type { NewDelivery } from '../model/webhook.ts'
import type { Store } from '../store/contract.ts'
import type { WebhookStore } from '../store/webhooks.ts'
import { deliveriesOf } from './message.ts'

/** Opens the outbox of a server. Returns undefined if it has no webhooks. */
export const openOutbox = (
  { webhooks, clock, logger }: Pick<Settings, 'webhooks' | 'clock' | 'logger'>,
  store: Pick<Store, 'webhooks'>,
): Outbox | undefined => webhooks && createOutbox({ webhooks, store: store.webhooks, clock, logger })

/** What the outbox needs. */
export interface OutboxOptions {
  readonly webhooks: Pick<WebhookSettings, 'endpoints'>
  readonly store: Pick<WebhookStore, 'record' | 'insert'>
  readonly clock: Clock
  readonly logger: Logger
}

/** Keeps events in the store until webhooks have received them. */
export interface Outbox extends EventOutbox {
  /** Calls a listener when there are new messages. */
  onAdded(listener: (endpointIds: ReadonlySet<string>) => void): void
  /** Waits until the events that were added are stored, if the store is available and not too slow. Never throws. */
  settled(): Promise<void>
}

/** The most messages that wait for the store. */
const MAX_WAITING = 1_000
const MAX_BATCH_SIZE = 100

/** Creates the outbox of one process. */
export function createOutbox({ webhooks: { endpoints }, store, clock, logger }: OutboxOptions): Outbox {
  const subscribed = new Set(endpoints.flatMap(({ events }) => [...events]))
  const waiting: NewDelivery[] = []
  const listeners: ((endpointIds: ReadonlySet<string>) => void)[] = []
  const outage = createOutageLog(logger, {
    failed: 'Webhook messages cannot be stored',
    recovered: 'Webhook messages are stored again',
  })
  let dropped = 0
  const toDeliveries = (emissions: readonly Emission[]): readonly NewDelivery[] =>
    emissions.flatMap((emission) => deliveriesOf(endpoints, emission, clock.now()))
  const announce = (deliveries: readonly NewDelivery[]): void => {
    if (deliveries.length === 0) return
    const endpointIds = new Set(deliveries.map(({ endpointId }) => endpointId))
    for (const listener of listeners) listener(endpointIds)
  }

  /** Returns false if the batch must be tried again. */
  async function tryWrite(): Promise<boolean> {
    const batch = waiting.slice(0, MAX_BATCH_SIZE)
    try {
      await store.insert(batch)
    } catch (cause) {
      outage.failed(cause)
      return false
    }
    waiting.splice(0, batch.length)
    outage.recovered()
    announce(batch)
    return true
  }
  /** Waits for the end of the turn, so that one transaction has the events of all of its requests. */
  const storeWaiting = singleFlight(async () => {
    await endOfTurn()
    while (waiting.length > 0 && (await tryWrite()));
    if (dropped > 0) logger.log('warn', 'Dropped webhook messages', { dropped })
    dropped = 0
  })

  return {
    async commit(write, emissionsOf) {
      let deliveries: readonly NewDelivery[] = []
      const result = await store.record(write, (written) => {
        deliveries = toDeliveries(emissionsOf(written))
        return deliveries
      })
      announce(deliveries)
      return result
    },
    add(emission) {
      if (!subscribed.has(emission[0])) return
      const deliveries = toDeliveries([emission])
      if (waiting.length + deliveries.length > MAX_WAITING) dropped += deliveries.length
      else waiting.push(...deliveries)
      void storeWaiting()
    },
    onAdded: (listener) => void listeners.push(listener),
    settled: async () => {
      if (waiting.length > 0) await waitForShared(storeWaiting()).catch(() => undefined)
    },
  }
}
