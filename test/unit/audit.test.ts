import { expect, onTestFinished, test } from 'vitest'
import { createAudit } from '../../src/audit/audit.ts'
import { createEvents } from '../../src/events.ts'
import { EVENT_NAMES, type EventMap } from '../../src/event-map.ts'
import { silentLogger } from '../../src/index.ts'
import type { AuditEntry } from '../../src/index.ts'
import type { RevocationEntry } from '../../src/model/revocation.ts'
import { sqlite } from '../../src/store/sqlite.ts'

/** An audit log over a real store. */
async function openAudit(auditRetention = 60_000, auditEvents: readonly (keyof EventMap)[] = EVENT_NAMES) {
  const store = sqlite(':memory:')
  await store.migrate()
  const events = createEvents(silentLogger)
  const clock = { now: () => 1_000 }
  const audit = createAudit({
    events,
    store: store.audit,
    clock,
    logger: silentLogger,
    auditRetention,
    auditEvents,
  })
  onTestFinished(async () => {
    await audit.close()
    await store.close()
  })
  return { audit, events, store }
}

const requestId = 'request-1'
const refused: EventMap['request.refused'] = {
  requestId,
  path: '/oauth/token',
  address: '203.0.113.7',
  clientId: 'shop',
  sub: '7',
  status: 400,
  code: 'invalid_grant',
  detail: 'the code has expired',
}
const revoked = (entry: Partial<RevocationEntry>): EventMap['revocation.written'] => ({
  requestId,
  by: 'app',
  reason: 'token_revoked',
  entry: { id: 1, kind: 'token', subject: 'jti', sub: null, epoch: 0, expiresAt: null, ...entry },
})

const EMPTY = { by: null, status: null, code: null, path: null, clientId: null, sub: null, address: null }
const { requestId: _, ...refusedFields } = refused

test.each<[keyof EventMap, EventMap[keyof EventMap], Partial<AuditEntry>]>([
  ['request.refused', refused, refusedFields],
  [
    'sign-in.failed',
    { requestId, provider: 'users', address: '203.0.113.7', sub: '7', reason: 'wrong_password' },
    { address: '203.0.113.7', sub: '7', detail: 'wrong password, or signed out everywhere meanwhile' },
  ],
  [
    'sign-in.throttled',
    { requestId, provider: 'users', address: '203.0.113.7', retryAfter: 30 },
    { address: '203.0.113.7', detail: 'too many failures: blocked for 30 more seconds' },
  ],
  [
    'replay.detected',
    { requestId, credential: 'refresh_token', authorizationId: 'azn', clientId: 'shop' },
    { clientId: 'shop', detail: 'a refresh token was used again: authorization azn was revoked' },
  ],
  [
    'refresh.ahead',
    { requestId, authorizationId: 'azn', from: 2, to: 5 },
    {
      detail:
        'authorization azn was at generation 2 and moved to 5: the database is older than the refresh token',
    },
  ],
  ['revocation.written', revoked({}), { by: 'app', detail: 'token_revoked: token jti' }],
  [
    'revocation.written',
    revoked({ kind: 'client', subject: 'shop', epoch: 3 }),
    { by: 'app', clientId: 'shop', detail: 'token_revoked: client shop before epoch 3' },
  ],
  [
    'revocation.written',
    revoked({ kind: 'user', subject: '7', epoch: 1 }),
    { by: 'app', sub: '7', detail: 'token_revoked: user 7 before epoch 1' },
  ],
])('%s is recorded with what explains it: %j', async (event, payload, fields) => {
  const { audit, events } = await openAudit()
  events.emit(event, payload)
  expect(await audit.find(requestId)).toEqual([{ at: 1_000, requestId, event, ...EMPTY, ...fields }])
})

test('records the chosen events only', async () => {
  const { audit, events } = await openAudit(60_000, ['session.ended'])
  events.emit('request.refused', refused)
  events.emit('session.ended', { requestId, sessionId: 's', sub: '7', reason: 'sign_out' })
  expect((await audit.list({}, {})).map(({ event }) => event)).toEqual(['session.ended'])
})

test('control characters are replaced, and long texts are cut', async () => {
  const { audit, events } = await openAudit()
  const escape = '\u001b[2J'
  events.emit('request.refused', {
    ...refused,
    path: `/${escape}`,
    address: `a\u0000${escape}`,
    detail: `${escape}${'x'.repeat(2_000)}`,
  })
  const [entry] = await audit.find(requestId)
  expect(entry).toMatchObject({ path: '/\ufffd[2J', address: 'a\ufffd\ufffd[2J' })
  expect(entry?.detail).toBe(`\ufffd[2J${'x'.repeat(996)}`)
})

test('nothing is recorded after close, or with a retention of 0', async () => {
  const closed = await openAudit()
  await closed.audit.close()
  const off = await openAudit(0)
  for (const { events, audit } of [closed, off]) {
    events.emit('request.refused', refused)
    expect(await audit.find(requestId)).toEqual([])
  }
})

test('keeps every revocation, however many one user causes', async () => {
  const { audit, events } = await openAudit()
  for (let count = 0; count < 60; count += 1) events.emit('revocation.written', revoked({ sub: '7' }))
  expect(await audit.find(requestId)).toHaveLength(60)
})

test('keeps at most 50 other entries that one user or client causes within a second', async () => {
  const { audit, events } = await openAudit()
  const replay = { credential: 'refresh_token', authorizationId: 'azn', clientId: 'shop' } as const
  for (let count = 0; count < 60; count += 1) {
    events.emit('session.ended', { requestId: 'a', sessionId: 's', sub: '7', reason: 'sign_out' })
    events.emit('replay.detected', { requestId: 'b', ...replay })
  }
  expect(await audit.find('a')).toHaveLength(50)
  expect(await audit.find('b')).toHaveLength(50)
})
