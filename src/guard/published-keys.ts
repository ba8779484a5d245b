import { unverifiedKeyId, verifyJws, type VerificationKey } from '../keys/jws.ts'
import type { Logger } from '../lib/log.ts'
import { singleFlight } from '../lib/async.ts'
import { createOutageLog } from '../lib/outage-log.ts'
import type { TokenVerifier } from './guard.ts'
import { readJwk } from './jwk.ts'
import { setTimeout as sleep } from 'node:timers/promises'

/** The issuer's keys as it publishes them. */
export interface PublishedKeys extends TokenVerifier {
  /** How many are trusted. */
  readonly size: number
  /** Why they could not be read last; undefined where they could. */
  readonly problem: string | undefined
  /**
   * Reads them now; calls at the same time share one read. Throws where that fails, and keeps those of before; throws too
   * where the issuer publishes none that can be used, and trusts none then: it may have taken them all away.
   */
  load(): Promise<void>
  /** Begins to read them again every minute, after a failure every other second. */
  start(): void
  close(): void
}

/** How long a key that the issuer took away is still trusted, at the most (ms). */
const REFRESH_INTERVAL = 60_000
const RETRY_INTERVAL = 2_000

/** Makes an empty set of keys. `read` fetches the issuer's JWK set (RFC 7517 section 5). */
export function createPublishedKeys(read: () => Promise<unknown>, logger: Logger): PublishedKeys {
  const outageLog = createOutageLog(logger, {
    failed: 'Issuer keys are unreachable',
    recovered: 'Issuer keys are reachable again',
  })
  const complain = createProblemLogger(logger)
  let keys: ReadonlyMap<string, VerificationKey> = new Map()
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  const load = singleFlight(() =>
    outageLog.watch(async () => {
      const reading = await readKeySet(await read())
      complain(reading.problems)
      keys = reading.keys
      if (keys.size === 0) throw new Error('The issuer publishes no key that can be used')
    }),
  )
  const canTell = createThrottledRefresh(load)
  const keepUp = async (): Promise<void> => {
    await load().catch(() => {})
    if (isClosed) return
    timer = setTimeout(() => void keepUp(), outageLog.cause ? RETRY_INTERVAL : REFRESH_INTERVAL).unref()
  }

  return {
    get size() {
      return keys.size
    },
    get problem() {
      return outageLog.cause
    },
    load,
    start: () => void keepUp(),
    close() {
      isClosed = true
      clearTimeout(timer)
    },
    isTrusted: (kid) => keys.has(kid),
    async verify(token, type) {
      const kid = unverifiedKeyId(token)
      // A key that was just put in use must be looked for; while that fails, nobody can say that the token is bad.
      if (kid !== undefined && !keys.has(kid) && !(await canTell())) return 'unavailable'
      return verifyJws(token, type, keys)
    },
  }
}

/** Tells what is wrong with single keys, once for as long as it stays the same: they are read again every minute. */
function createProblemLogger(logger: Logger): (problems: readonly string[]) => void {
  let known = ''
  return (problems) => {
    const why = [...new Set(problems)].toSorted().join('; ')
    if (why !== '' && why !== known) {
      logger.log('warn', 'Some published keys cannot be used', { count: problems.length, why })
    }
    known = why
  }
}

interface Reading {
  readonly keys: ReadonlyMap<string, VerificationKey>
  readonly problems: readonly string[]
}

/** What can be used of a JWK set, and why the rest is left out (RFC 7517 section 5). */
async function readKeySet(body: unknown): Promise<Reading> {
  const list = typeof body === 'object' && body !== null && 'keys' in body ? body.keys : undefined
  if (!Array.isArray(list)) throw new Error('What the issuer publishes is no JWK set')
  const keys = new Map<string, VerificationKey>()
  const problems: string[] = []
  for (const jwk of list) {
    const reading = await readJwk(jwk)
    if ('problem' in reading) problems.push(`one ${reading.problem}`)
    else if (!keys.has(reading.kid)) keys.set(reading.kid, reading.key)
  }
  return { keys, problems }
}

/** Unknown keys in tokens cost the issuer no more than a request in this time (ms). */
const INTERVAL = 3_000
/** How many requests wait for the next look. */
const MOST_WAITING = 100

/**
 * Looks for a key that nobody knows yet: whether it can be told afterwards that there is none. A look that comes too
 * early waits for its time, and all who wait share it, so that an honest token of a key that was just put in use is
 * never called invalid, and a flood of invented ones reaches nobody. While looking fails, nobody waits.
 */
export function createThrottledRefresh(load: () => Promise<void>): () => Promise<boolean> {
  let next: Promise<boolean> | undefined
  let hasFailed = false
  let notBefore = 0
  let waiting = 0

  async function look(): Promise<boolean> {
    await sleep(Math.max(0, notBefore - performance.now()), undefined, { ref: false })
    notBefore = performance.now() + INTERVAL
    hasFailed = await load().then(
      () => false,
      () => true,
    )
    next = undefined
    return !hasFailed
  }

  return async () => {
    const isEarly = !next && performance.now() < notBefore
    if ((hasFailed && isEarly) || waiting >= MOST_WAITING) return false
    waiting += 1
    try {
      return await (next ??= look())
    } finally {
      waiting -= 1
    }
  }
}
