/** How a dump writes strings: MySQL with backslash escapes, everything else by the SQL standard. */
export type DumpDialect = 'mysql' | 'standard'

/** A statement, or one line of the data that follows a `COPY … FROM stdin`. */
export type DumpPart =
  | { readonly kind: 'statement'; readonly text: string }
  | { readonly kind: 'line'; readonly copy: string; readonly text: string }

/** In characters. Statements of mysqldump have at most 16 million by default. */
const MAX_STATEMENT = 256 * 1024 * 1024

/** A dump that cannot be read. */
export class DumpError extends Error {
  override readonly name = 'DumpError'
}

/**
 * Splits a dump into statements, which are only read, never executed. Keeps one statement in memory at a time.
 *
 * @throws DumpError if a string or comment never ends, or if a statement is too long
 */
export async function* readStatements(
  chunks: AsyncIterable<string>,
  dialect: DumpDialect,
): AsyncGenerator<DumpPart> {
  let text = ''
  let copy: string | undefined
  let scan: Scan = START
  for await (const chunk of chunks) {
    text += chunk
    for (;;) {
      const next: Taken = copy === undefined ? takeStatement(text, scan, dialect) : takeLine(text, copy)
      scan = next.scan
      if (!next.part) break
      yield next.part
      text = text.slice(next.end)
      copy = next.copy
    }
    if (text.length > MAX_STATEMENT) throw new DumpError('A statement is longer than 256 MB')
  }
  if (copy !== undefined || withoutComments(`${text}\n`) !== '')
    throw new DumpError('The file ends in the middle of a statement')
}

interface Scan {
  readonly position: number
  /** What the position is inside of: a string, an identifier, a comment or nothing. */
  readonly quote: string
}

const START: Scan = { position: 0, quote: '' }

interface Taken {
  readonly part?: DumpPart
  readonly end: number
  readonly copy: string | undefined
  readonly scan: Scan
}

const COPY = /^COPY\s.+\sFROM\s+stdin/is

function takeStatement(text: string, scan: Scan, dialect: DumpDialect): Taken {
  const skipped = dialect === 'mysql' ? skipRoutines(text) : undefined
  if (skipped) return skipped
  const next = findEnd(text, scan, dialect)
  if (next.quote !== ';') return { end: 0, copy: undefined, scan: next }
  const statement = withoutComments(text.slice(0, next.position - 1))
  const isCopy = dialect === 'standard' && COPY.test(statement)
  const end = isCopy ? afterLine(text, next.position) : next.position
  // The data starts on the next line, which may not have arrived yet.
  if (end === -1) return { end: 0, copy: undefined, scan: { position: next.position - 1, quote: '' } }
  const part: DumpPart = { kind: 'statement', text: statement }
  return { part, end, copy: isCopy ? statement : undefined, scan: START }
}

/** Between `DELIMITER ;;` and `DELIMITER ;` are triggers and functions, whose bodies contain statements. */
function skipRoutines(text: string): Taken | undefined {
  const line = /^\s*DELIMITER\b[^\n]*/.exec(text)?.[0]
  if (line === undefined) return undefined
  const isEnd = line.trimEnd().endsWith(' ;')
  const end = isEnd ? line.length : text.slice(line.length).search(/\nDELIMITER ;[^\S\n]*\n/)
  if (end === -1 || text.length === line.length) return { end: 0, copy: undefined, scan: START }
  const part: DumpPart = { kind: 'statement', text: '' }
  return { part, end: isEnd ? end : line.length + end, copy: undefined, scan: START }
}

function takeLine(text: string, copy: string): Taken {
  const end = text.indexOf('\n')
  if (end === -1) return { end: 0, copy, scan: START }
  const line = text.slice(0, end).replace(/\r$/, '')
  const isLast = line === '\\.'
  const part: DumpPart = isLast ? { kind: 'statement', text: '' } : { kind: 'line', copy, text: line }
  return { part, end: end + 1, copy: isLast ? undefined : copy, scan: START }
}

const afterLine = (text: string, from: number): number => text.indexOf('\n', from) + 1 || -1

const OUTSIDE = { mysql: /['"`;#]|--|\/\*/g, standard: /['"`;]|--|\/\*|\$\w*\$/g } as const

/** Returns where a statement ends, with `;` as its quote, or how far the text was read. */
function findEnd(text: string, { position, quote }: Scan, dialect: DumpDialect): Scan {
  let [at, inside] = [position, quote]
  for (;;) {
    if (inside !== '') {
      const end = findClosing(text, at, inside)
      if (end === -1) return { position: Math.max(at, safeEnd(text, inside)), quote: inside }
      ;[at, inside] = [end, '']
      continue
    }
    const opening = OUTSIDE[dialect]
    opening.lastIndex = at
    const match = opening.exec(text)
    // The last character may be the first one of a comment or a dollar quote.
    if (!match) return { position: Math.max(at, text.length - 64), quote: '' }
    at = match.index + match[0].length
    if (match[0] === ';') return { position: at, quote: ';' }
    inside = openedBy(match[0], text[match.index - 1], dialect)
  }
}

/** A string with backslash escapes is `\'`: every string of MySQL, and `E'…'` of PostgreSQL. */
function openedBy(opening: string, before: string | undefined, dialect: DumpDialect): string {
  if (opening === '#' || opening === '--') return '\n'
  if (opening === '/*') return '*/'
  const isString = opening === "'" || (opening === '"' && dialect === 'mysql')
  const hasEscapes = dialect === 'mysql' || /^E$/i.test(before ?? '')
  return isString && hasEscapes ? `\\${opening}` : opening
}

/** Returns the position after the end of a string, identifier or comment, or -1. A doubled quote ends it and starts another. */
function findClosing(text: string, from: number, inside: string): number {
  if (!inside.startsWith('\\')) {
    const end = text.indexOf(inside, from)
    return end === -1 ? -1 : end + inside.length
  }
  const closing = inside === "\\'" ? /\\[^]|'/g : /\\[^]|"/g
  closing.lastIndex = from
  for (let match = closing.exec(text); match; match = closing.exec(text))
    if (match[0].length === 1) return match.index + 1
  return -1
}

/** Where to continue once there is more text. A string with escapes is read again from its start. */
const safeEnd = (text: string, inside: string): number =>
  inside.startsWith('\\') ? 0 : Math.max(0, text.length - inside.length)

const IGNORED = /^(?:\s+|--[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|\/\*[^]*?\*\/|\\[^\n]*(?:\n|$)|;)+/

/** Without what comes before a statement: comments, and the commands of psql that start with a backslash. */
const withoutComments = (statement: string): string => statement.replace(IGNORED, '')
