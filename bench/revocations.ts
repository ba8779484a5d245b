/**
 * `npm run bench:revocations`: measures how long a node takes to start with 1,000,000 revocations, and how that affects
 * requests to another node in the same process.
 */
import { canPin, LOAD_CORE, pinThisProcess } from './cores.ts'
import { type Entrant, launch } from './launch.ts'
import { cycle, type Feed } from './load/feed.ts'
import { openLoad } from './load/load.ts'
import { quantile } from './load/quantile.ts'
import { CONNECTIONS } from './rows.ts'
import { REVOCATIONS } from './targets/parts/revocations.ts'

const ROUNDS = 3
/** How long (ms) to measure without a starting node. */
const QUIET = 2000
/** The maximum duration of a start (ms). */
const LONGEST = 60_000

/** Latencies in milliseconds, and responses per second. */
interface Watch {
  readonly perSecond: number
  readonly p99: number
  readonly longest: number
}

/** Sends requests until `end` resolves. Rejects on any response other than 200. */
async function watch(port: number, ask: Feed, end: Promise<unknown>): Promise<Watch> {
  let hasEnded = false
  void end.finally(() => (hasEnded = true))
  const load = await openLoad(port, CONNECTIONS)
  const next: Feed = (connection, last) => (hasEnded ? undefined : ask(connection, last))
  const { latencies, duration } = await load.fire(next, LONGEST)
  load.close()
  return {
    perSecond: (latencies.length * 1000) / duration,
    p99: quantile(latencies, 0.99),
    longest: quantile(latencies, 1),
  }
}

const text = ({ perSecond, p99, longest }: Watch): string =>
  `${Math.round(perSecond).toLocaleString('en')} responses/s, p99 ${p99.toFixed(1)} ms, longest ${longest.toFixed(1)} ms`

async function study(entrant: Entrant): Promise<void> {
  const ask = cycle(await entrant.prepare('guard', 8))
  const { port } = entrant
  await watch(port, ask, pause(QUIET))
  for (let round = 0; round < ROUNDS; round++) {
    console.log(`  idle                         ${text(await watch(port, ask, pause(QUIET)))}`)
    console.log(`  a node starts, no requests   ${(await entrant.startAgain()).toFixed(0)} ms`)
    const start = entrant.startAgain()
    const result = await watch(port, ask, start)
    console.log(`  a node starts, requests      ${(await start).toFixed(0)} ms: ${text(result)}`)
  }
}

const pause = (duration: number): Promise<void> => new Promise((done) => setTimeout(done, duration))

const isPinned = canPin()
if (isPinned) pinThisProcess(LOAD_CORE)
for (const [name, count] of [
  ['targets/consulate', 0],
  ['targets/consulate-revoked', REVOCATIONS],
] as const) {
  const entrant = await launch(name, isPinned)
  if ('reason' in entrant) throw new Error(entrant.reason)
  console.log(`${count.toLocaleString('en')} revocations in force`)
  await study(entrant)
  await entrant.stop()
}
