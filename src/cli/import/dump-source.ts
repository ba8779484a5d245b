import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CommandError } from '../errors.ts'
import { DumpError, readStatements, type DumpDialect, type DumpPart } from './dump-statements.ts'
import {
  parseCopy,
  parseCopyLine,
  parseCreateTable,
  parseInsert,
  parseRows,
  type TableColumns,
  type Values,
} from './dump-values.ts'
import type { PassportSource, SourceRow } from './rows.ts'

/** Opens a dump of mysqldump, mariadb-dump, pg_dump or `sqlite3 .dump`, plain or compressed with gzip. */
export async function openDump(path: string): Promise<PassportSource> {
  const head = await readHead(path)
  const dialect = dialectOf(head)
  const decoder = (): InstanceType<typeof TextDecoder> => new TextDecoder(encodingOf(head))
  return {
    read: (tables) => readRows(readStatements(decode(path, decoder()), dialect), dialect, tables),
    close: async () => undefined,
  }
}

const HEAD_SIZE = 65_536

const isGzip = (path: string): boolean => path.endsWith('.gz')

/** In bytes. Each chunk costs a copy of the statement that it continues. */
const CHUNK_SIZE = 1 << 20

/** Reads the file, decompressed. */
async function* readChunks(path: string): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: CHUNK_SIZE })
  // The loop gets the errors of both streams.
  const stream: AsyncIterable<Buffer> = isGzip(path)
    ? pipeline(file, createGunzip({ chunkSize: CHUNK_SIZE }), () => {})
    : file
  try {
    for await (const chunk of stream) yield chunk
  } catch (cause) {
    if (!isGzip(path)) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CommandError(`Cannot decompress ${path}: ${reason}. Is the file complete?`)
  }
}

/** The first 64 KB, where dumps say which program and which encoding they are from. */
async function readHead(path: string): Promise<string> {
  if (isGzip(path)) {
    for await (const chunk of readChunks(path)) return chunk.toString('latin1', 0, HEAD_SIZE)
    return ''
  }
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_SIZE), 0, HEAD_SIZE, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}

const dialectOf = (head: string): DumpDialect =>
  /MySQL dump|MariaDB dump|phpMyAdmin|\/\*!\d{5}|(?:INTO|TABLE|EXISTS) `/.test(head) ? 'mysql' : 'standard'

/** By the names that MySQL and PostgreSQL use. */
const ENCODINGS: Readonly<Record<string, string>> = {
  utf8: 'utf-8',
  utf8mb3: 'utf-8',
  utf8mb4: 'utf-8',
  binary: 'utf-8',
  latin1: 'windows-1252',
  win1252: 'windows-1252',
  sql_ascii: 'utf-8',
}

function encodingOf(head: string): string {
  const named = /(?:SET NAMES|client_encoding =) '?(\w+)/i.exec(head)?.[1] ?? 'utf8'
  const encoding = ENCODINGS[named.toLowerCase()]
  if (encoding !== undefined) return encoding
  throw new CommandError(`The dump is encoded in ${named}. Create it in UTF-8.`)
}

async function* decode(path: string, decoder: InstanceType<typeof TextDecoder>): AsyncGenerator<string> {
  for await (const chunk of readChunks(path)) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}

async function* readRows(
  parts: AsyncIterable<DumpPart>,
  dialect: DumpDialect,
  tables: ReadonlySet<string>,
): AsyncGenerator<SourceRow> {
  const known = new Map<string, readonly string[]>()
  try {
    for await (const part of parts) {
      if (part.kind === 'line') yield* lineRows(part, tables)
      else yield* statementRows(part.text, dialect, tables, known)
    }
  } catch (error) {
    throw error instanceof DumpError ? new CommandError(`${error.message}. Is the dump complete?`) : error
  }
}

function* lineRows(
  { copy, text }: Extract<DumpPart, { kind: 'line' }>,
  tables: ReadonlySet<string>,
): Generator<SourceRow> {
  const named = parseCopy(copy)
  if (named && tables.has(named.table)) yield toRow(named.table, named.columns ?? [], parseCopyLine(text))
}

function* statementRows(
  text: string,
  dialect: DumpDialect,
  tables: ReadonlySet<string>,
  known: Map<string, readonly string[]>,
): Generator<SourceRow> {
  const created = parseCreateTable(text)
  if (created && tables.has(created.table)) remember(created, known)
  const insert = created ? undefined : parseInsert(text)
  if (!insert || !tables.has(insert.table)) return
  const columns = insert.columns ?? known.get(insert.table)
  if (!columns)
    throw new CommandError(
      `The dump has no CREATE TABLE for ${insert.table}. Create it with the structure of the tables.`,
    )
  for (const values of parseRows(text, insert.rest, dialect)) yield toRow(insert.table, columns, values)
}

/** A dump of several databases would mix up their users. */
function remember({ table, columns = [] }: TableColumns, known: Map<string, readonly string[]>): void {
  if (known.has(table))
    throw new CommandError(`The dump has ${table} twice. Dump one database, or one schema, only.`)
  known.set(table, columns)
}

function toRow(table: string, columns: readonly string[], values: Values | undefined): SourceRow {
  if (!values) return { table, problem: 'the statement has a value that is not a literal' }
  if (values.length !== columns.length)
    return { table, problem: 'the row has more or fewer values than the table has columns' }
  return { table, row: Object.fromEntries(columns.map((column, index) => [column, values[index] ?? null])) }
}
