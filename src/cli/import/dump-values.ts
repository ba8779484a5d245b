import type { DumpDialect } from './dump-statements.ts'

/** The values of one row, as text. */
export type Values = readonly (string | null)[]

/** A table with its columns; undefined if the statement does not name them. */
export interface TableColumns {
  readonly table: string
  readonly columns: readonly string[] | undefined
}

const NAME = String.raw`(?:[\w$]+|"(?:[^"]|"")*"|${'`'}(?:[^${'`'}]|${'``'})*${'`'})`
const QUALIFIED = String.raw`(${NAME}(?:\.${NAME})*)`
const COLUMNS = String.raw`\(\s*(${NAME}(?:\s*,\s*${NAME})*)\s*\)`
const INSERT = new RegExp(
  String.raw`^(?:INSERT(?:\s+IGNORE)?|REPLACE)\s+INTO\s+${QUALIFIED}\s*(?:${COLUMNS}\s*)?VALUES\s*`,
  'i',
)
const COPY = new RegExp(String.raw`^COPY\s+${QUALIFIED}\s*${COLUMNS}\s*FROM\s+stdin`, 'i')
const CREATE = new RegExp(String.raw`^CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?${QUALIFIED}\s*\(`, 'i')

/** The start of an INSERT, and the rest with its values. Undefined for other statements. */
export function parseInsert(statement: string): (TableColumns & { readonly rest: number }) | undefined {
  const match = INSERT.exec(statement)
  if (!match) return undefined
  const [start, table = '', columns] = match
  return { table: tableName(table), columns: columns && columnNames(columns), rest: start.length } as
    | (TableColumns & { readonly rest: number })
    | undefined
}

export function parseCopy(statement: string): TableColumns | undefined {
  const [, table, columns] = COPY.exec(statement) ?? []
  return table === undefined ? undefined : { table: tableName(table), columns: columnNames(columns ?? '') }
}

export function parseCreateTable(statement: string): TableColumns | undefined {
  const match = CREATE.exec(statement)
  if (!match) return undefined
  const parts = splitDefinitions(statement.slice(match[0].length))
  const names = parts
    .filter((part) => !CONSTRAINT.test(part))
    .flatMap((part) => LEADING_NAME.exec(part) ?? [])
  return { table: tableName(match[1] ?? ''), columns: names.map(unquote) }
}

const LEADING_NAME = new RegExp(String.raw`^${NAME}`)
const CONSTRAINT = /^(?:PRIMARY|UNIQUE|KEY|INDEX|CONSTRAINT|FOREIGN|CHECK|FULLTEXT|SPATIAL|EXCLUDE|LIKE)\b/i

/** Splits at the commas that are outside of parentheses and quotes. */
function splitDefinitions(text: string): readonly string[] {
  const parts: string[] = ['']
  let depth = 0
  for (const [token] of text.matchAll(/'(?:[^'\\]|''|\\[^])*'|"[^"]*"|`[^`]*`|[^]/g)) {
    if (token === '(') depth += 1
    if (token === ')' && (depth -= 1) < 0) break
    if (token === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += token
  }
  return parts.map((part) => part.trim())
}

/** The last part of `schema.table`. */
const tableName = (qualified: string): string =>
  unquote(qualified.match(new RegExp(NAME, 'g'))?.at(-1) ?? qualified)

const columnNames = (list: string): readonly string[] =>
  (list.match(new RegExp(NAME, 'g')) ?? []).map(unquote)

function unquote(name: string): string {
  const quote = name[0] ?? ''
  return quote === '"' || quote === '`' ? name.slice(1, -1).replaceAll(quote + quote, quote) : name
}

/** The rows of an INSERT. Stops with `undefined` at what is not a literal, such as an expression. */
export function* parseRows(text: string, from: number, dialect: DumpDialect): Generator<Values | undefined> {
  let position = from
  for (;;) {
    const row = readRow(text, position, dialect)
    yield row?.values
    SEPARATOR.lastIndex = row?.end ?? text.length
    if (!SEPARATOR.test(text)) return
    position = SEPARATOR.lastIndex
  }
}

function readRow(
  text: string,
  from: number,
  dialect: DumpDialect,
): { readonly values: Values; readonly end: number } | undefined {
  if (text[from] !== '(') return undefined
  const values: (string | null)[] = []
  let position = from
  do {
    const literal = readLiteral(text, position + 1, dialect)
    if (!literal) return undefined
    values.push(literal.value)
    position = literal.end
  } while (text[position] === ',')
  return text[position] === ')' ? { values, end: position + 1 } : undefined
}

interface Literal {
  readonly value: string | null
  /** The position of the comma or parenthesis after it. */
  readonly end: number
}

const SEPARATOR = /\s*,\s*(?=\()/y
const SPACE = /\s*/y
const WORD =
  /\s*(?:_[a-z0-9]+\s*)?(?:(NULL|TRUE|FALSE|-?[0-9][0-9.eE+-]*)(?![\w'])|0x([0-9A-F]*)|X'([0-9A-F]*)'|(E)?')/iy

function readLiteral(text: string, from: number, dialect: DumpDialect): Literal | undefined {
  WORD.lastIndex = from
  const match = WORD.exec(text)
  if (!match) return undefined
  const [, word, number, bytes, escape] = match
  const start = WORD.lastIndex
  if (word !== undefined) return { value: wordValue(word), end: afterSpace(text, start) }
  const hex = number ?? bytes
  if (hex !== undefined) return { value: Buffer.from(hex, 'hex').toString(), end: afterSpace(text, start) }
  const hasEscapes = dialect === 'mysql' || escape !== undefined
  const end = findQuote(text, start, hasEscapes)
  if (end === -1) return undefined
  const inner = text.slice(start, end).replaceAll("''", "'")
  return {
    value: hasEscapes ? inner.replaceAll(/\\([^])/g, unescape) : inner,
    end: afterSpace(text, end + 1),
  }
}

function wordValue(word: string): string | null {
  const lower = word.toLowerCase()
  if (lower === 'null') return null
  return lower === 'true' ? '1' : lower === 'false' ? '0' : word
}

function afterSpace(text: string, from: number): number {
  SPACE.lastIndex = from
  SPACE.test(text)
  return SPACE.lastIndex
}

const QUOTE = /'/g
const QUOTE_OR_ESCAPE = /['\\]/g

/** Returns the position of the quote that ends a string, or -1. */
function findQuote(text: string, from: number, hasEscapes: boolean): number {
  const stop = hasEscapes ? QUOTE_OR_ESCAPE : QUOTE
  stop.lastIndex = from
  for (let match = stop.exec(text); match; match = stop.exec(text)) {
    const isDouble = match[0] === "'" && text[match.index + 1] === "'"
    if (match[0] === "'" && !isDouble) return match.index
    stop.lastIndex = match.index + 2
  }
  return -1
}

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  Z: '\u001A',
}

const unescape = (_: string, character: string): string => ESCAPES[character] ?? character

/** The values of a line of COPY data. */
export const parseCopyLine = (line: string): Values =>
  line
    .split('\t')
    .map((value) =>
      value === String.raw`\N`
        ? null
        : value.replaceAll(/\\([0-7]{1,3}|x[0-9A-Fa-f]{1,2}|[^])/g, unescapeCopy),
    )

function unescapeCopy(_: string, code: string): string {
  if (/^[0-7]+$/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8))
  if (/^x./.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16))
  return unescape(_, code)
}
