import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { fetchJson, basic, claimOf, getCodeFlowTokens } from '../support/oauth-client.ts'
import type { JsonResponse } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestClient, TestServer } from '../support/server.ts'

const server = await startServer()
const follower = await server.addClient({ name: 'Orders', followsRevocations: true, redirectUris: [] })
const machine = await server.addClient({ grantTypes: ['client_credentials'] })
afterAll(server.close)

const readFeed = (
  { id, secret = '' }: TestClient,
  query = '',
  on: TestServer = server,
): Promise<JsonResponse> =>
  fetchJson(on, `/oauth/revocations${query}`, { headers: { authorization: basic(id, secret) } })

interface FeedEntry {
  readonly id: number
  readonly kind: string
  readonly subject: string
  readonly sub: string | null
  readonly epoch: number
  readonly expires_at: number | null
}

const entriesOf = ({ body }: JsonResponse): readonly FeedEntry[] => body['entries'] as readonly FeedEntry[]

describe('the revocation feed can be read', () => {
  test('by a client with followsRevocations, which needs no grant and gets no token', async () => {
    expect(await server.server.clients.find(follower.id)).toMatchObject({
      followsRevocations: true,
      grantTypes: [],
    })
    const { status, body } = await fetchJson(server, '/oauth/token', {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
      headers: { authorization: basic(follower.id, follower.secret ?? '') },
    })
    expect([status, body['error']]).toEqual([400, 'unauthorized_client'])
  })

  test.each([
    ['public', { type: 'public' as const, redirectUris: ['https://app.example/callback'] }],
    ['with an owner', { ownerId: 'alice' }],
  ])('not by a client that is %s, which cannot be registered for it', async (_, registration) => {
    const wrong = server.addClient({ followsRevocations: true, ...registration })
    await expect(wrong).rejects.toThrow('followsRevocations: is for confidential first-party clients only')
  })

  test('not by a client without followsRevocations, which gets 403', async () => {
    const { status, body } = await readFeed(machine)
    expect([status, body['error']]).toEqual([403, 'unauthorized_client'])
  })

  test.each([
    ['without credentials', {}],
    ['with a wrong secret', { authorization: basic(follower.id, 'wrong') }],
    ['with an unknown client', { authorization: basic('nobody', follower.secret ?? '') }],
    ['with an empty secret', { authorization: basic(follower.id, '') }],
    ['with another scheme', { authorization: `Bearer ${follower.secret}` }],
  ])('not %s, which gets 401 and a Basic challenge', async (_, headers) => {
    const response = await fetchJson(server, '/oauth/revocations', { headers })
    expect([response.status, response.body['error']]).toEqual([401, 'invalid_client'])
    expect(response.headers.get('www-authenticate')).toBe('Basic realm="OAuth", charset="UTF-8"')
  })

  test('not with credentials in the query', async () => {
    const query = `client_id=${follower.id}&client_secret=${follower.secret}`
    expect((await fetchJson(server, `/oauth/revocations?${query}`)).status).toBe(401)
  })

  test('not by a public client, which cannot authenticate', async () => {
    const app = await server.addClient({ type: 'public' })
    expect((await readFeed(app)).status).toBe(401)
  })

  test('not by a revoked client', async () => {
    const leaving = await server.addClient({ followsRevocations: true, redirectUris: [] })
    expect((await readFeed(leaving)).status).toBe(200)
    await server.server.clients.revoke(leaving.id)
    expect((await readFeed(leaving)).status).toBe(401)
  })

  test('by a client with the right secret even if its address is throttled', async () => {
    await using strict = await startServer({ throttle: { perAddress: { failures: 3, window: '1m' } } })
    const valid = await strict.addClient({ followsRevocations: true, redirectUris: [] })
    const guess = (): Promise<JsonResponse> => readFeed({ ...valid, secret: 'guess' }, '', strict)
    const statuses: number[] = []
    for (let count = 0; count < 4; count += 1) statuses.push((await guess()).status)
    expect(statuses).toEqual([401, 401, 401, 429])
    expect((await guess()).headers.get('retry-after')).toMatch(/^\d+$/)
    expect((await readFeed(valid, '', strict)).status).toBe(200)
  })
})

describe('a page of the feed', () => {
  test('contains a sign-out immediately, until the last token has expired', async () => {
    const [browser, client, user] = [openBrowser(server), await server.addClient(), await server.addUser()]
    await getCodeFlowTokens({ server, browser, client, user })
    const before = entriesOf(await readFeed(follower)).at(-1)?.id ?? 0
    await server.server.users.signOutEverywhere(user.id)
    const entries = entriesOf(await readFeed(follower, `?after=${before}`))
    expect(entries).toEqual([
      {
        id: expect.any(Number) as unknown,
        kind: 'user',
        subject: user.id,
        sub: user.id,
        epoch: 1,
        expires_at: expect.any(Number) as unknown,
      },
    ])
    const minutes = (Number(entries[0]?.expires_at) * 1000 - server.clock.now()) / 60_000
    expect(minutes).toBeGreaterThan(14)
    expect(minutes).toBeLessThan(16)
  })

  test('names the user of each session, authorization and token, if there is one', async () => {
    const [browser, client, user] = [openBrowser(server), await server.addClient(), await server.addUser()]
    const { access_token: token } = await getCodeFlowTokens({ server, browser, client, user })
    const after = entriesOf(await readFeed(follower)).at(-1)?.id ?? 0
    const expiresAt = server.clock.now() + 60_000
    const { tokens, authorizations, sessions, clients } = server.server
    await tokens.revoke({ tokenId: claimOf(token, 'jti'), expiresAt })
    await tokens.revoke({ tokenId: 'of a machine', expiresAt })
    await tokens.revoke({ tokenId: 'of a known machine', expiresAt, sub: client.id })
    await authorizations.revoke(claimOf(token, 'azn'))
    await sessions.revoke(claimOf(token, 'sid'))
    await clients.revoke(client.id)
    const subs = entriesOf(await readFeed(follower, `?after=${after}`)).map(({ sub }) => sub)
    expect(subs).toEqual([user.id, null, client.id, user.id, user.id, null])
  })

  test('is followed by the next one after its last ID, until there are no more entries', async () => {
    await using own = await startServer()
    const reader = await own.addClient({ followsRevocations: true, redirectUris: [] })
    const expiresAt = own.clock.now() + 60_000
    for (const tokenId of ['a', 'b', 'c']) await own.server.tokens.revoke({ tokenId, expiresAt })
    const read: string[] = []
    let [after, hasMore] = [0, true]
    for (let pages = 0; hasMore && pages < 5; pages += 1) {
      const response = await readFeed(reader, `?after=${after}&limit=2`, own)
      read.push(
        entriesOf(response)
          .map(({ subject }) => subject)
          .join(),
      )
      hasMore = response.body['has_more'] as boolean
      after = entriesOf(response).at(-1)?.id ?? after
    }
    expect(read).toEqual(['a,b', 'c'])
    expect((await readFeed(reader, `?after=${after}`, own)).body).toEqual({ entries: [], has_more: false })
  })

  test('has at most 1,000 entries, even if more are requested', async () => {
    await using own = await startServer()
    const reader = await own.addClient({ followsRevocations: true, redirectUris: [] })
    const expiresAt = own.clock.now() + 60_000
    await Promise.all(
      Array.from({ length: 1001 }, (_, index) =>
        own.server.tokens.revoke({ tokenId: `t${index}`, expiresAt }),
      ),
    )
    const response = await readFeed(reader, '?limit=5000', own)
    expect(entriesOf(response)).toHaveLength(1000)
    expect(response.body['has_more']).toBe(true)
  })

  test('leaves out entries five minutes after they expired, except the newest, which identifies the database', async () => {
    await using own = await startServer()
    const reader = await own.addClient({ followsRevocations: true, redirectUris: [] })
    const expiresAt = own.clock.now() + 60_000
    for (const tokenId of ['older', 'newest']) await own.server.tokens.revoke({ tokenId, expiresAt })
    const subjects = async () => entriesOf(await readFeed(reader, '', own)).map(({ subject }) => subject)
    own.clock.advance('5m')
    expect(await subjects()).toEqual(['older', 'newest'])
    own.clock.advance('1m')
    expect(await subjects()).toEqual(['newest'])
  })

  test.each([
    '?after=-1',
    '?after=1.5',
    '?after=x',
    '?limit=0',
    '?after=99999999999999999',
    '?after=1&after=2',
  ])('is invalid_request for %s', async (query) => {
    const { status, body } = await readFeed(follower, query)
    expect([status, body['error']]).toEqual([400, 'invalid_request'])
  })

  test('cannot be cached, and cannot be read by other origins', async () => {
    const { headers } = await fetchJson(server, '/oauth/revocations', {
      headers: { authorization: basic(follower.id, follower.secret ?? ''), origin: 'https://app.example' },
    })
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('access-control-allow-origin')).toBe(null)
  })

  test('is found through the metadata', async () => {
    const { body } = await fetchJson(server, '/.well-known/oauth-authorization-server')
    expect(body['revocation_feed_endpoint']).toBe(server.endpoint('/oauth/revocations'))
  })
})
