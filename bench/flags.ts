import { parseArgs } from 'node:util'
import { ROWS, type Row } from './rows.ts'

/** The command-line options. */
export interface Flags {
  /** Rounds per entrant and row after the warm-up. Default 5. */
  readonly rounds: number
  /** The duration of a round in ms. Default 2,000. */
  readonly duration: number
  /** The rows to run, each with its entrants. */
  readonly rows: readonly Row[]
  /** Whether to print JSON instead of tables. */
  readonly isJson: boolean
  /** Whether to print the tables in Markdown. */
  readonly isMarkdown: boolean
}

const OPTIONS = {
  rounds: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '2' },
  only: { type: 'string', multiple: true, default: [] as string[] },
  json: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false },
} as const

/** Parses the command line. Throws if an option is invalid. */
export function readFlags(): Flags {
  const { values } = parseArgs({ options: OPTIONS })
  const names = values.only.flatMap((list) => list.split(','))
  const [rounds, seconds] = [positive('rounds', values.rounds), positive('seconds', values.seconds)]
  const { json: isJson, markdown: isMarkdown } = values
  return { rounds, duration: seconds * 1000, rows: select(names), isJson, isMarkdown }
}

/** Parses a number above 0. Throws if it is not one. */
export function positive(name: string, text: string): number {
  const value = Number(text)
  if (value > 0) return value
  throw new Error(`--${name} must be a number above 0`)
}

/** Names can be rows, entrants or both. Without a row, all rows run; without an entrant, all entrants. */
function select(names: readonly string[]): readonly Row[] {
  const shortNameOf = (entrant: string): string => entrant.replace(/.*\//, '')
  const known = new Set(ROWS.flatMap(({ name, entrants }) => [name, ...entrants.map(shortNameOf)]))
  const unknown = names.filter((name) => !known.has(name))
  if (unknown.length > 0)
    throw new Error(`--only: unknown name ${unknown.join(', ')}. Known names: ${[...known].join(', ')}`)

  const rows = ROWS.filter(({ name }) => names.includes(name))
  const isEntrantNamed = names.length > rows.length
  const runs = (entrant: string): boolean => !isEntrantNamed || names.includes(shortNameOf(entrant))
  return (rows.length > 0 ? rows : ROWS).map((row) =>
    keep(row, (entrant) => entrant === row.floor || runs(entrant)),
  )
}

const keep = (row: Row, isKept: (entrant: string) => boolean): Row => ({
  ...row,
  entrants: row.entrants.filter(isKept),
})
