import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { sqlite } from '../../src/store/sqlite.ts'

/** The way in which the database would find the rows with these values. */
async function planOf(table: string, columns: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'consulate-plans-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'consulate.db')
  const store = sqlite(file)
  await store.migrate()
  await store.close()
  const database = new DatabaseSync(file)
  const condition = columns.map((column) => `${column} = ?`).join(' AND ')
  const rows = database
    .prepare(`EXPLAIN QUERY PLAN SELECT * FROM ${table} WHERE ${condition}`)
    .all(...columns)
  database.close()
  return String(rows[0]?.['detail'])
}

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
] as const)('a revocation reads no rows of %s but those with its %j', async (table, columns) => {
  const condition = columns.map((column) => `${column}=?`).join(' AND ')
  expect(await planOf(table, columns)).toMatch(
    new RegExp(`USING INDEX \\w+ \\(${condition.replaceAll('?', '\\?')}\\)$`),
  )
})
