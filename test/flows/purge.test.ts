import { afterAll, describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/index.ts'
import type { PurgeProgress } from '../../src/index.ts'
import { sampleEntry } from '../../src/testing/store/audit.ts'
import { sampleSession } from '../../src/testing/store/samples.ts'
import { openBrowser } from '../support/browser.ts'
import { callApi, requestToken, getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { NOTHING } from '../support/nothing-purged.ts'

/** Creates a user with tokens. */
async function startFlow(server: TestServer) {
  const [user, client] = [await server.addUser(), await server.addClient()]
  const flow = { server, browser: openBrowser(server), client, user }
  return { flow, tokens: await getCodeFlowTokens(flow) }
}

/** Inserts sessions that expired long ago. */
async function addExpiredSessions({ server, store, clock }: TestServer, count: number): Promise<void> {
  await server.ready()
  const expiresAt = clock.now() - 30 * 86_400_000
  for (let index = 0; index < count; index += 1)
    await store.sessions.insert(sampleSession({ id: `old-${index}`, expiresAt }), 'alice')
}

/** Inserts old audit entries, which is faster. */
async function addAuditEntries({ server, store, clock }: TestServer, count: number): Promise<void> {
  await server.ready()
  const at = clock.now() - 30 * 86_400_000
  await store.audit.insert(Array.from({ length: count }, () => sampleEntry({ at })))
}

describe('a purge', () => {
  test('keeps signed-in users, and deletes their old rows after a week', async () => {
    await using server = await startServer({ audit: 'off' })
    const { flow, tokens } = await startFlow(server)
    expect((await server.server.purge({ hours: 0 })).counts).toEqual(NOTHING)
    expect((await callApi(server, '/me', tokens.access_token)).status).toBe(200)
    expect((await refresh(flow, tokens.refresh_token)).status).toBe(200)
    server.clock.advance('29d')
    expect((await server.server.purge()).counts).toEqual({ ...NOTHING, codes: 1 })
    server.clock.advance('7d')
    expect((await server.server.purge()).counts).toEqual(NOTHING)
    server.clock.advance('2d')
    expect(await server.server.purge()).toEqual({
      counts: { ...NOTHING, authorizations: 1, sessions: 1 },
      isComplete: true,
    })
    expect((await refresh(flow, tokens.refresh_token)).body['error']).toBe('invalid_grant')
  })

  test('keeps revoked authorizations until their access tokens have expired', async () => {
    await using server = await startServer()
    const { tokens, flow } = await startFlow(server)
    await server.server.users.signOutEverywhere(flow.user.id)
    expect((await server.server.purge({ hours: 0 })).counts).toEqual(NOTHING)
    expect((await callApi(server, '/me', tokens.access_token)).body['error_description']).toBe(
      'Token revoked',
    )
    server.clock.advance('67m')
    await server.server.tokens.revoke({ tokenId: 'another', expiresAt: server.clock.now() + 60_000 })
    expect((await server.server.purge({ hours: 0 })).counts).toMatchObject({
      codes: 1,
      authorizations: 1,
      sessions: 1,
      revocations: 1,
    })
    expect((await callApi(server, '/me', tokens.access_token)).body['error_description']).toBe(
      'Token expired',
    )
    expect((await refresh(flow, tokens.refresh_token)).body['error']).toBe('invalid_grant')
  })

  test('deletes only revoked or only expired rows if asked to', async () => {
    await using server = await startServer()
    const { flow } = await startFlow(server)
    await server.server.users.signOutEverywhere(flow.user.id)
    server.clock.advance('67m')
    await server.store.sessions.insert(
      sampleSession({ id: 'expired', expiresAt: server.clock.now() - 301_000 }),
      'alice',
    )
    expect((await server.server.purge({ hours: 0, expired: true })).counts).toEqual({
      ...NOTHING,
      codes: 1,
      sessions: 1,
    })
    const expiresAt = server.clock.now() - 301_000
    await server.store.sessions.insert(sampleSession({ id: 'expired again', expiresAt }), 'alice')
    expect((await server.server.purge({ hours: 0, revoked: true })).counts).toEqual({
      ...NOTHING,
      authorizations: 1,
      sessions: 1,
    })
    expect((await server.store.sessions.find('expired again'))?.expiresAt).toBe(expiresAt)
  })

  test('deletes audit entries after their own retention', async () => {
    await using server = await startServer({ audit: { keep: '2h' } })
    const client = await server.addClient()
    const { headers } = await requestToken(server, client, { grant_type: 'nothing' })
    const find = () => server.server.audit.find(headers.get('x-request-id') ?? '')
    expect(await find()).toHaveLength(1)
    server.clock.advance('119m')
    expect((await server.server.purge({ hours: 0 })).counts.audit).toBe(0)
    server.clock.advance('2m')
    expect((await server.server.purge({ revoked: true })).counts.audit).toBe(0)
    // The new client has an entry too.
    expect((await server.server.purge()).counts.audit).toBe(2)
    expect(await find()).toEqual([])
  })

  test('deletes nothing in a dry run', async () => {
    await using server = await startServer()
    await addExpiredSessions(server, 3)
    const counts = { ...NOTHING, sessions: 3 }
    expect((await server.server.purge({ dryRun: true })).counts).toEqual(counts)
    expect((await server.server.purge({ dryRun: true })).counts).toEqual(counts)
    expect((await server.server.purge()).counts).toEqual(counts)
  })

  test('reports its progress', async () => {
    await using server = await startServer()
    await addAuditEntries(server, 600)
    const told: PurgeProgress[] = []
    await server.server.purge({ onProgress: (progress) => void told.push(progress) })
    const shares = told.map(({ done }) => done)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(told.at(-1)).toMatchObject({ done: 600, total: 600, counts: { audit: 600 } })
    expect(told.some(({ done }) => done > 0 && done < 600)).toBe(true)
  })

  test('stops between two batches if its signal aborts, and reports what it deleted', async () => {
    await using server = await startServer()
    await addAuditEntries(server, 1_200)
    const abort = new AbortController()
    const onProgress = ({ counts }: PurgeProgress): void => {
      if (counts.audit > 0) abort.abort()
    }
    const { counts, isComplete } = await server.server.purge({ signal: abort.signal, onProgress })
    expect([isComplete, counts.audit > 0, counts.audit < 1_200]).toEqual([false, true, true])
    expect(await server.server.purge()).toEqual({
      counts: { ...NOTHING, audit: 1_200 - counts.audit },
      isComplete: true,
    })
    expect((await server.server.purge({ signal: AbortSignal.abort() })).isComplete).toBe(false)
  })

  test('deletes each row once if several nodes purge, while they respond to requests', async () => {
    await using server = await startServer()
    await using other = await startServer({ file: server.file })
    const { tokens, flow } = await startFlow(server)
    await addAuditEntries(server, 1_000)
    const purges = [server, other, server].map((node) => node.server.purge())
    const refreshed = await refresh(flow, tokens.refresh_token)
    const reports = await Promise.all(purges)
    expect(refreshed.status).toBe(200)
    expect(reports.reduce((sum, { counts }) => sum + counts.audit, 0)).toBe(1_000)
  })

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('rejects %s hours', async (hours) => {
    await using server = await startServer()
    await expect(server.server.purge({ hours })).rejects.toThrow(ConfigError)
  })
})

describe('the running server', () => {
  const server = startServer({ purge: { every: '1s' } })
  const manual = startServer({ purge: 'manual' })
  afterAll(async () => Promise.all([(await server).close(), (await manual).close()]))

  test('purges automatically, unless purge is manual', async () => {
    const [busy, idle] = [await server, await manual]
    for (const node of [busy, idle]) await addExpiredSessions(node, 3)
    await expect.poll(() => busy.store.purge.count('sessions')).toBe(0)
    expect(await idle.store.purge.count('sessions')).toBe(3)
  })

  test.each(['11d', 0, 'soon' as '1h'] as const)('rejects an interval of %s', async (every) => {
    await expect(startServer({ purge: { every } })).rejects.toThrow('purge.every')
  })
})
