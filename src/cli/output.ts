import { stripVTControlCharacters, styleText } from 'node:util'
import { printableJson } from '../lib/printable-json.ts'

/** Writes lines to standard output. */
export const print = (...lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`)

/** Writes one JSON document to standard output. */
export const printJson = (value: unknown): void => print(printableJson(value, 2))

/** Adds a color or a weight to a text. Give it standard error for what is written there. */
export type Style = (text: string, stream?: NodeJS.WriteStream) => string

/** Styles only if the stream is a terminal with colors; `NO_COLOR` and `FORCE_COLOR` decide otherwise, as in Node itself. */
const style =
  (format: 'bold' | 'dim' | 'green' | 'yellow' | 'red'): Style =>
  (text, stream = process.stdout) =>
    styleText(format, text, { stream })

export const bold = style('bold')
export const dim = style('dim')
export const green = style('green')
export const yellow = style('yellow')
export const red = style('red')

const USUAL_WIDTH = 80

/** Returns the width of the terminal in columns; 80 if standard output is none. */
export const terminalWidth = (): number => process.stdout.columns || USUAL_WIDTH

/** Breaks a text into lines of at most `width` columns, between words only. A longer word gets a line of its own. */
export const wrap = (text: string, width = terminalWidth()): readonly string[] =>
  text.split('\n').flatMap((line) => wrapLine(line, width))

function wrapLine(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

/** Wraps a text so that it fits the terminal with its first line after `label` and the others below that line. */
export function wrapAfter(label: string, text: string): readonly string[] {
  const indent = widthOf(label)
  return wrap(text, terminalWidth() - indent).map(
    (line, index) => (index === 0 ? label : ' '.repeat(indent)) + line,
  )
}

const MARGIN = '  '
const GAP = '  '

/**
 * Formats rows in aligned columns below a dim head. What does not fit the terminal is wrapped between words; if even that
 * does not fit, each row becomes a list of fields. `styleRow` gets each line of a row with the row's number.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  styleRow: (line: string, row: number) => string = (line) => line,
): readonly string[] {
  const cells = rows.map((row) => row.map(printableLine))
  const widths = columnWidths([head, ...cells])
  const lines = cells.map((row) => (widths ? columns(row, widths) : fields(zip(head, row))))
  const body = lines.map((row, index) => row.map((line) => styleRow(line, index)))
  if (widths) return [...columns(head, widths).map((line) => dim(line)), ...body.flat()]
  return body.flatMap((row, index) => (index === 0 ? row : ['', ...row]))
}

/** Formats labels and their values. Puts a value below its label if it is too wide. Omits empty values. */
export function fields(texts: readonly (readonly [label: string, value: string])[]): readonly string[] {
  const rows = texts
    .map(([label, value]) => [label, printableLine(value)] as const)
    .filter(([, value]) => value)
  const labelWidth = Math.max(0, ...rows.map(([label]) => widthOf(label)))
  const room = terminalWidth() - MARGIN.length - labelWidth - GAP.length
  return rows.flatMap(([label, value]) =>
    leastWidth(value) > room ? stacked(label, value) : columns([label, value], [labelWidth, room]),
  )
}

function stacked(label: string, value: string): readonly string[] {
  const indent = MARGIN.repeat(2)
  return [MARGIN + label, ...wrap(value, terminalWidth() - indent.length).map((line) => indent + line)]
}

const zip = (head: readonly string[], row: readonly string[]): readonly (readonly [string, string])[] =>
  head.map((label, index) => [label, row[index] ?? ''] as const)

/** Formats one row; a cell that is wrapped makes several lines of it. */
function columns(row: readonly string[], widths: readonly number[]): readonly string[] {
  const cells = row.map((text, column) => wrap(text, widths[column]))
  const height = Math.max(...cells.map((lines) => lines.length))
  return Array.from({ length: height }, (_, line) =>
    (MARGIN + cells.map((lines, column) => pad(lines[line] ?? '', widths[column] ?? 0)).join(GAP)).trimEnd(),
  )
}

/** Returns the width of each column so that all fit the terminal; undefined if words would have to be broken. */
function columnWidths(rows: readonly (readonly string[])[]): readonly number[] | undefined {
  const least = leastWidths(rows)
  const widths = least.map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))))
  const room = terminalWidth() - MARGIN.length - GAP.length * (widths.length - 1)
  if (sum(least) > room) return undefined
  while (sum(widths) > room) {
    const spare = widths.map((width, column) => (width > (least[column] ?? 0) ? width : 0))
    const widest = spare.indexOf(Math.max(...spare))
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}

/** Returns the least width of each column. */
const leastWidths = (rows: readonly (readonly string[])[]): readonly number[] =>
  (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => leastWidth(row[column] ?? ''))))

/** Short texts, such as `59 minutes ago`, stay on one line. */
const leastWidth = (text: string): number =>
  widthOf(text) <= 14 ? widthOf(text) : Math.max(...text.split(/\s+/).map(widthOf))

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))

/** Replaces control characters and line ends. Names come from users, and may try to move the cursor or add lines. */
export const printableLine = (text: string): string => text.replaceAll(/\p{C}/gu, '\ufffd')

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u

/** Returns how many columns a text takes on a terminal: Chinese, Japanese, Korean and emoji take two each. */
function widthOf(text: string): number {
  const plain = stripVTControlCharacters(text)
  if (/^[\x20-\x7e]*$/.test(plain)) return plain.length
  return [...graphemes.segment(plain)].reduce((width, { segment }) => width + (WIDE.test(segment) ? 2 : 1), 0)
}

/** Formats a moment (ms) with its distance: `2026-11-28T02:45:39Z (3 hours ago)`. */
export const timestamp = (moment: number): string =>
  `${new Date(moment).toISOString().replace(/\.\d+Z$/, 'Z')} (${relativeTime(moment)})`

/** Each unit, and how many of it make the next one. */
const UNITS = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30.44],
  ['month', 12],
  ['year', Number.POSITIVE_INFINITY],
] as const

const relative = new Intl.RelativeTimeFormat('en')

/** Says how far a moment (ms) is away: `3 hours ago`, `in 2 days`. */
export function relativeTime(moment: number, now = Date.now()): string {
  let amount = (moment - now) / 1000
  if (Math.abs(amount) < 1) return 'just now'
  for (const [unit, limit] of UNITS) {
    if (Math.round(Math.abs(amount)) < limit) return relative.format(Math.round(amount), unit)
    amount /= limit
  }
  return ''
}
