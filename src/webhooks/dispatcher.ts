import type { Settings } from '../config/settings.ts'
import type { WebhookEndpoint, WebhookSettings } from '../config/webhooks.ts'
import { CLOCK_TOLERANCE, type Clock } from '../lib/clock.ts'
import { runOutsideRequest } from '../lib/database-wait.ts'
import { randomId } from '../lib/hash.ts'
import { repeat } from '../jobs/repeat.ts'
import type { Logger } from '../lib/log.ts'
import { createOutageLog } from '../lib/outage-log.ts'
import type { Store } from '../store/contract.ts'
import type { WebhookStore } from '../store/webhooks.ts'
import { createAttempts } from './attempt.ts'
import type { Outbox } from './outbox.ts'

/** What the delivery of messages needs. */
export interface DispatcherOptions {
  readonly webhooks: WebhookSettings
  readonly store: WebhookStore
  readonly outbox: Pick<Outbox, 'onAdded' | 'settled'>
  readonly clock: Clock
  readonly logger: Logger
}

/** Sends messages to their endpoints. */
export interface Dispatcher {
  /** Stops. Cancels the requests in progress: the next node to see their messages sends them again. */
  close(): Promise<void>
}

/** How many requests a node sends to one endpoint at a time, so that a slow one occupies no more. */
const CONCURRENCY = 5

/** What the messages of a server are sent from. */
interface Parts {
  readonly settings: Pick<Settings, 'webhooks' | 'clock' | 'logger'>
  readonly store: Pick<Store, 'webhooks'>
  readonly outbox: Outbox | undefined
}

/** Starts to send the messages of a server. Returns undefined if it has no webhooks. */
export const openDispatcher = ({
  settings: { webhooks, clock, logger },
  store,
  outbox,
}: Parts): Dispatcher | undefined =>
  webhooks && outbox && startDispatcher({ webhooks, store: store.webhooks, outbox, clock, logger })

/**
 * Starts to send messages. Each endpoint has a queue of its own. Every node does this: it claims a message for as long as
 * an attempt can take, and for clocks that differ.
 */
function startDispatcher({ webhooks, store, outbox, clock, logger }: DispatcherOptions): Dispatcher {
  const closing = new AbortController()
  const lease = webhooks.timeout + CLOCK_TOLERANCE
  const outage = createOutageLog(logger, {
    failed: 'Webhook messages cannot be read',
    recovered: 'Webhook messages are read again',
  })
  const attempts = createAttempts({ ...webhooks, store, clock, logger, signal: closing.signal })
  const claim = (endpoint: WebhookEndpoint, limit: number, claimId: string) => {
    const now = clock.now()
    return store.claim({ endpointId: endpoint.id, now, until: now + lease, limit, claimId })
  }

  function createQueue(endpoint: WebhookEndpoint) {
    const running = new Set<Promise<void>>()
    let filling = Promise.resolve()
    let isFilling = false
    let mustFill = false
    async function claimNext(): Promise<void> {
      const claimId = randomId()
      for (const delivery of await claim(endpoint, CONCURRENCY - running.size, claimId)) {
        const attempt: Promise<void> = attempts.run(endpoint, delivery, claimId).finally(() => {
          running.delete(attempt)
          void fill()
        })
        running.add(attempt)
      }
      outage.recovered()
    }
    async function claimAll(): Promise<void> {
      isFilling = true
      while (mustFill && running.size < CONCURRENCY && !closing.signal.aborted) {
        mustFill = false
        await claimNext().catch(outage.failed)
      }
      isFilling = false
    }
    /** Claims as many messages as can be sent now. */
    function fill(): Promise<void> {
      mustFill = true
      if (!isFilling) filling = runOutsideRequest(claimAll)
      return filling
    }
    async function close(): Promise<void> {
      await filling
      await Promise.all(running)
    }
    return { fill, close }
  }

  const queues = new Map(webhooks.endpoints.map((endpoint) => [endpoint.id, createQueue(endpoint)]))
  outbox.onAdded((endpointIds) => {
    for (const id of endpointIds) void queues.get(id)?.fill()
  })
  async function poll(): Promise<void> {
    await outbox.settled()
    await attempts.readDisabled().catch(outage.failed)
    for (const { fill } of queues.values()) await fill()
  }
  void poll()
  const stop = repeat({ name: 'Webhooks', wait: () => webhooks.pollInterval, work: poll, logger })
  return {
    async close() {
      closing.abort()
      await stop()
      for (const { close } of queues.values()) await close()
      await outbox.settled()
    },
  }
}
