import { EVENT_NAMES, type EventMap } from '../event-map.ts'
import type { Duration } from '../lib/duration.ts'
import type { OptionNames, Validator } from '../lib/validator.ts'
import { isPrivateTransport } from '../model/issuer.ts'

/** An endpoint that receives events. */
export interface WebhookEndpointConfig {
  /**
   * Names the endpoint on the command line and in the database: 1 to 64 letters, digits, `-` and `_`. Do not change it:
   * pending deliveries belong to this ID.
   */
  readonly id: string
  /** Where to send the events. Must use https; http is allowed for loopback addresses. Redirects are not followed. */
  readonly url: string
  /** The signing secret: `whsec_` and 24 to 64 bytes in Base64. Either this or `secrets` is required. */
  readonly secret?: string | undefined
  /** Several signing secrets, to replace one without losing an event: each request is signed with all of them. */
  readonly secrets?: readonly string[]
  /**
   * The events to send. Default: all except frequent ones (`token.issued`, `token.refreshed`), those that strangers can
   * cause (`sign-in.failed`, `sign-in.throttled`, `request.refused`), and those of the server itself (`keys.changed`,
   * `purge.completed`). `'all'` includes these too.
   */
  readonly events?: readonly (keyof EventMap)[] | 'all'
}

/** Webhooks: events as signed HTTP requests. */
export interface WebhooksConfig {
  /** Where to send events. Each endpoint has a queue of its own. */
  readonly endpoints: readonly WebhookEndpointConfig[]
  /** How long an endpoint may take to answer, at most a minute. Default `'15s'`. */
  readonly timeout?: Duration
  /** How often a node looks for messages of other processes, and for those to send again. Default `'1s'`. */
  readonly pollInterval?: Duration
  /** How long delivered messages are kept, so that they can be replayed. Default `'3d'`. */
  readonly keep?: Duration
  /** How long failed messages are kept, so that they can be replayed. Default `'30d'`. */
  readonly keepFailed?: Duration
}

/** A checked endpoint. */
export interface WebhookEndpoint {
  readonly id: string
  readonly url: string
  /** The decoded secrets, at least one. */
  readonly keys: readonly Buffer[]
  readonly events: ReadonlySet<keyof EventMap>
}

/** The checked option `webhooks`. Times in milliseconds. */
export interface WebhookSettings {
  readonly endpoints: readonly WebhookEndpoint[]
  readonly timeout: number
  readonly pollInterval: number
}

/** How long deliveries are kept after they were delivered or failed, in milliseconds. */
export interface WebhookRetention {
  readonly delivered: number
  readonly failed: number
}

/** Frequent events, events that strangers can cause as often as they like, and events of the server itself. */
const OPT_IN: ReadonlySet<keyof EventMap> = new Set<keyof EventMap>([
  'token.issued',
  'token.refreshed',
  'sign-in.failed',
  'sign-in.throttled',
  'request.refused',
  'keys.changed',
  'purge.completed',
])

const ID = /^[\w-]{1,64}$/
const MAX_TIMEOUT = 60_000
const MAX_POLL_INTERVAL = 3_600_000
const MAX_URL_LENGTH = 2048

const WEBHOOKS: OptionNames<WebhooksConfig> = {
  endpoints: true,
  timeout: true,
  pollInterval: true,
  keep: true,
  keepFailed: true,
}
const ENDPOINT: OptionNames<WebhookEndpointConfig> = {
  id: true,
  url: true,
  secret: true,
  secrets: true,
  events: true,
}

/** Returns undefined if there are no webhooks. */
export function resolveWebhooks(
  given: WebhooksConfig | undefined,
  validator: Validator,
): WebhookSettings | undefined {
  if (given === undefined) return undefined
  validator.knownOptions('webhooks', given, WEBHOOKS)
  const timeout = validator.duration('webhooks.timeout', given.timeout ?? '15s')
  if (timeout > MAX_TIMEOUT) validator.problem('webhooks.timeout', 'must be at most 60 seconds')
  const pollInterval = validator.duration('webhooks.pollInterval', given.pollInterval ?? '1s')
  if (pollInterval > MAX_POLL_INTERVAL) validator.problem('webhooks.pollInterval', 'must be at most an hour')
  const endpoints = resolveEndpoints(given.endpoints, validator)
  return endpoints.length > 0 ? { endpoints, timeout, pollInterval } : undefined
}

/** The command line needs it too, without the rest of the configuration. */
export const resolveWebhookRetention = (
  { keep = '3d', keepFailed = '30d' }: Pick<WebhooksConfig, 'keep' | 'keepFailed'> = {},
  validator: Validator,
): WebhookRetention => ({
  delivered: validator.duration('webhooks.keep', keep),
  failed: validator.duration('webhooks.keepFailed', keepFailed),
})

function resolveEndpoints(
  given: WebhooksConfig['endpoints'],
  validator: Validator,
): readonly WebhookEndpoint[] {
  if (!Array.isArray(given)) {
    validator.problem('webhooks.endpoints', 'must be an array')
    return []
  }
  const ids = new Set<string>()
  return (given as readonly WebhookEndpointConfig[]).map((endpoint, index) => {
    const path = `webhooks.endpoints[${index}]`
    validator.knownOptions(path, endpoint ?? null, ENDPOINT)
    const { id, url } = endpoint ?? {}
    if (typeof id !== 'string' || !ID.test(id))
      validator.problem(`${path}.id`, 'must have 1 to 64 letters, digits, - and _')
    if (ids.has(id)) validator.problem(`${path}.id`, 'is used by another endpoint')
    ids.add(id)
    const problem = urlProblem(url)
    if (problem !== undefined) validator.problem(`${path}.url`, problem)
    return {
      id,
      url,
      keys: resolveSecrets(endpoint ?? {}, path, validator),
      events: resolveEvents(endpoint?.events, path, validator),
    }
  })
}

/** The operator chooses the URL, so it may lead to an internal address. */
function urlProblem(text: unknown): string | undefined {
  const url = typeof text === 'string' && text.length <= MAX_URL_LENGTH ? URL.parse(text) : null
  if (!url) return `must be an absolute URL of at most ${MAX_URL_LENGTH} characters`
  if (!isPrivateTransport(url)) return 'must use https (http is allowed for loopback addresses only)'
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password'
  return url.hash === '' ? undefined : 'must not have a fragment'
}

function resolveSecrets(
  { secret, secrets }: Pick<WebhookEndpointConfig, 'secret' | 'secrets'>,
  path: string,
  validator: Validator,
): readonly Buffer[] {
  if (secret !== undefined && secrets !== undefined)
    validator.problem(`${path}.secret`, 'must be omitted if there are secrets')
  const given: readonly unknown[] | undefined = secret === undefined ? secrets : [secret]
  if (!Array.isArray(given) || given.length === 0) {
    validator.problem(`${path}.secret`, 'is missing. Create one with: echo whsec_$(openssl rand -base64 32)')
    return []
  }
  return given.map((each: unknown, index) => {
    const key = decodeSecret(each)
    if (!key)
      validator.problem(
        secret === undefined ? `${path}.secrets[${index}]` : `${path}.secret`,
        'must be whsec_ followed by 24 to 64 bytes in Base64',
      )
    return key ?? Buffer.alloc(0)
  })
}

/** Decodes a secret of Standard Webhooks. Returns undefined if it is malformed, too short or too long. */
function decodeSecret(secret: unknown): Buffer | undefined {
  const encoded = typeof secret === 'string' && /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1]
  if (!encoded) return undefined
  const key = Buffer.from(encoded, 'base64')
  const isCanonical = key.toString('base64').replace(/=+$/, '') === encoded.replace(/=+$/, '')
  return isCanonical && key.length >= 24 && key.length <= 64 ? key : undefined
}

function resolveEvents(
  given: WebhookEndpointConfig['events'],
  path: string,
  validator: Validator,
): ReadonlySet<keyof EventMap> {
  if (given === 'all') return new Set(EVENT_NAMES)
  if (given === undefined) return new Set(EVENT_NAMES.filter((name) => !OPT_IN.has(name)))
  if (!Array.isArray(given) || given.length === 0) {
    validator.problem(`${path}.events`, "must be 'all' or a non-empty array of event names")
    return new Set()
  }
  const names = given as readonly (keyof EventMap)[]
  for (const [index, name] of names.entries()) {
    if (!EVENT_NAMES.includes(name))
      validator.problem(`${path}.events[${index}]`, `is not an event. Use one of: ${EVENT_NAMES.join(', ')}`)
  }
  return new Set(names)
}
