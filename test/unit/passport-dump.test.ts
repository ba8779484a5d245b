import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { CommandError } from '../../src/cli/errors.ts'
import { openSource } from '../../src/cli/import/source.ts'
import type { SourceRow } from '../../src/cli/import/rows.ts'
import { offsetOf, timeOf } from '../../src/cli/import/values.ts'
import { emptyDirectory } from '../cli/run.ts'

const FIXTURES = resolve('test/fixtures/passport')

async function readDump(path: string, ...tables: string[]): Promise<readonly SourceRow[]> {
  const source = await openSource(path)
  const rows: SourceRow[] = []
  for await (const row of source.read(new Set(tables))) rows.push(row)
  await source.close()
  return rows
}

async function readText(text: string, ...tables: string[]): Promise<readonly SourceRow[]> {
  const path = join(emptyDirectory(), 'dump.sql')
  await writeFile(path, text)
  return readDump(path, ...tables)
}

const valuesOf = (rows: readonly SourceRow[], column: string): readonly unknown[] =>
  rows.map((item) => ('row' in item ? item.row[column] : item.problem))

const MYSQL = [
  "Ann O'Neil; DROP TABLE users; --",
  'back\\slash "quoted" `tick`\nnew line \t tab',
  "日本 😀 ''",
]
const POSTGRES = [
  "Ann O'Neil; DROP TABLE users; --",
  'back\\slash "quoted" \t tab\nnew line',
  String.raw`日本 😀 \N`,
]

describe('a dump that a real program has written', () => {
  test.each([
    ['mariadb-dump', 'mariadb.sql', MYSQL],
    ['mariadb-dump with one row per statement and without comments', 'mariadb-compact.sql', MYSQL],
    ['pg_dump', 'postgres-copy.sql', POSTGRES],
    ['pg_dump with --inserts', 'postgres-inserts.sql', POSTGRES],
  ])('%s is read with every character', async (_, file, names) => {
    expect(valuesOf(await readDump(join(FIXTURES, file), 'users'), 'name')).toEqual(names)
  })

  test('has NULL, numbers, JSON and text that looks like SQL', async () => {
    const rows = await readDump(join(FIXTURES, 'mariadb.sql'), 'cache')
    expect(valuesOf(rows, 'key')).toEqual(['a;b', 'null'])
    expect(valuesOf(rows, 'value')[0]).toBe("it's (1,2),(3)")
    expect(valuesOf(rows, 'price')).toEqual(['-12.50', null])
    expect(JSON.parse(String(valuesOf(rows, 'data')[0]))).toEqual({ a: 'b"c', d: [1, null] })
  })

  test('can be compressed', async () => {
    const path = join(emptyDirectory(), 'dump.sql.gz')
    await writeFile(path, gzipSync(readFileSync(join(FIXTURES, 'postgres-copy.sql'))))
    expect(valuesOf(await readDump(path, 'users'), 'name')).toEqual(POSTGRES)
  })

  test.each([
    ['is cut off', (compressed: Buffer) => compressed.subarray(0, -100), 'unexpected end of file'],
    ['is not compressed', () => Buffer.from('-- PostgreSQL'), 'incorrect header check'],
  ])('is refused if it %s', async (_, damage, reason) => {
    const path = join(emptyDirectory(), 'dump.sql.gz')
    await writeFile(path, damage(gzipSync(readFileSync(join(FIXTURES, 'postgres-copy.sql')))))
    await expect(readDump(path, 'users')).rejects.toThrow(
      new CommandError(`Cannot decompress ${path}: ${reason}. Is the file complete?`),
    )
  })
})

const TABLE =
  '-- MySQL dump\nCREATE TABLE `t` (\n  `id` int(11) NOT NULL,\n  `name` text,\n  PRIMARY KEY (`id`)\n);\n'

describe('a dump', () => {
  test('of many megabytes is read a statement at a time', async () => {
    const row = `(1,'${'x'.repeat(500)}\\'')`
    const statement = `INSERT INTO \`t\` VALUES ${Array.from({ length: 2000 }, () => row).join(',')};\n`
    const rows = await readText(TABLE + statement.repeat(10), 't')
    expect(rows.length).toBe(20_000)
  })

  test('with a trigger has no rows of its body', async () => {
    const trigger =
      "DELIMITER ;;\nCREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW BEGIN INSERT INTO `t` VALUES (9,'x'); END ;;\nDELIMITER ;\n"
    expect(
      valuesOf(await readText(`${TABLE}${trigger}INSERT INTO \`t\` VALUES (1,'a');\n`, 't'), 'id'),
    ).toEqual(['1'])
  })

  test.each([
    [
      'an expression',
      'INSERT INTO `t` VALUES (1,SLEEP(10));',
      ['the statement has a value that is not a literal'],
    ],
    [
      'too few values',
      'INSERT INTO `t` VALUES (1);',
      ['the row has more or fewer values than the table has columns'],
    ],
    [
      'bytes in hexadecimal',
      "INSERT INTO `t` VALUES (1,0x6869),(2,_binary 'a'),(3,X'6869');",
      ['hi', 'a', 'hi'],
    ],
  ])('with %s', async (_, statement, expected) => {
    expect(valuesOf(await readText(`${TABLE}${statement}\n`, 't'), 'name')).toEqual(expected)
  })

  test.each([
    [
      'that is cut off',
      `${TABLE}INSERT INTO \`t\` VALUES (1,'abc`,
      'The file ends in the middle of a statement. Is the dump complete?',
    ],
    ['of several databases', TABLE + TABLE, 'The dump has t twice. Dump one database, or one schema, only.'],
    [
      'without the structure of its tables',
      "-- MySQL dump\nINSERT INTO `t` VALUES (1,'a');\n",
      'The dump has no CREATE TABLE for t. Create it with the structure of the tables.',
    ],
    [
      'in another encoding',
      '-- MySQL dump\n/*!40101 SET NAMES big5 */;\n',
      'The dump is encoded in big5. Create it in UTF-8.',
    ],
  ])('%s is refused', async (_, text, message) => {
    await expect(readText(text, 't')).rejects.toThrow(message)
  })
})

test("times are read in Laravel's time zone, unless they name one", () => {
  const time = (text: string, timeZone = 'UTC') => timeOf({ at: text }, 'at', timeZone)
  const noon = Date.UTC(2026, 6, 1, 12)
  expect(time('2026-07-01 12:00:00')).toBe(noon)
  expect(time('2026-07-01 19:00:00', 'Asia/Ho_Chi_Minh')).toBe(noon)
  expect(time('2026-07-01 08:00:00.123', 'America/New_York')).toBe(noon)
  expect(time('2026-07-01T14:00:00+02:00', 'America/New_York')).toBe(noon)
  expect(time('0000-00-00 00:00:00')).toBe(undefined)
  expect(() => offsetOf('Nowhere', 0)).toThrow(RangeError)
})
