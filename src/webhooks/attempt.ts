import type { WebhookEndpoint } from '../config/webhooks.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/log.ts'
import { createOutageLog } from '../lib/outage-log.ts'
import type { Delivery } from '../model/webhook.ts'
import type { AttemptResult, WebhookStore } from '../store/webhooks.ts'
import { delayAfter } from './schedule.ts'
import { sendMessage, type SendResult } from './send.ts'

/** What attempts need. */
export interface AttemptsOptions {
  readonly endpoints: readonly WebhookEndpoint[]
  /** Milliseconds. */
  readonly timeout: number
  readonly store: Pick<WebhookStore, 'settle' | 'disable' | 'listDisabled'>
  readonly clock: Clock
  readonly logger: Logger
  /** Cancels the attempts in progress. */
  readonly signal: AbortSignal
}

/** Attempts to deliver messages. */
export interface Attempts {
  /** Sends a claimed message once, and records the result. Never throws. */
  run(endpoint: WebhookEndpoint, delivery: Delivery, claimId: string): Promise<void>
  /** Reads which endpoints are disabled: another process may have changed it. */
  readDisabled(): Promise<void>
}

/** RFC 9110 section 15.5.11: the endpoint wants no more requests. */
const GONE = 410

const DISABLED = 'the endpoint is disabled: it answered HTTP 410'

/** Creates the attempts of one node. */
export function createAttempts(options: AttemptsOptions): Attempts {
  const { endpoints, timeout, store, clock, logger, signal } = options
  let disabled: ReadonlySet<string> = new Set()
  const outages = new Map(endpoints.map(({ id }) => [id, createEndpointLog(logger, id)]))

  async function attempt(endpoint: WebhookEndpoint, delivery: Delivery): Promise<AttemptResult> {
    if (disabled.has(endpoint.id)) return failed(clock.now(), { status: null, failure: DISABLED })
    const result = await sendMessage(endpoint, delivery, { timeout, now: clock.now(), signal })
    const now = clock.now()
    // Another node may send it immediately. The next start of this one does.
    if (result.status === null && signal.aborted)
      return { state: 'pending', at: now, dueAt: now, status: null, failure: null }
    if (result.failure === null) {
      outages.get(endpoint.id)?.recovered()
      return { state: 'delivered', at: now, dueAt: now, status: result.status, failure: null }
    }
    outages.get(endpoint.id)?.failed(result.failure)
    if (result.status === GONE) await disable(endpoint, now)
    return retryOrFail(delivery, result, now)
  }

  async function disable({ id: endpointId, url }: WebhookEndpoint, disabledAt: number): Promise<void> {
    await store.disable({ endpointId, url, disabledAt })
    disabled = new Set([...disabled, endpointId])
    const fix = `consulate webhook test ${endpointId}`
    logger.log('error', 'Webhook endpoint disabled', { endpoint: endpointId, status: GONE, fix })
  }

  return {
    async run(endpoint, delivery, claimId) {
      try {
        const result = await attempt(endpoint, delivery)
        await store.settle(delivery.id, claimId, result)
        if (result.state === 'failed') logFailure(logger, delivery, result)
      } catch (cause) {
        // The claim expires, and the message is sent again.
        logger.log('warn', 'Webhook result not recorded', { delivery: delivery.id, cause: String(cause) })
      }
    },
    async readDisabled() {
      const urls = new Map(endpoints.map(({ id, url }) => [id, url]))
      const found = await store.listDisabled()
      disabled = new Set(
        found
          .filter(({ endpointId, url }) => urls.get(endpointId) === url)
          .map(({ endpointId }) => endpointId),
      )
    },
  }
}

type Failure = Pick<SendResult, 'status' | 'failure'>

const failed = (at: number, { status, failure }: Failure): AttemptResult => ({
  state: 'failed',
  at,
  dueAt: at,
  status,
  failure,
})

function retryOrFail({ attempts }: Delivery, result: SendResult, now: number): AttemptResult {
  const delay = result.status === GONE ? undefined : delayAfter(attempts, result.retryAfter)
  if (delay === undefined) return failed(now, result)
  const { status, failure } = result
  return { state: 'pending', at: now, dueAt: now + delay, status, failure }
}

/** Logs each cause once, however many messages fail. */
const createEndpointLog = (logger: Logger, endpoint: string) =>
  createOutageLog(
    { log: (level, message, fields) => logger.log(level, message, { endpoint, ...fields }) },
    { failed: 'Webhook endpoint failed', recovered: 'Webhook endpoint accepts messages again' },
  )

const logFailure = (
  logger: Logger,
  { id, endpointId, event, attempts }: Delivery,
  { failure }: AttemptResult,
): void =>
  logger.log('error', 'Webhook message failed', {
    endpoint: endpointId,
    delivery: id,
    event,
    attempts,
    failure,
  })
