import { createHmac } from 'node:crypto'
import type { WebhookEndpoint } from '../config/webhooks.ts'
import type { EventMap } from '../event-map.ts'
import type { Emission } from '../events.ts'
import { toSeconds } from '../lib/clock.ts'
import { randomId } from '../lib/hash.ts'
import type { NewDelivery } from '../model/webhook.ts'

/** What a message is about: an event, or a test by `consulate webhook test`. */
export type MessageType = keyof EventMap | 'webhook.test'

/** Returns the ID of a new message, for the header `webhook-id`. */
export const newMessageId = (): string => `msg_${randomId()}`

/** Returns the body of a message: `{ type, timestamp, data }`, in the form of Standard Webhooks. */
export const bodyOf = (type: MessageType, payload: object, now: number): string =>
  JSON.stringify({ type, timestamp: new Date(now).toISOString(), data: toWire(payload) })

/** Returns a delivery for each endpoint that receives the event. */
export function deliveriesOf(
  endpoints: readonly WebhookEndpoint[],
  [event, payload]: Emission,
  now: number,
): readonly NewDelivery[] {
  const receivers = endpoints.filter(({ events }) => events.has(event))
  if (receivers.length === 0) return []
  const message = { messageId: newMessageId(), event, body: bodyOf(event, payload, now), createdAt: now }
  return receivers.map(({ id: endpointId }) => ({ ...message, endpointId }))
}

/** Names become snake_case, and moments become seconds, as in all JSON that the server sends. */
function toWire(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toWire)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      name.endsWith('At') && typeof field === 'number' ? toSeconds(field) : toWire(field),
    ]),
  )
}

/**
 * Returns the signed headers of an attempt (Standard Webhooks): one signature for each secret. The timestamp is that of the
 * attempt, so that receivers can reject old requests.
 */
export function signedHeaders(
  keys: readonly Buffer[],
  { messageId, body }: Pick<NewDelivery, 'messageId' | 'body'>,
  now: number,
): Readonly<Record<string, string>> {
  const timestamp = String(toSeconds(now))
  const content = `${messageId}.${timestamp}.${body}`
  const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`)
  return {
    'webhook-id': messageId,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  }
}
