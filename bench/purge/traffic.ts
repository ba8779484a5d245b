import { setTimeout as sleep } from 'node:timers/promises'
import type { Entrant } from '../launch.ts'
import { pace } from '../load/pace.ts'
import { openPool, type Pool } from '../load/pool.ts'
import { chain, cycle, type Shot } from '../load/feed.ts'
import type { PreparedRequest } from '../target.ts'

/** Latencies of each kind of request (ms). */
export interface Latencies {
  readonly calls: readonly number[]
  readonly clientCredentials: readonly number[]
  readonly refreshes: readonly number[]
}

/** Sends a mix of requests for a while (ms). Rejects if one is refused. */
export type Traffic = (duration: number) => Promise<Latencies>

/** The shares of the kinds of requests. */
const SHARES = { calls: 0.6, clientCredentials: 0.2, refreshes: 0.2 } as const
const CONNECTIONS = 16
/** Clients that refresh in turn. */
const CHAINS = 100

/** Prepares the requests, so many a second in all. */
export async function openTraffic(
  entrant: Entrant,
  perSecond: number,
): Promise<{ readonly send: Traffic; close(): void }> {
  const call = cycle(await entrant.prepare('guard', 100))
  const request = cycle(await entrant.prepare('client-credentials', 1))
  const refreshes = await entrant.prepare('refresh', CHAINS)
  // Only now: idle connections are closed after five seconds.
  const pool = await openPool(entrant.port, CONNECTIONS)
  const refresh = refreshInTurn(refreshes, pool)
  const send = (next: () => Shot | undefined) => (): Promise<unknown> => pool.send(next() ?? NO_SHOT)
  return {
    async send(duration) {
      const [calls, clientCredentials, refreshes] = await Promise.all([
        pace(
          SHARES.calls * perSecond,
          duration,
          send(() => call(0, undefined)),
        ),
        pace(
          SHARES.clientCredentials * perSecond,
          duration,
          send(() => request(0, undefined)),
        ),
        pace(SHARES.refreshes * perSecond, duration, refresh),
      ])
      return { calls, clientCredentials, refreshes }
    },
    close: pool.close,
  }
}

const NO_SHOT: Shot = { wire: '', expects: 0 }

/** Returns an action that refreshes the next chain whose last response has arrived. */
function refreshInTurn(requests: readonly PreparedRequest[], pool: Pool): () => Promise<void> {
  const next = chain(requests)
  const last = new Map<number, string>()
  const free = Array.from({ length: CHAINS }, (_, index) => index)
  return async () => {
    let index = free.shift()
    for (; index === undefined; index = free.shift()) await sleep(1)
    last.set(index, await pool.send(next(index, last.get(index)) ?? NO_SHOT))
    free.push(index)
  }
}
