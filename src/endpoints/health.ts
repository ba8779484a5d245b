import type { Logger } from '../lib/log.ts'
import { singleFlight } from '../lib/async.ts'
import type { Services } from './services.ts'

/** How a server stands. */
export interface Health {
  /** Whether it can answer requests: every check holds. */
  readonly isReady: boolean
  readonly checks: {
    /** Its secrets and tables are as they must be. */
    readonly started: boolean
    /** The database answers. */
    readonly store: boolean
    /** It knows what is revoked, as fresh as `maxStaleness` wants. */
    readonly revocations: boolean
  }
  /** Why a check does not hold, in words for whoever runs the server; empty where all is well. */
  readonly problems: readonly string[]
}

/** What a look at a server's health needs. */
export interface HealthOptions {
  /** Starts the server where it has not. */
  readonly start: () => Promise<Services>
  readonly logger: Logger
}

/** Nobody waits longer for an answer (ms): whoever asks for health gives up after a few seconds anyway. */
const PATIENCE = 2_000
/** How long an answer is good for (ms), so that asking often costs no queries. */
const REMEMBERED = 500

/**
 * Makes the look at a server's health. It starts the server, asks the database one question, and answers within two
 * seconds. That it is not ready is logged once for each reason, and once that it is again.
 */
export function createHealth({ start, logger }: HealthOptions): () => Promise<Health> {
  let latest: { readonly health: Health; readonly at: number } | undefined
  let told = ''
  const look = singleFlight(async () => {
    const health = await examine(start)
    const reason = health.problems.join('; ')
    if (reason !== told) tell(logger, reason)
    told = reason
    latest = { health, at: performance.now() }
    return health
  })
  return async () => (latest && performance.now() - latest.at < REMEMBERED ? latest.health : look())
}

function tell(logger: Logger, cause: string): void {
  if (cause === '') logger.log('info', 'The server is ready again')
  else logger.log('error', 'The server is not ready', { cause })
}

const NOT_STARTED = { started: false, store: false, revocations: false } as const

async function examine(start: HealthOptions['start']): Promise<Health> {
  const outcome = await attempt(start)
  if ('problem' in outcome) {
    return { isReady: false, checks: NOT_STARTED, problems: [`it cannot start: ${outcome.problem}`] }
  }
  const { store, feed } = outcome.value
  // No client has an empty id: the cheapest question there is.
  const answer = await attempt(() => store.clients.find(''))
  const checks = { started: true, store: !('problem' in answer), revocations: feed.isFresh() }
  const problems = [
    ...('problem' in answer ? [`the database does not answer: ${answer.problem}`] : []),
    ...(checks.revocations ? [] : [`the revocations are stale: ${feed.problem ?? 'no poll has ended'}`]),
  ]
  return { isReady: problems.length === 0, checks, problems }
}

type Outcome<Value> = { readonly value: Value } | { readonly problem: string }

async function attempt<Value>(work: () => Promise<Value>): Promise<Outcome<Value>> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<Outcome<Value>>((resolve) => {
    timer = setTimeout(() => resolve({ problem: `no answer within ${PATIENCE} ms` }), PATIENCE)
  })
  const outcome = work().then(
    (value) => ({ value }),
    (cause: unknown) => ({ problem: String(cause) }),
  )
  return Promise.race([outcome, patience]).finally(() => clearTimeout(timer))
}
