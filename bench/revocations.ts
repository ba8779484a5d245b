/**
 * `npm run bench:revocations`: what 1,000,000 revocations cost a node that starts, and those that ask one meanwhile in
 * whose process they are read.
 */
import { canPin, LOAD_CORE, pinThisProcess } from './cores.ts'
import { type Entrant, launch } from './launch.ts'
import { cycle, type Feed } from './load/feed.ts'
import { openLoad } from './load/load.ts'
import { CONNECTIONS } from './rows.ts'
import { REVOCATIONS } from './targets/parts/revocations.ts'

const ROUNDS = 3
/** How long (ms) the quiet time is watched. */
const QUIET = 2000
/** How long (ms) a start may take at the most. */
const LONGEST = 60_000

/** What those who asked have seen: milliseconds, and answers a second. */
interface Watch {
  readonly perSecond: number
  readonly p99: number
  readonly longest: number
}

/** Asks until `end` says so; any answer but 200 rejects. */
async function watch(port: number, ask: Feed, end: Promise<unknown>): Promise<Watch> {
  let isOver = false
  void end.finally(() => (isOver = true))
  const load = await openLoad(port, CONNECTIONS)
  const askOn: Feed = (connection, last) => (isOver ? undefined : ask(connection, last))
  const { latencies, duration } = await load.fire(askOn, LONGEST)
  load.close()
  const sorted = latencies.toSorted((a, b) => a - b)
  return {
    perSecond: (latencies.length * 1000) / duration,
    p99: sorted[Math.floor(0.99 * sorted.length)] ?? 0,
    longest: sorted.at(-1) ?? 0,
  }
}

const text = ({ perSecond, p99, longest }: Watch): string =>
  `${Math.round(perSecond).toLocaleString('en')} answers/s, p99 ${p99.toFixed(1)} ms, longest ${longest.toFixed(1)} ms`

async function study(entrant: Entrant): Promise<void> {
  const ask = cycle(await entrant.prepare('guard', 8))
  const { port } = entrant
  await watch(port, ask, pause(QUIET))
  for (let round = 0; round < ROUNDS; round++) {
    console.log(`  quiet                        ${text(await watch(port, ask, pause(QUIET)))}`)
    console.log(`  a node starts, none asks     ${(await entrant.startAgain()).toFixed(0)} ms`)
    const start = entrant.startAgain()
    const seen = await watch(port, ask, start)
    console.log(`  a node starts beside         ${(await start).toFixed(0)} ms: ${text(seen)}`)
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
