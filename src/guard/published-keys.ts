import { unverifiedKeyId, verifyJws, type VerificationKey } from '../keys/jws.ts'
import { singleFlight } from '../lib/async.ts'
import type { Logger } from '../lib/log.ts'
import { createOutageLog } from '../lib/outage-log.ts'
import { createThrottledRefresh } from '../lib/throttled-refresh.ts'
import type { TokenVerifier } from './token.ts'
import { parseJwk } from './jwk.ts'

/** The public keys of an issuer. */
export interface PublishedKeys extends TokenVerifier {
  /** The number of trusted keys. */
  readonly size: number
  /** Why the last load failed. Undefined if it succeeded. */
  readonly problem: string | undefined
  /**
   * Loads the keys. Concurrent calls share one request. If the request fails, the method throws and the known keys stay
   * trusted. If the issuer publishes no usable key, it throws and no key is trusted: the issuer may have withdrawn them.
   */
  load(): Promise<void>
  /** Loads the keys now and every minute, or every 2 seconds after a failure. */
  start(): void
  close(): void
}

/** The maximum time that a withdrawn key stays trusted (ms). */
const REFRESH_INTERVAL = 60_000
const RETRY_INTERVAL = 2_000
/** The minimum time between two loads because of unknown keys (ms). */
const THROTTLE_INTERVAL = 3_000

/** Creates an empty key set. `fetchKeys` gets the issuer's JWK Set (RFC 7517 section 5). */
export function createPublishedKeys(fetchKeys: () => Promise<unknown>, logger: Logger): PublishedKeys {
  const outageLog = createOutageLog(logger, {
    failed: 'Issuer keys are unreachable',
    recovered: 'Issuer keys are reachable again',
  })
  const logProblems = createProblemLogger(logger)
  let keys: ReadonlyMap<string, VerificationKey> = new Map()
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  const load = singleFlight(() =>
    outageLog.watch(async () => {
      const parsed = await parseKeySet(await fetchKeys())
      logProblems(parsed.problems)
      keys = parsed.keys
      if (keys.size === 0) throw new Error('The issuer publishes no usable key')
    }),
  )
  const refresh = createThrottledRefresh(load, THROTTLE_INTERVAL)
  const loadRepeatedly = async (): Promise<void> => {
    await load().catch(() => {})
    if (isClosed) return
    const interval = outageLog.cause ? RETRY_INTERVAL : REFRESH_INTERVAL
    timer = setTimeout(() => void loadRepeatedly(), interval).unref()
  }

  return {
    get size() {
      return keys.size
    },
    get problem() {
      return outageLog.cause
    },
    load,
    start: () => void loadRepeatedly(),
    close() {
      isClosed = true
      clearTimeout(timer)
    },
    isTrusted: (kid) => keys.has(kid),
    async verify(token, type) {
      const kid = unverifiedKeyId(token)
      // The key may be new. If we cannot ask the issuer, the token may be valid, so we must not reject it.
      if (kid !== undefined && !keys.has(kid) && !(await refresh())) return 'unavailable'
      return verifyJws(token, type, keys)
    },
  }
}

/** Logs problems only when they change, because the keys are loaded every minute. */
function createProblemLogger(logger: Logger): (problems: readonly string[]) => void {
  let logged = ''
  return (problems) => {
    const why = [...new Set(problems)].toSorted().join('; ')
    if (why !== '' && why !== logged) {
      logger.log('warn', 'Some published keys cannot be used', { count: problems.length, why })
    }
    logged = why
  }
}

interface ParsedKeySet {
  readonly keys: ReadonlyMap<string, VerificationKey>
  readonly problems: readonly string[]
}

/** Keeps the usable keys. Others are ignored, as RFC 7517 section 5 recommends. */
async function parseKeySet(body: unknown): Promise<ParsedKeySet> {
  const list = typeof body === 'object' && body !== null && 'keys' in body ? body.keys : undefined
  if (!Array.isArray(list)) throw new Error('The issuer does not publish a JWK Set')
  const keys = new Map<string, VerificationKey>()
  const problems: string[] = []
  for (const jwk of list) {
    const result = await parseJwk(jwk)
    if ('problem' in result) problems.push(`a key ${result.problem}`)
    else if (!keys.has(result.kid)) keys.set(result.kid, result.key)
  }
  return { keys, problems }
}
