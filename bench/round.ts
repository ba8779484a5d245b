import type { Entrant } from './launch.ts'
import { openLoad } from './load/load.ts'
import { CONNECTIONS, type Row } from './rows.ts'
import type { PreparedRequest, Scenario } from './target.ts'

/** What one round has measured. */
export interface Round {
  readonly requests: number
  /** CPU of the server per request, user and system, all threads: microseconds. */
  readonly cpu: number
  readonly perSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** The share of the round in which the server's core worked, 0 to 1; well below 1 where the load is the limit. */
  readonly busy: number
}

/** How many codes the first round gets, before anybody knows how many it needs. */
const FIRST_GUESS = 3000

/** The rounds of one entrant in one row: call it for each, with the duration in ms. Rejects where an answer is not 200. */
export function rounds(entrant: Entrant, row: Row): (duration: number) => Promise<Round> {
  let kept: readonly PreparedRequest[] | undefined
  let perSecond = 0

  /** Half as much again as the last rate needs, since the first rounds are slower than the later. */
  const needed = (duration: number): number => {
    if (row.count !== 'each') return row.count
    return perSecond === 0 ? FIRST_GUESS : Math.ceil((1.5 * perSecond * duration) / 1000)
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
  if (requests.length !== count) throw new Error(`it prepared ${requests.length} requests of ${count}`)
  return requests
}

async function measure(entrant: Entrant, row: Row, requests: readonly PreparedRequest[], duration: number) {
  const feed = row.feed(requests)
  const load = await openLoad(entrant.port, CONNECTIONS)
  try {
    const before = await entrant.cpu()
    const volley = await load.fire(feed, duration)
    return summarize(volley.latencies, volley.duration, (await entrant.cpu()) - before)
  } finally {
    load.close()
  }
}

function summarize(latencies: readonly number[], duration: number, microseconds: number): Round {
  const sorted = Float64Array.from(latencies).toSorted()
  const requests = sorted.length
  const quantile = (share: number): number => sorted[Math.floor(share * (requests - 1))] ?? 0
  return {
    requests,
    cpu: microseconds / requests,
    perSecond: (requests * 1000) / duration,
    p50: quantile(0.5),
    p99: quantile(0.99),
    busy: microseconds / 1000 / duration,
  }
}
