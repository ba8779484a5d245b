/** `npm run bench:workers`: sends requests to `consulate serve` in one process and with workers. See README.md. */
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { positive } from './flags.ts'
import { chain, cycle, type Feed } from './load/feed.ts'
import { openLoad } from './load/load.ts'
import { quantile } from './load/quantile.ts'
import { align } from './report.ts'
import { CONNECTIONS } from './rows.ts'
import { signInDevices } from './sessions/devices.ts'
import { serveInFolder, type Served } from './workers/served.ts'

const OPTIONS = {
  rounds: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '2' },
} as const
const { values } = parseArgs({ options: OPTIONS })
const [rounds, duration] = [positive('rounds', values.rounds), positive('seconds', values.seconds) * 1000]

/** A round: responses per second, CPU time per response (µs), cores in use by the server, and a latency (ms). */
interface Round {
  readonly perSecond: number
  readonly cpu: number
  /** CPU time per response of the load generator (µs). */
  readonly loadCpu: number
  readonly cores: number
  readonly p99: number
}

async function runRound({ port, cpu }: Served, feed: Feed): Promise<Round> {
  const load = await openLoad(port, CONNECTIONS)
  const [before, loadBefore] = [cpu(), process.cpuUsage()]
  const volley = await load.fire(feed, duration)
  const [used, { user, system }] = [cpu() - before, process.cpuUsage(loadBefore)]
  load.close()
  const { length } = volley.latencies
  return {
    perSecond: (length * 1000) / volley.duration,
    cpu: used / length,
    loadCpu: (user + system) / length,
    cores: used / 1000 / volley.duration,
    p99: quantile(volley.latencies, 0.99),
  }
}

/** Creates the requests of a round: guarded calls, or a chain of refreshes on each connection. */
const ROWS: Readonly<Record<string, (port: number) => Promise<Feed>>> = {
  'guarded call': async (port) => {
    const devices = (await signInDevices([port], CONNECTIONS, 1)).flat()
    const headers = ({ accessToken }: { accessToken: string }) => ({ Authorization: `Bearer ${accessToken}` })
    return cycle(
      devices.map((device) => ({ method: 'GET', path: '/auth/devices', headers: headers(device) })),
    )
  },
  refresh: async (port) => {
    const devices = (await signInDevices([port], CONNECTIONS, 1)).flat()
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    return chain(
      devices.map(({ refreshToken }) => ({
        method: 'POST',
        path: '/auth/refresh',
        headers,
        body: `refresh_token=${encodeURIComponent(refreshToken)}`,
      })),
    )
  },
}

/** Lets the servers take turns, so that other work on the machine affects all of them. */
async function compete(
  served: readonly Served[],
  createFeed: (port: number) => Promise<Feed>,
): Promise<readonly (readonly Round[])[]> {
  const results: Round[][] = served.map(() => [])
  for (let round = -1; round < rounds; round += 1) {
    for (const [index, server] of served.entries()) {
      const result = await runRound(server, await createFeed(server.port))
      // The first round warms up.
      if (round >= 0) results[index]?.push(result)
    }
  }
  return results
}

const median = (results: readonly Round[], pick: (round: Round) => number): number =>
  quantile(results.map(pick), 0.5)

/** Compares two workers with one: as seen by the clients, per CPU second, and with what these cores allow. */
function compare(one: readonly Round[], two: readonly Round[]): readonly string[] {
  const rate = (results: readonly Round[]) => median(results, ({ perSecond }) => perSecond)
  const cost = (results: readonly Round[]) => median(results, ({ cpu }) => cpu)
  const loadCost = median(two, ({ loadCpu }) => loadCpu)
  const possible = (availableParallelism() * 1_000_000) / (cost(one) + loadCost)
  return [
    `two workers give ${(rate(two) / rate(one)).toFixed(2)} times the requests per second of one`,
    `and ${(cost(one) / cost(two)).toFixed(2)} times its requests per CPU second of the server`,
    `The load generator takes ${loadCost.toFixed(0)} µs per request, so these cores allow ${(possible / rate(one)).toFixed(2)} times`,
  ]
}

console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`)
const served = [await serveInFolder(undefined), await serveInFolder(1), await serveInFolder(2)]
for (const [name, createFeed] of Object.entries(ROWS)) {
  const results = await compete(served, createFeed)
  const lines = results.map((own, index) => [
    served[index]?.name ?? '',
    Math.round(median(own, ({ perSecond }) => perSecond)).toLocaleString('en'),
    median(own, ({ cpu }) => cpu).toFixed(0),
    median(own, ({ cores }) => cores).toFixed(2),
    median(own, ({ p99 }) => p99).toFixed(1),
  ])
  const heading = ['', 'req/s', 'CPU µs', 'cores busy', 'p99 ms']
  console.log(`\n${name}\n${align([heading, ...lines]).join('\n')}`)
  const [, one = [], two = []] = results
  for (const line of compare(one, two)) console.log(`  ${line}`)
}
for (const server of served) await server.stop()
console.log(`\nLoad average ${(loadavg()[0] ?? 0).toFixed(1)}`)
