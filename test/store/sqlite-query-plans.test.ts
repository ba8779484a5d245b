import { DatabaseSync } from 'node:sqlite'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { Store } from '../../src/store/contract.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import {
  ALICE,
  authorize,
  NOW,
  sampleAuthorization,
  sampleClient,
  sampleCode,
  sampleSession,
  signIn,
} from '../../src/testing/store/samples.ts'
import { cutoffsAt, purgeKind } from '../../src/testing/store/purge-steps.ts'
import { recordStatements } from '../support/statements.ts'

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
  ['consulate_sessions', ['app_session_hash']],
  ['consulate_consents', ['provider', 'user_id']],
] as const)('a revocation or deletion finds rows of %s by an index on %j', (table, columns) => {
  const condition = columns.map((column) => `${column}=?`).join(' AND ')
  const [row] = database
    .prepare(`EXPLAIN QUERY PLAN SELECT * FROM ${table} WHERE ${condition}`)
    .all(...columns)
  expect(row?.['detail']).toMatch(new RegExp(`USING INDEX \\w+ \\(${condition.replaceAll('?', '\\?')}\\)$`))
})

/** Returns the statements of an action on a new store. */
async function statementsOf(act: (store: Store) => Promise<unknown>): Promise<readonly string[]> {
  const statements: string[] = []
  const prepare = DatabaseSync.prototype.prepare
  const store = sqlite(':memory:')
  onTestFinished(store.close)
  await store.migrate()
  vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (this: DatabaseSync, sql: string) {
    statements.push(sql)
    return prepare.call(this, sql)
  })
  onTestFinished(() => void vi.restoreAllMocks())
  await act(store)
  vi.restoreAllMocks()
  return statements
}

/** Explains how SQLite runs a statement. */
const explain = (statement: string): readonly string[] =>
  database
    .prepare(`EXPLAIN QUERY PLAN ${statement}`)
    .all(...Array.from(statement.matchAll(/\?/g), () => ''))
    .map(({ detail }) => String(detail))

test('the clients of an owner are found and counted by an index', async () => {
  const limits = { active: 10, recent: 20, since: NOW, userEpoch: 0 }
  const statements = await statementsOf(async ({ clients }) => {
    await clients.list({ ownerId: 'alice', isActive: true })
    await clients.insert(sampleClient({ ownerId: 'alice' }), limits)
  })
  const details = statements.flatMap(explain)
  expect(details.filter((detail) => detail.startsWith('SCAN'))).toEqual([])
  const byOwner = 'SEARCH consulate_clients USING INDEX consulate_clients_owner_id (owner_id=?)'
  expect(details.filter((detail) => detail === byOwner)).toHaveLength(2)
})

test('the check of a strict guard is one query that scans no table', async () => {
  const epochs = { issuer: 0, client: 0, user: 0 }
  const ids = { id: 'azn.1', authorizationId: 'azn', sessionId: 'laptop', subject: 'alice', clientId: 'web' }
  const statements = await statementsOf((store) => store.revocations.isTokenRevoked({ ...ids, epochs }))
  expect(statements).toHaveLength(1)
  const details = statements.flatMap(explain)
  expect(details.filter((detail) => detail.startsWith('SCAN'))).toEqual([])
  expect(details.filter((detail) => /^SEARCH \w+ USING (COVERING )?INDEX/.test(detail))).toHaveLength(6)
})

test.each([
  [{}, ''],
  [{ since: NOW, until: NOW + 1 }, ''],
  [{ sub: 'alice' }, 'sub_'],
  [{ clientId: 'web' }, 'client_id_'],
  [{ event: 'sign-in.failed' }, 'event_'],
  [{ address: '192.0.2.1' }, 'address_'],
])('a page of the audit log is read in the order of an index, without sorting: %j', async (filter, index) => {
  for (const after of [undefined, { at: NOW, id: 7 }]) {
    const [statement = ''] = await statementsOf(({ audit }) => audit.list(filter, { after }))
    const [detail, ...others] = explain(statement)
    expect(detail).toMatch(new RegExp(`USING INDEX consulate_audit_${index}created_at_id`))
    expect(others).toEqual([])
  }
})

test('the entries of a request, and those after an ID, are found by an index', async () => {
  const statements = await statementsOf(async ({ audit }) => {
    await audit.list({ requestId: 'r' })
    await audit.listSince(1, { sub: 'alice' }, 10)
    await audit.newestId()
  })
  const details = statements.map((statement) => explain(statement)[0])
  expect(details[0]).toContain('USING INDEX consulate_audit_request_id (request_id=?)')
  expect(details[1]).toMatch(/USING (INTEGER PRIMARY KEY|INDEX)/)
  expect(details[2]).toBe('SCAN consulate_audit')
})

const revokeSessions = (store: Store) => store.revocations.revokeSessions(ALICE, { subject: 'alice' }, NOW)

test('the revocation of all sessions of a user scans no table', async () => {
  const statements = await statementsOf(async (store) => {
    await store.sessions.insert(sampleSession(), 'alice')
    expect(await revokeSessions(store)).toHaveLength(1)
  })
  const details = statements.flatMap(explain)
  expect(details.filter((detail) => detail.startsWith('SCAN'))).toEqual([])
  expect(details).toContain(
    'SEARCH consulate_revocations USING INDEX consulate_revocations_kind_subject (kind=? AND subject=?)',
  )
})

test('the revocation of all sessions of a user takes nine statements, however many sessions', async () => {
  const { during } = recordStatements()
  const store = sqlite(':memory:')
  onTestFinished(store.close)
  await store.migrate()
  for (const count of [1, 50]) {
    for (let index = 0; index < count; index += 1)
      await store.sessions.insert(sampleSession({ id: `${index} of ${count}` }), 'alice')
    const statements = await during({ file: ':memory:' }, async () =>
      expect(await revokeSessions(store)).toHaveLength(count),
    )
    expect(statements).toEqual([
      'insert epochs',
      'select epochs',
      'select sessions',
      'update sessions',
      'update codes',
      'update device_codes',
      'update authorizations',
      'insert revocations',
      'select revocations',
    ])
  }
})

const connections: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  'the list of connected apps': (store) => store.connections.list(ALICE, NOW),
  'the list of their authorizations': (store) => store.connections.listAuthorizations(ALICE, NOW, 10),
  'a disconnect': (store) => store.connections.disconnect(ALICE, { clientId: 'web', subject: 'alice' }, NOW),
  'the search for several clients': (store) => store.clients.findMany(['web', 'other']),
}

test.each(Object.entries(connections))('%s scans no table', async (_, act) => {
  const statements = await statementsOf(async (store) => {
    await authorize(store)
    await act(store)
  })
  expect(statements.flatMap(explain).filter((detail) => detail.startsWith('SCAN'))).toEqual([])
})

test('a disconnect takes eight statements, however many authorizations', async () => {
  const { during } = recordStatements()
  const store = sqlite(':memory:')
  onTestFinished(store.close)
  await store.migrate()
  await signIn(store)
  for (const count of [1, 50]) {
    for (let index = 0; index < count; index += 1)
      await store.authorizations.insert(sampleAuthorization({ id: `${index} of ${count}` }), 'alice')
    const statements = await during({ file: ':memory:' }, async () => {
      const { entries } = await store.connections.disconnect(
        ALICE,
        { clientId: 'web', subject: 'alice' },
        NOW + count,
      )
      expect(entries).toHaveLength(count)
    })
    expect(statements).toEqual([
      'insert epochs',
      'select epochs',
      'update codes',
      'update device_codes',
      'delete consents',
      'update authorizations',
      'insert revocations',
      'select revocations',
    ])
  }
})

const BY_TIME = /^SEARCH \w+ USING COVERING INDEX \w+_(purge|expires)_at_(id|hash) /
const BY_KEY = /^SEARCH \w+ USING (COVERING )?INDEX \w+ \((id|hash)=\?\)|USING INTEGER PRIMARY KEY \(rowid/

test('a step of a purge finds its rows by an index of times, and changes them by their keys', async () => {
  const statements = await statementsOf(async (store) => {
    await authorize(store, { expiresAt: NOW })
    await store.codes.insert(sampleCode(), 'alice')
    await store.revocations.revoke({ kind: 'token', jti: 'azn.1', expiresAt: NOW }, NOW)
    for (const kind of ['authorizations', 'sessions', 'codes', 'revocations'] as const)
      await purgeKind(store, kind, cutoffsAt(NOW + 1e9, { revokedUntil: NOW, expiredUntil: NOW + 1e9 - 1 }))
    // The access token is still valid, so the rows are kept.
    const kept = sampleAuthorization({ id: 'kept', sessionId: null, expiresAt: NOW })
    await store.authorizations.insert(kept, 'alice')
    await purgeKind(store, 'authorizations', cutoffsAt(NOW))
  })
  const purging = statements.filter((statement) =>
    /^select .* as "time"|^delete .* in \(|"purge_at" = case/.test(statement),
  )
  const plans = purging.map((statement) => [statement.split(' ', 1)[0], ...explain(statement)] as const)
  expect(plans.filter(([verb]) => verb === 'delete').length).toBeGreaterThan(3)
  expect(plans.filter(([verb]) => verb === 'update')).not.toEqual([])
  for (const [verb, detail] of plans) expect(detail).toMatch(verb === 'select' ? BY_TIME : BY_KEY)
  const details = plans.flatMap(([, ...details]) => details)
  expect(details.filter((detail) => detail.startsWith('SCAN') && detail !== 'SCAN entries')).toEqual([])
})
