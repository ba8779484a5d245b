import type { Logger } from '../lib/log.ts'
import { singleFlight } from '../lib/async.ts'
import type { Services } from './services.ts'

/** The health of a server. */
export interface Health {
  /** True if the server can handle requests: every check passed, and it is not stopping. */
  readonly isReady: boolean
  readonly checks: {
    /** It has started: its secrets, tables and users are valid. */
    readonly started: boolean
    /** The database responds. */
    readonly store: boolean
    /** Its copy of the revocations is no older than `maxStaleness`. */
    readonly revocations: boolean
  }
  /**
   * Whether revocations reach the other nodes immediately. Does not affect readiness: while it is `disconnected`, nodes
   * poll the store. `none` without `broadcast` in the configuration, or before the server has started.
   */
  readonly broadcast: 'connected' | 'disconnected' | 'none'
  /** True after `server.drain()`. */
  readonly isStopping: boolean
  /** Why checks failed, for the operator. Empty if all passed. */
  readonly problems: readonly string[]
}

export interface HealthOptions {
  /** Starts the server unless it is already running. */
  readonly start: () => Promise<Services>
  readonly logger: Logger
}

/** How long a check may take (ms). Probes give up after a few seconds. */
const TIMEOUT = 2_000
/** How long a result is cached (ms), so that frequent probes cost no queries. */
const CACHED = 500

/** The health check of a server. */
export interface HealthCheck {
  (): Promise<Health>
  /** From now on, the server is not ready. */
  drain(): void
}

/**
 * Creates the health check. It starts the server, sends one query and resolves within two seconds. Each reason for not
 * being ready is logged once, and so is the recovery.
 */
export function createHealth({ start, logger }: HealthOptions): HealthCheck {
  let isStopping = false
  let latest: { readonly health: Health; readonly at: number } | undefined
  let loggedReason = ''
  const check = singleFlight(async () => {
    const health = await examine(start)
    const reason = health.problems.join('; ')
    if (reason !== loggedReason) logChange(logger, reason)
    loggedReason = reason
    latest = { health, at: performance.now() }
    return health
  })
  const current = async (): Promise<Health> =>
    latest && performance.now() - latest.at < CACHED ? latest.health : check()
  const health = async (): Promise<Health> => {
    const found = await current()
    if (!isStopping) return found
    return { ...found, isReady: false, isStopping, problems: ['the server is stopping', ...found.problems] }
  }
  return Object.assign(health, { drain: () => void (isStopping = true) })
}

function logChange(logger: Logger, cause: string): void {
  if (cause === '') logger.log('info', 'Server is ready again')
  else logger.log('error', 'Server is not ready', { cause })
}

const NOT_STARTED = { started: false, store: false, revocations: false } as const

async function examine(start: HealthOptions['start']): Promise<Health> {
  const outcome = await attempt(start)
  if ('problem' in outcome) {
    const problems = [`the server cannot start: ${outcome.problem}`]
    return { isReady: false, checks: NOT_STARTED, broadcast: 'none', isStopping: false, problems }
  }
  const { store, feed, broadcast, settings } = outcome.value
  // The cheapest query: no client has an empty id.
  const response = await attempt(() => store.clients.find(''))
  const checks = { started: true, store: !('problem' in response), revocations: feed.isFresh() }
  const problems = [
    ...('problem' in response ? [`the database does not respond: ${response.problem}`] : []),
    ...(checks.revocations ? [] : [`revocations are stale: ${feed.problem ?? 'no poll has completed'}`]),
  ]
  const state = broadcast.problem === undefined ? 'connected' : 'disconnected'
  return {
    isReady: problems.length === 0,
    checks,
    broadcast: settings.broadcast ? state : 'none',
    isStopping: false,
    problems,
  }
}

type Outcome<Value> = { readonly value: Value } | { readonly problem: string }

async function attempt<Value>(work: () => Promise<Value>): Promise<Outcome<Value>> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<Outcome<Value>>((resolve) => {
    timer = setTimeout(() => resolve({ problem: `no response within ${TIMEOUT} ms` }), TIMEOUT)
  })
  const outcome = work().then(
    (value) => ({ value }),
    (cause: unknown) => ({ problem: String(cause) }),
  )
  return Promise.race([outcome, timeout]).finally(() => clearTimeout(timer))
}
