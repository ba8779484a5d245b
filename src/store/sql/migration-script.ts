import type { CompiledQuery } from 'kysely'
import type { SqlDialect } from './dialect.ts'

/** Statements under a comment. */
export interface ScriptSection {
  readonly title: string
  readonly statements: readonly CompiledQuery[]
}

/** Returns the sections as a script for the database's own client, in one transaction if the database can do that. */
export const toScript = (
  { migrations: { script } }: SqlDialect,
  sections: readonly ScriptSection[],
): string =>
  [
    `-- Run this with: ${script.command}`,
    ...script.begin.map(toLine),
    ...sections.flatMap(({ title, statements }) => [
      `-- ${title}`,
      ...statements.map((statement) => toLine(inlineParameters(statement))),
    ]),
    ...script.end.map(toLine),
  ]
    .map((line) => `${line}\n`)
    .join('')

const toLine = (statement: string): string => `${statement};`

const inlineParameters = ({ sql, parameters }: CompiledQuery): string => {
  const values = parameters.values()
  return sql.replaceAll(/\?|\$\d+/g, () => literalOf(values.next().value))
}

/** Backslashes are special in MySQL, and only there. */
function literalOf(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string' && !value.includes('\\')) return `'${value.replaceAll("'", "''")}'`
  throw new TypeError('A migration has a parameter that a script cannot contain')
}
