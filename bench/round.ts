import type { Entrant } from './launch.ts'
import { openLoad } from './load/load.ts'
import { quantile } from './load/quantile.ts'
import { CONNECTIONS, type Row } from './rows.ts'
import type { PreparedRequest, Scenario } from './target.ts'

/** The measurements of one round. */
export interface Round {
  readonly requests: number
  /** Server CPU time per request in microseconds: user and system, all threads. */
  readonly cpu: number
  readonly perSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** How busy the server's core was, 0 to 1. Well below 1 if the load generator is the limit. */
  readonly busy: number
}

/** The number of codes for the first round, when the required number is unknown. */
const FIRST_GUESS = 3000

/** The same on a database server, where preparing them takes longer. */
const FIRST_GUESS_ON_SERVER = 500

/** Returns a function that runs one round of an entrant for a duration in ms. Rejects if a response is not 200. */
export function rounds(entrant: Entrant, row: Row): (duration: number) => Promise<Round> {
  let kept: readonly PreparedRequest[] | undefined
  let perSecond = 0

  /** 50% more than the last rate needs, because the first rounds are slower. */
  const needed = (duration: number): number => {
    if (row.count !== 'each') return row.count
    if (perSecond === 0) return row.server ? FIRST_GUESS_ON_SERVER : FIRST_GUESS
    return Math.ceil((1.5 * perSecond * duration) / 1000)
  }

  return async (duration) => {
    const requests = kept ?? (await prepare(entrant, row.scenario, needed(duration)))
    if (row.isKept) kept = requests
    const round = await measure(entrant, row, requests, duration)
    perSecond = round.perSecond
    return round
  }
}

async function prepare(
  entrant: Entrant,
  scenario: Scenario,
  count: number,
): Promise<readonly PreparedRequest[]> {
  const requests = await entrant.prepare(scenario, count)
  if (requests.length !== count) throw new Error(`prepared ${requests.length} of ${count} requests`)
  return requests
}

async function measure(entrant: Entrant, row: Row, requests: readonly PreparedRequest[], duration: number) {
  const feed = row.feed(requests)
  const load = await openLoad(entrant.port, CONNECTIONS)
  try {
    const before = await entrant.cpu()
    const results = await load.fire(feed, duration)
    return summarize(results.latencies, results.duration, (await entrant.cpu()) - before)
  } finally {
    load.close()
  }
}

function summarize(latencies: readonly number[], duration: number, microseconds: number): Round {
  const requests = latencies.length
  return {
    requests,
    cpu: microseconds / requests,
    perSecond: (requests * 1000) / duration,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    busy: microseconds / 1000 / duration,
  }
}
