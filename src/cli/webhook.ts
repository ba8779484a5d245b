import { systemClock } from '../lib/clock.ts'
import type { Delivery } from '../model/webhook.ts'
import {
  createWebhookManagement,
  type WebhookEndpointInfo,
  type WebhookManagement,
  type WebhookTestResult,
} from '../webhooks/management.ts'
import { CommandError, UsageError } from './errors.ts'
import { DEFAULT_LIMIT, limitRows, warnIfTruncated } from './listing.ts'
import { fields, print, printableLine, printJson, relativeTime, table } from './output.ts'
import { requireInstalled, settingsOf, withProject, type Project } from './project.ts'
import { timeOf } from './time-flag.ts'

/** The flags of `consulate webhook list`. */
export interface ListWebhooksFlags {
  readonly deliveries?: boolean
  readonly failed?: boolean
  readonly endpoint?: string
  readonly limit?: number
  readonly json?: boolean
}

/** The flags of `consulate webhook replay`. */
export interface ReplayFlags {
  readonly failed?: boolean
  readonly since?: string
  readonly endpoint?: string
  readonly json?: boolean
}

/** `consulate webhook list`: lists the endpoints of the configuration, or messages, newest first. */
export const listWebhooks = (flags: ListWebhooksFlags): Promise<void> =>
  withProject(async (project) => {
    await requireInstalled(project)
    const webhooks = managementOf(project)
    if (flags.deliveries || flags.failed) return listDeliveries(project, flags)
    if (flags.endpoint !== undefined) requireEndpoint(project, flags.endpoint)
    const endpoints = (await webhooks.list()).filter(({ id }) => (flags.endpoint ?? id) === id)
    if (flags.json) return printJson(endpoints.map(endpointJson))
    if (endpoints.length === 0) return print(`No webhook endpoints in ${project.source} (\`webhooks\`).`)
    print(...table(ENDPOINT_HEAD, endpoints.map(endpointRow)))
  })

async function listDeliveries(project: Project, flags: ListWebhooksFlags): Promise<void> {
  const { failed, endpoint, limit = DEFAULT_LIMIT, json } = flags
  const state = failed ? 'failed' : undefined
  const deliveries = await managementOf(project).deliveries({ endpoint, state, limit: limit + 1 })
  // An endpoint that was removed from the configuration may still have messages.
  if (endpoint !== undefined && deliveries.length === 0) requireEndpoint(project, endpoint)
  const listing = limitRows(deliveries, limit)
  const { rows } = listing
  if (json) printJson(rows.map(deliveryJson))
  else print(...(rows.length > 0 ? table(DELIVERY_HEAD, rows.map(deliveryRow)) : ['No messages.']))
  warnIfTruncated(listing, limit)
}

/** `consulate webhook test`: sends a signed test message, and shows the answer. Fails if it is not accepted. */
export const testWebhook = (
  endpointId: string,
  { json = false }: { readonly json?: boolean },
): Promise<void> =>
  withProject(async (project) => {
    await requireInstalled(project)
    requireEndpoint(project, endpointId)
    const result = await managementOf(project).test(endpointId)
    if (json) printJson(testJson(result))
    else print(...fields(testFields(result)))
    if (!result.isAccepted)
      throw new CommandError(`The endpoint did not accept the message: ${result.failure}.`)
  })

/** `consulate webhook replay`: has running servers send messages again. */
export async function replayWebhooks(id: string | undefined, flags: ReplayFlags): Promise<void> {
  const { failed = false, endpoint, json = false } = flags
  if ((id === undefined) !== failed) throw new UsageError('Pass a delivery ID, or --failed with --since.')
  const since = timeOf('--since', flags.since)
  if (failed && since === undefined) throw new UsageError('--failed requires --since.')
  await withProject(async (project) => {
    await requireInstalled(project)
    if (endpoint !== undefined) requireEndpoint(project, endpoint)
    const count = await managementOf(project).replay(
      id === undefined ? { since: since ?? 0, endpoint } : deliveryId(id),
    )
    if (id !== undefined && count === 0) throw await notReplayed(project, deliveryId(id))
    if (json) return printJson({ count })
    print(count === 1 ? 'A server will send 1 message again.' : `Servers will send ${count} messages again.`)
  })
}

async function notReplayed({ store }: Project, id: number): Promise<CommandError> {
  const delivery = await store.webhooks.find(id)
  if (delivery === undefined) return new CommandError(`No message with the ID "${id}".`)
  const isDue = delivery.dueAt <= Date.now()
  const next = isDue ? 'A running server sends it.' : `Its next attempt is ${relativeTime(delivery.dueAt)}.`
  return new CommandError(`Message ${id} is still pending. ${next}`)
}

function deliveryId(text: string): number {
  const id = Number(text)
  if (Number.isSafeInteger(id) && id > 0) return id
  throw new UsageError('The delivery ID must be a number. `consulate webhook list --deliveries` shows it.')
}

function requireEndpoint(project: Project, id: string): void {
  const known = settingsOf(project).webhooks?.endpoints.map((endpoint) => endpoint.id) ?? []
  if (known.includes(id)) return
  const ids = known.length > 0 ? ` It has: ${known.join(', ')}.` : ''
  throw new CommandError(`No webhook endpoint "${id}" in ${project.source}.${ids}`)
}

const managementOf = (project: Project): WebhookManagement =>
  createWebhookManagement({ ...settingsOf(project), store: project.store.webhooks, clock: systemClock })

const isoOrNull = (moment: number | null): string | null =>
  moment === null ? null : new Date(moment).toISOString()

const endpointJson = (endpoint: WebhookEndpointInfo): Readonly<Record<string, unknown>> => ({
  id: endpoint.id,
  url: endpoint.url,
  events: endpoint.events,
  disabled_at: isoOrNull(endpoint.disabledAt),
  pending: endpoint.pending,
  delivered: endpoint.delivered,
  failed: endpoint.failed,
  last_failure: endpoint.lastFailure && deliveryJson(endpoint.lastFailure),
})

const deliveryJson = (delivery: Delivery): Readonly<Record<string, unknown>> => ({
  id: delivery.id,
  message_id: delivery.messageId,
  endpoint: delivery.endpointId,
  event: delivery.event,
  state: delivery.state,
  attempts: delivery.attempts,
  status: delivery.status,
  failure: delivery.failure,
  created_at: isoOrNull(delivery.createdAt),
  next_attempt_at: delivery.state === 'pending' ? isoOrNull(delivery.dueAt) : null,
  finished_at: isoOrNull(delivery.finishedAt),
  body: JSON.parse(delivery.body) as unknown,
})

const testJson = (result: WebhookTestResult): Readonly<Record<string, unknown>> => ({
  accepted: result.isAccepted,
  message_id: result.messageId,
  status: result.status,
  failure: result.failure,
  duration_ms: result.duration,
  body: result.body,
})

const ENDPOINT_HEAD = ['ID', 'URL', 'State', 'Pending', 'Delivered', 'Failed', 'Last failure']

const endpointRow = (endpoint: WebhookEndpointInfo): readonly string[] => [
  endpoint.id,
  endpoint.url,
  endpoint.disabledAt === null ? 'enabled' : `disabled ${relativeTime(endpoint.disabledAt)}`,
  String(endpoint.pending),
  String(endpoint.delivered),
  String(endpoint.failed),
  endpoint.lastFailure ? `${endpoint.lastFailure.failure} (delivery ${endpoint.lastFailure.id})` : 'none',
]

const DELIVERY_HEAD = ['ID', 'Endpoint', 'Event', 'Created', 'State', 'Attempts', 'Failure']

const deliveryRow = (delivery: Delivery): readonly string[] => [
  String(delivery.id),
  delivery.endpointId,
  delivery.event,
  relativeTime(delivery.createdAt),
  delivery.state === 'pending' && delivery.attempts > 0
    ? `pending, next attempt ${relativeTime(delivery.dueAt)}`
    : delivery.state,
  String(delivery.attempts),
  delivery.failure ?? '',
]

const testFields = (result: WebhookTestResult): readonly (readonly [string, string])[] => [
  ['Message ID', result.messageId],
  ['Status', result.status === null ? 'none' : String(result.status)],
  ['Time', `${result.duration} ms`],
  ['Answer', printableLine(result.body.slice(0, 500))],
]
