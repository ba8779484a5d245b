import { styleText } from 'node:util'

/** Writes lines for people to standard output. */
export const print = (...lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`)

/** Writes a value for scripts to standard output: one JSON document. */
export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2))

/** Bold on a terminal; plain elsewhere, and where `NO_COLOR` is set. */
export const bold = (text: string): string => styleText('bold', text)

/** Dim on a terminal; plain elsewhere, and where `NO_COLOR` is set. */
export const dim = (text: string): string => styleText('dim', text)

/** Rows of texts in aligned columns. Some of these texts came from outside, and a control character moves a terminal. */
export function table(texts: readonly (readonly string[])[]): readonly string[] {
  const rows = texts.map((row) => row.map((text) => text.replaceAll(/\p{C}/gu, '\ufffd')))
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    `  ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  )
}
