import { DatabaseSync } from 'node:sqlite'
import { beforeAll, expect, test } from 'vitest'
import { sqlite } from '../../src/store/sqlite.ts'

const database = new DatabaseSync(':memory:')
beforeAll(async () => database.exec(await sqlite(':memory:').migrationSql()))

test.each([
  ['consulate_codes', ['provider', 'user_id', 'client_id']],
  ['consulate_codes', ['provider', 'user_id']],
  ['consulate_codes', ['client_id']],
  ['consulate_codes', ['session_id']],
  ['consulate_device_codes', ['provider', 'user_id', 'client_id']],
  ['consulate_device_codes', ['provider', 'user_id']],
  ['consulate_device_codes', ['client_id']],
  ['consulate_device_codes', ['session_id']],
  ['consulate_authorizations', ['provider', 'user_id']],
  ['consulate_authorizations', ['client_id']],
  ['consulate_authorizations', ['session_id']],
  ['consulate_sessions', ['provider', 'user_id']],
] as const)('a revocation finds rows of %s by an index on %j', (table, columns) => {
  const condition = columns.map((column) => `${column}=?`).join(' AND ')
  const [row] = database
    .prepare(`EXPLAIN QUERY PLAN SELECT * FROM ${table} WHERE ${condition}`)
    .all(...columns)
  expect(row?.['detail']).toMatch(new RegExp(`USING INDEX \\w+ \\(${condition.replaceAll('?', '\\?')}\\)$`))
})
