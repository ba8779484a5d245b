import { createPool } from 'mysql2/promise'
import { Client, Pool } from 'pg'
import { expect, test } from 'vitest'
import { mysql } from '../../src/store/mysql.ts'
import { postgres } from '../../src/store/postgres.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { problemsOf } from '../support/config.ts'

/** Without a compiler, the options can be anything. */
type Open = (options: unknown) => unknown

const VALID_POSTGRES = { url: 'postgres://user:password@host/database' }

const STORES: readonly (readonly [name: string, open: Open, valid: object])[] = [
  ['sqlite', sqlite as Open, { path: ':memory:' }],
  ['postgres', postgres as Open, VALID_POSTGRES],
  ['mysql', mysql as Open, { url: 'mysql://user:password@host/database' }],
]

const problemLines = (open: Open, options: unknown): readonly string[] =>
  problemsOf(() => open(options)).map(({ path, message }) => `${path}: ${message}`)

const TIMEOUT = 'must be a whole number of milliseconds from 1 to 3600000'

test.for(STORES)('%s rejects invalid options, and names them', ([name, open, valid]) => {
  for (const busyTimeout of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 3_600_001, '5s', true])
    expect(problemLines(open, { ...valid, busyTimeout })).toEqual([`${name}.busyTimeout: ${TIMEOUT}`])
  const omit = 'must not be null. Omit it for the default'
  expect(problemLines(open, { ...valid, busyTimeout: null })).toEqual([`${name}.busyTimeout: ${omit}`])
  expect(problemLines(open, { ...valid, busytimeout: 1 })).toEqual([
    `${name}.busytimeout: unknown option. Did you mean busyTimeout?`,
  ])
  expect(problemLines(open, { ...valid, busyTimeout: 3_600_000 })).toEqual([])
  for (const nothing of [undefined, null, 1, '']) expect(problemLines(open, nothing)).not.toEqual([])
})

const PREFIX = 'must start with a letter and contain only a-z, 0-9 and _, at most 20 characters'
const SCHEMA = 'must start with a letter or _ and contain only a-z, 0-9 and _, at most 63 characters'

test.for(STORES.slice(1))('%s rejects a prefix that is not a plain name', ([name, open, valid]) => {
  for (const tablePrefix of ['', 'A_', '1_', 'a-', 'a'.repeat(21), 1, ['a']])
    expect(problemLines(open, { ...valid, tablePrefix })).toEqual([`${name}.tablePrefix: ${PREFIX}`])
  expect(problemLines(open, { ...valid, tablePrefix: null })).toHaveLength(1)
  expect(problemLines(open, { ...valid, tablePrefix: 'a'.repeat(20) })).toEqual([])
})

test('postgres rejects a schema that is not a plain name', () => {
  const open = postgres as Open
  for (const schema of ['', 'Auth', 'auth.app', 'a'.repeat(64), 1, ['auth']])
    expect(problemLines(open, { ...VALID_POSTGRES, schema })).toEqual([`postgres.schema: ${SCHEMA}`])
  expect(problemLines(open, { ...VALID_POSTGRES, schema: null })).toEqual([
    'postgres.schema: must not be null. Omit it for the default',
  ])
})

test('postgres rejects preparedStatements that is not true or false', () => {
  expect(problemLines(postgres as Open, { ...VALID_POSTGRES, preparedStatements: 'no' })).toEqual([
    'postgres.preparedStatements: must be true or false',
  ])
})

test('postgres and mysql need either a URL or a pool', async () => {
  const [pool, promisePool] = [new Pool(), createPool({})]
  const pools = [
    [postgres as Open, 'postgres', pool, 'pg'],
    [mysql as Open, 'mysql', promisePool, 'mysql2'],
  ] as const
  for (const [open, name, own, driver] of pools) {
    const url = `${name}://user:password@host/database`
    expect(problemLines(open, { pool: own })).toEqual([])
    expect(problemLines(open, { pool: own, url: undefined })).toEqual([])
    expect(problemLines(open, {})).toEqual([`${name}: needs either url or pool`])
    expect(problemLines(open, { pool: own, url })).toEqual([`${name}: needs either url or pool`])
    expect(problemLines(open, own)).toEqual([`${name}: must be a URL or an object: { url } or { pool }`])
    for (const other of [{}, url, 1, own === pool ? promisePool : pool])
      expect(problemLines(open, { pool: other })).toEqual([
        `${name}.pool: must be a pool of the package ${driver}`,
      ])
  }
  expect(problemLines(postgres as Open, { pool: new Client() })).toEqual([
    'postgres.pool: must be a pool of the package pg',
  ])
  await pool.end()
  await promisePool.end()
})
