import type { Round } from './round.ts'

/** What became of an entrant in a row: its rounds, and why others do not count. */
export interface Standing {
  readonly name: string
  /** Signature algorithm and storage in a few words; empty for a floor. */
  readonly terms: string
  readonly rounds: readonly Round[]
  /** Why it did not start, or why a round was refused. */
  readonly refusals: readonly string[]
  /** Whether it is a peer whose packages are missing; that is no failure. */
  readonly isNotInstalled: boolean
}

/** A row with its figures: the median of each over the rounds, and the ratio of CPU to the floor's. */
export interface Result {
  readonly row: string
  readonly title: string
  readonly floor: string
  readonly entrants: readonly (Standing & {
    readonly median: Round | undefined
    readonly ratio: number | undefined
  })[]
}

/** What installs the packages of the peers. */
const INSTALL = 'npm run bench:peers'

/** Works out medians and ratios. */
export function toResult(
  row: { name: string; title: string; floor: string },
  standings: readonly Standing[],
): Result {
  const medians = new Map(standings.map(({ name, rounds }) => [name, medianOf(rounds)]))
  const floor = medians.get(row.floor)?.cpu
  const entrants = standings.map((standing) => {
    const median = medians.get(standing.name)
    return { ...standing, median, ratio: median && floor && median.cpu / floor }
  })
  return { row: row.name, title: row.title, floor: row.floor, entrants }
}

/** The table of a row, for people. */
export function toTable({ title, floor, entrants }: Result): string {
  const heading = ['', 'CPU µs', 'least', '× floor', 'req/s', 'p50 ms', 'p99 ms', 'core busy', 'rounds']
  const present = entrants.filter(({ isNotInstalled }) => !isNotInstalled)
  const lines = present.map(({ name, terms, median, ratio, rounds }) =>
    median === undefined
      ? [name, 'no figures']
      : [name, ...cells(median, leastOf(rounds), ratio), String(rounds.length), `  ${terms}`],
  )
  const refusals = present.flatMap(({ name, refusals }) => refusals.map((refusal) => `! ${name}: ${refusal}`))
  const absent = entrants.filter(({ isNotInstalled }) => isNotInstalled).map(({ name }) => name)
  const notes =
    absent.length > 0 ? [...refusals, `- not installed (${INSTALL}): ${absent.join(', ')}`] : refusals
  return [`${title} (floor: ${floor})`, ...align([heading, ...lines]), ...notes].join('\n')
}

const leastOf = (rounds: readonly Round[]): number => Math.min(...rounds.map(({ cpu }) => cpu))

const cells = (
  { cpu, perSecond, p50, p99, busy }: Round,
  least: number,
  ratio: number | undefined,
): string[] => [
  cpu.toFixed(1),
  least.toFixed(1),
  ratio?.toFixed(2) ?? '-',
  Math.round(perSecond).toLocaleString('en'),
  p50.toFixed(2),
  p99.toFixed(2),
  `${Math.round(100 * busy)} %`,
]

function align(lines: readonly (readonly string[])[]): string[] {
  const width = Math.max(...lines.map(([name]) => name?.length ?? 0))
  return lines.map(([name = '', ...cells]) =>
    `  ${name.padEnd(width)}${cells.map((cell) => cell.padStart(11)).join('')}`.trimEnd(),
  )
}

function medianOf(rounds: readonly Round[]): Round | undefined {
  if (rounds.length === 0) return undefined
  const of = (key: keyof Round): number => median(rounds.map((round) => round[key]))
  return {
    requests: of('requests'),
    cpu: of('cpu'),
    perSecond: of('perSecond'),
    p50: of('p50'),
    p99: of('p99'),
    busy: of('busy'),
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2
}
