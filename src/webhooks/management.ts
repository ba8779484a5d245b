import type { WebhookSettings } from '../config/webhooks.ts'
import { ConfigError } from '../errors.ts'
import type { EventMap } from '../event-map.ts'
import type { Clock } from '../lib/clock.ts'
import type { Delivery, DeliveryState } from '../model/webhook.ts'
import type { WebhookStore } from '../store/webhooks.ts'
import { bodyOf, newMessageId } from './message.ts'
import { sendMessage } from './send.ts'

/** An endpoint from the configuration, with what the outbox has for it. Times in milliseconds since 1970. */
export interface WebhookEndpointInfo {
  readonly id: string
  readonly url: string
  readonly events: readonly (keyof EventMap)[]
  /** When it answered 410 and was disabled. Null if it is not. */
  readonly disabledAt: number | null
  /** The number of messages that were not accepted yet. */
  readonly pending: number
  readonly delivered: number
  readonly failed: number
  /** The newest message whose last attempt failed. Null if there is none. */
  readonly lastFailure: Delivery | null
}

/** Which messages to list. */
export interface DeliveryFilter {
  /** The ID of an endpoint. Default: all. */
  readonly endpoint?: string | undefined
  readonly state?: DeliveryState | undefined
  /** Leaves out those that were created earlier, in milliseconds since 1970. */
  readonly since?: number | undefined
  /** The ID of the last message of the previous page. */
  readonly before?: number | undefined
  /** Default 100. */
  readonly limit?: number | undefined
}

/** Which failed messages to send again. */
export interface FailedDeliveries {
  /** Leaves out those that were created earlier, in milliseconds since 1970. */
  readonly since: number
  /** The ID of an endpoint. Default: all. */
  readonly endpoint?: string | undefined
}

/** The answer of an endpoint to a test. */
export interface WebhookTestResult {
  /** Whether the endpoint accepted the message, with a status from 200 to 299. */
  readonly isAccepted: boolean
  /** The `webhook-id` of the message. */
  readonly messageId: string
  /** The HTTP status, or null if there was no answer. */
  readonly status: number | null
  /** Why it was not accepted. Null if it was. */
  readonly failure: string | null
  /** The first 4096 bytes of the answer. */
  readonly body: string
  /** Milliseconds. */
  readonly duration: number
}

/** Manages webhooks. */
export interface WebhookManagement {
  /** Lists the endpoints of the configuration, in its order. */
  list(): Promise<readonly WebhookEndpointInfo[]>
  /** Lists messages, newest first. */
  deliveries(filter?: DeliveryFilter): Promise<readonly Delivery[]>
  /**
   * Sends a signed message of the type `webhook.test` to an endpoint now, once. If the endpoint accepts it and was disabled,
   * enables it.
   *
   * @throws ConfigError if the configuration has no endpoint with this ID
   */
  test(endpointId: string): Promise<WebhookTestResult>
  /**
   * Sends a delivered or failed message again, with the same `webhook-id`, or all that failed since a time. Returns how many
   * will be sent: 0 if the message is unknown or still pending.
   */
  replay(messages: number | FailedDeliveries): Promise<number>
}

/** What the management needs. */
export interface ManagementOptions {
  /** Undefined if there are no webhooks. */
  readonly webhooks: WebhookSettings | undefined
  readonly store: WebhookStore
  readonly clock: Clock
}

const DEFAULT_LIMIT = 100

/** Creates the management of webhooks, for a server and for the command line. */
export function createWebhookManagement({ webhooks, store, clock }: ManagementOptions): WebhookManagement {
  const endpoints = webhooks?.endpoints ?? []
  const find = (id: string) => {
    const endpoint = endpoints.find((each) => each.id === id)
    if (endpoint) return endpoint
    const known = endpoints.map((each) => each.id).join(', ') || 'none'
    throw new ConfigError([
      { path: 'webhooks.endpoints', message: `has no ${JSON.stringify(id)}, only: ${known}` },
    ])
  }
  return {
    async list() {
      const disabled = new Map((await store.listDisabled()).map((each) => [each.endpointId, each]))
      const summaries = new Map((await store.summarize()).map((each) => [each.endpointId, each]))
      return Promise.all(
        endpoints.map(async ({ id, url, events }) => {
          const { pending = 0, delivered = 0, failed = 0, lastFailureId = null } = summaries.get(id) ?? {}
          const lastFailure = lastFailureId === null ? undefined : await store.find(lastFailureId)
          const entry = disabled.get(id)
          const disabledAt = entry?.url === url ? entry.disabledAt : null
          const counts = { pending, delivered, failed }
          return { id, url, events: [...events], disabledAt, ...counts, lastFailure: lastFailure ?? null }
        }),
      )
    },
    deliveries: async ({ endpoint, limit = DEFAULT_LIMIT, ...filter } = {}) =>
      store.list({ ...filter, endpointId: endpoint, limit }),
    async test(endpointId) {
      const endpoint = find(endpointId)
      const [now, startedAt] = [clock.now(), performance.now()]
      const message = { messageId: newMessageId(), body: bodyOf('webhook.test', { endpointId }, now) }
      const result = await sendMessage(endpoint, message, { timeout: webhooks?.timeout ?? 0, now })
      const { status, failure, text: body } = result
      if (failure === null) await store.enable(endpointId)
      const duration = Math.round(performance.now() - startedAt)
      return {
        isAccepted: failure === null,
        messageId: message.messageId,
        status,
        failure,
        body,
        duration,
      }
    },
    async replay(messages) {
      if (typeof messages === 'number') return (await store.replay(messages, clock.now())) ? 1 : 0
      const { since, endpoint } = messages
      if (!Number.isFinite(since))
        throw new ConfigError([{ path: 'since', message: 'must be a time in milliseconds since 1970' }])
      return store.replayFailed({ since, endpointId: endpoint }, clock.now())
    },
  }
}
