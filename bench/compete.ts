import { type Absence, type Entrant, launch } from './launch.ts'
import type { Standing } from './report.ts'
import { type Round, rounds } from './round.ts'
import type { Row } from './rows.ts'
import { startServer } from './server.ts'

/**
 * Until a server has answered some 20,000 requests, the JIT is still compiling it: a token request takes twice the CPU
 * time. The less code a server has, the sooner it is done, so a short warm-up favors the floors.
 */
const WARM_UP = 20_000
/** The most time (ms) for the warm-up of an entrant that needs long for its requests. */
const MAX_WARM_UP = 6000

/** A running entrant and its measurements so far. */
interface Competitor {
  readonly entrant: Entrant
  readonly run: (duration: number) => Promise<Round>
  readonly rounds: Round[]
  readonly refusals: string[]
}

/**
 * Runs one row: starts and warms up its entrants, then lets them take turns (A B C A B C …), so that other load on the
 * machine affects all of them alike.
 */
export async function compete(
  row: Row,
  count: number,
  duration: number,
  isPinned: boolean,
): Promise<Standing[]> {
  const server = row.server && (await startServer(row.server))
  const start = (name: string) => launch(name, isPinned, server?.variables)
  const standings = await competeWith(start, row, count, duration)
  await server?.stop()
  return standings
}

async function competeWith(
  start: (name: string) => ReturnType<typeof launch>,
  row: Row,
  count: number,
  duration: number,
): Promise<Standing[]> {
  const arrivals = await Promise.all(row.entrants.map(start))
  const competitors = arrivals
    .filter((arrival) => 'port' in arrival)
    .map((entrant) => competitor(entrant, row))
  for (const each of competitors) await warmUp(each, duration)
  for (let round = 0; round < count; round++) for (const each of competitors) await runRound(each, duration)
  await Promise.all(competitors.map(stop))
  return arrivals.map((arrival) => ('port' in arrival ? standing(arrival, competitors) : absent(arrival)))
}

const competitor = (entrant: Entrant, row: Row): Competitor => ({
  entrant,
  run: rounds(entrant, row),
  rounds: [],
  refusals: [],
})

/** Runs rounds that don't count. Those of a row that sends each request once can be short. */
async function warmUp(competitor: Competitor, duration: number): Promise<void> {
  const { rounds, refusals } = competitor
  let [requests, time] = [0, 0]
  while (requests < WARM_UP && time < MAX_WARM_UP && refusals.length === 0) {
    await runRound(competitor, duration)
    requests = rounds.reduce((sum, round) => sum + round.requests, 0)
    time = rounds.reduce((sum, round) => sum + (1000 * round.requests) / round.perSecond, 0)
  }
  rounds.length = 0
}

/** A round with an unexpected response doesn't count. The report says why. */
async function runRound({ run, rounds, refusals }: Competitor, duration: number): Promise<void> {
  try {
    rounds.push(await run(duration))
  } catch (error) {
    refusals.push(`a round doesn't count: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const stop = ({ entrant, refusals }: Competitor): Promise<unknown> =>
  entrant.stop().catch((error: unknown) => refusals.push(`did not stop: ${String(error)}`))

function standing({ name, terms }: Entrant, competitors: readonly Competitor[]): Standing {
  const found = competitors.find(({ entrant }) => entrant.name === name)
  return { name, terms, rounds: found?.rounds ?? [], refusals: found?.refusals ?? [], isNotInstalled: false }
}

const absent = ({ name, reason, isNotInstalled }: Absence): Standing => ({
  name,
  terms: '',
  rounds: [],
  refusals: [`did not start: ${reason}`],
  isNotInstalled,
})
