import { DatabaseSync } from 'node:sqlite'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
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

test('the check of a strict guard is one query that scans no table', async () => {
  const statements: string[] = []
  const prepare = DatabaseSync.prototype.prepare
  const store = sqlite(':memory:')
  await store.migrate()
  vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (this: DatabaseSync, sql: string) {
    statements.push(sql)
    return prepare.call(this, sql)
  })
  onTestFinished(() => void vi.restoreAllMocks())
  const epochs = { issuer: 0, client: 0, user: 0 }
  const ids = { id: 'azn.1', authorizationId: 'azn', sessionId: 'laptop', subject: 'alice', clientId: 'web' }
  await store.revocations.isTokenRevoked({ ...ids, epochs })
  vi.restoreAllMocks()
  expect(statements).toHaveLength(1)
  const details = database
    .prepare(`EXPLAIN QUERY PLAN ${statements[0]}`)
    .all(...Array.from({ length: 12 }, () => ''))
  expect(details.filter(({ detail }) => String(detail).startsWith('SCAN'))).toEqual([])
  expect(
    details.filter(({ detail }) => /^SEARCH \w+ USING (COVERING )?INDEX/.test(String(detail))),
  ).toHaveLength(6)
  await store.close()
})
