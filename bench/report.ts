import type { Round } from './round.ts'

/** The results of an entrant in a row: its rounds, and why others don't count. */
export interface Standing {
  readonly name: string
  /** Signature algorithm and storage. Empty for floors. */
  readonly terms: string
  readonly rounds: readonly Round[]
  /** Why it didn't start, or why a round doesn't count. */
  readonly refusals: readonly string[]
  /** Whether it is a peer whose packages are missing, which is not a failure. */
  readonly isNotInstalled: boolean
}

/** The results of a row: medians over the rounds, and the CPU ratio to the floor. */
export interface Result {
  readonly row: string
  readonly title: string
  readonly floor: string
  readonly entrants: readonly (Standing & {
    readonly median: Round | undefined
    readonly ratio: number | undefined
    /** The p99 divided by the floor's. */
    readonly latencyRatio: number | undefined
  })[]
}

/** The command that installs the peers. */
const INSTALL = 'npm run bench:peers'

/** Computes medians and ratios. */
export function toResult(
  row: { name: string; title: string; floor: string },
  standings: readonly Standing[],
): Result {
  const medians = new Map(standings.map(({ name, rounds }) => [name, medianOf(rounds)]))
  const floor = medians.get(row.floor)
  const entrants = standings.map((standing) => {
    const median = medians.get(standing.name)
    const ratio = median && floor && median.cpu / floor.cpu
    const latencyRatio = median && floor && median.p99 / floor.p99
    return { ...standing, median, ratio, latencyRatio }
  })
  return { row: row.name, title: row.title, floor: row.floor, entrants }
}

const HEADING = [
  '',
  'CPU µs',
  'least',
  '× floor',
  'req/s',
  'p50 ms',
  'p99 ms',
  '× p99',
  'core busy',
  'rounds',
]

/** Formats a row as a text table. */
export function toTable(result: Result): string {
  const lines = linesOf(result).map(([line, terms]) => [...line, ...(terms === '' ? [] : [`  ${terms}`])])
  return [headlineOf(result), ...align([HEADING, ...lines]), ...notesOf(result)].join('\n')
}

/** Formats a row as a table in Markdown. */
export function toMarkdown(result: Result): string {
  const lines = linesOf(result).map(([[name = '', ...cells], terms]) => [`\`${name}\``, ...cells, terms])
  const ruler = ['---', ...HEADING.slice(1).map(() => '--:'), '---']
  const table = [[...HEADING, ''], ruler, ...lines].map((cells) => `| ${cells.join(' | ')} |`)
  return [`**${headlineOf(result)}**`, '', ...table, '', ...notesOf(result)].join('\n')
}

const headlineOf = ({ title, floor }: Result): string => `${title} (floor: ${floor})`

/** The cells of each entrant that is installed, and its terms. */
const linesOf = ({ entrants }: Result): readonly (readonly [readonly string[], string])[] =>
  entrants
    .filter(({ isNotInstalled }) => !isNotInstalled)
    .map(({ name, terms, median, ratio, latencyRatio, rounds }) =>
      median === undefined
        ? [[name, 'no figures'], '']
        : [[name, ...cells(median, leastOf(rounds), ratio, latencyRatio), String(rounds.length)], terms],
    )

function notesOf({ entrants }: Result): readonly string[] {
  const absent = entrants.filter(({ isNotInstalled }) => isNotInstalled).map(({ name }) => name)
  return [
    ...entrants
      .filter(({ isNotInstalled }) => !isNotInstalled)
      .flatMap(({ name, refusals }) => refusals.map((refusal) => `! ${name}: ${refusal}`)),
    ...(absent.length > 0 ? [`- not installed (${INSTALL}): ${absent.join(', ')}`] : []),
  ]
}

const leastOf = (rounds: readonly Round[]): number => Math.min(...rounds.map(({ cpu }) => cpu))

const cells = (
  { cpu, perSecond, p50, p99, busy }: Round,
  least: number,
  ratio: number | undefined,
  latencyRatio: number | undefined,
): string[] => [
  cpu.toFixed(1),
  least.toFixed(1),
  ratio?.toFixed(2) ?? '-',
  Math.round(perSecond).toLocaleString('en'),
  p50.toFixed(2),
  p99.toFixed(2),
  latencyRatio?.toFixed(2) ?? '-',
  `${Math.round(100 * busy)} %`,
]

/** Formats rows as text: the first column to the left, the others to the right. */
export function align(lines: readonly (readonly string[])[]): string[] {
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
