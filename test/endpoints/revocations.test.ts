import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { fetchJson, basic, getCodeFlowTokens } from '../support/oauth-client.ts'
import type { JsonResponse } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestClient, TestServer } from '../support/server.ts'

const server = await startServer()
const follower = await server.addClient({ name: 'Orders', followsRevocations: true, redirectUris: [] })
const machine = await server.addClient({ grantTypes: ['client_credentials'] })
afterAll(server.close)

const follow = (
  { id, secret = '' }: TestClient,
  query = '',
  on: TestServer = server,
): Promise<JsonResponse> =>
  fetchJson(on, `/oauth/revocations${query}`, { headers: { authorization: basic(id, secret) } })

interface Entry {
  readonly id: number
  readonly kind: string
  readonly subject: string
  readonly epoch: number
  readonly expires_at: number | null
}

const entriesOf = ({ body }: JsonResponse): readonly Entry[] => body['entries'] as readonly Entry[]

describe('who follows', () => {
  test('a client that follows revocations needs no grant, and gets no token', async () => {
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
    ["a person's", { ownerId: 'alice' }],
  ])('a client that is %s cannot be registered for it', async (_, registration) => {
    const wrong = server.addClient({ followsRevocations: true, ...registration })
    await expect(wrong).rejects.toThrow('followsRevocations: is for the issuer')
  })

  test('a right client that was not registered for it is refused with 403', async () => {
    const { status, body } = await follow(machine)
    expect([status, body['error']]).toEqual([403, 'unauthorized_client'])
  })

  test.each([
    ['no credentials', {}],
    ['a wrong secret', { authorization: basic(follower.id, 'wrong') }],
    ['a client that nobody knows', { authorization: basic('nobody', follower.secret ?? '') }],
    ['no secret', { authorization: basic(follower.id, '') }],
    ['another scheme', { authorization: `Bearer ${follower.secret}` }],
  ])('%s: 401 with a Basic challenge', async (_, headers) => {
    const answer = await fetchJson(server, '/oauth/revocations', { headers })
    expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client'])
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="OAuth", charset="UTF-8"')
  })

  test('credentials in the query are not looked at', async () => {
    const query = `client_id=${follower.id}&client_secret=${follower.secret}`
    expect((await fetchJson(server, `/oauth/revocations?${query}`)).status).toBe(401)
  })

  test('a public client is no follower, though it needs no secret elsewhere', async () => {
    const app = await server.addClient({ type: 'public' })
    expect((await follow(app)).status).toBe(401)
  })

  test('a revoked client follows no more', async () => {
    const leaving = await server.addClient({ followsRevocations: true, redirectUris: [] })
    expect((await follow(leaving)).status).toBe(200)
    await server.server.clients.revoke(leaving.id)
    expect((await follow(leaving)).status).toBe(401)
  })

  test('failures count against the address; who has the right secret is served all the same', async () => {
    await using strict = await startServer({ throttle: { perAddress: { failures: 3, window: '1m' } } })
    const honest = await strict.addClient({ followsRevocations: true, redirectUris: [] })
    const guess = (): Promise<JsonResponse> => follow({ ...honest, secret: 'guess' }, '', strict)
    const statuses: number[] = []
    for (let count = 0; count < 4; count += 1) statuses.push((await guess()).status)
    expect(statuses).toEqual([401, 401, 401, 429])
    expect((await guess()).headers.get('retry-after')).toMatch(/^\d+$/)
    expect((await follow(honest, '', strict)).status).toBe(200)
  })
})

describe('what is read', () => {
  test('a sign-out is there at once: an entry for the session, kept as long as its tokens live', async () => {
    const [browser, client, user] = [openBrowser(server), await server.addClient(), await server.addUser()]
    await getCodeFlowTokens({ server, browser, client, user })
    const before = entriesOf(await follow(follower)).at(-1)?.id ?? 0
    await server.server.users.signOutEverywhere(user.id)
    const entries = entriesOf(await follow(follower, `?after=${before}`))
    expect(entries).toEqual([
      {
        id: expect.any(Number) as unknown,
        kind: 'user',
        subject: user.id,
        epoch: 1,
        expires_at: expect.any(Number) as unknown,
      },
    ])
    const minutes = (Number(entries[0]?.expires_at) * 1000 - server.clock.now()) / 60_000
    expect(minutes).toBeGreaterThan(14)
    expect(minutes).toBeLessThan(16)
  })

  test('pages follow one another by the last id, until there are no more', async () => {
    await using own = await startServer()
    const reader = await own.addClient({ followsRevocations: true, redirectUris: [] })
    const expiresAt = own.clock.now() + 60_000
    for (const tokenId of ['a', 'b', 'c']) await own.server.tokens.revoke({ tokenId, expiresAt })
    const read: string[] = []
    let [after, hasMore] = [0, true]
    for (let pages = 0; hasMore && pages < 5; pages += 1) {
      const answer = await follow(reader, `?after=${after}&limit=2`, own)
      read.push(
        entriesOf(answer)
          .map(({ subject }) => subject)
          .join(),
      )
      hasMore = answer.body['has_more'] as boolean
      after = entriesOf(answer).at(-1)?.id ?? after
    }
    expect(read).toEqual(['a,b', 'c'])
    expect((await follow(reader, `?after=${after}`, own)).body).toEqual({ entries: [], has_more: false })
  })

  test('a page has at most a thousand entries, whatever is asked for', async () => {
    await using own = await startServer()
    const reader = await own.addClient({ followsRevocations: true, redirectUris: [] })
    const expiresAt = own.clock.now() + 60_000
    await Promise.all(
      Array.from({ length: 1001 }, (_, index) =>
        own.server.tokens.revoke({ tokenId: `t${index}`, expiresAt }),
      ),
    )
    const answer = await follow(reader, '?limit=5000', own)
    expect(entriesOf(answer)).toHaveLength(1000)
    expect(answer.body['has_more']).toBe(true)
  })

  test('what has expired is not sent, but for the newest entry, by which a store is known', async () => {
    await using own = await startServer()
    const reader = await own.addClient({ followsRevocations: true, redirectUris: [] })
    const expiresAt = own.clock.now() + 60_000
    for (const tokenId of ['older', 'newest']) await own.server.tokens.revoke({ tokenId, expiresAt })
    own.clock.advance('2m')
    const entries = entriesOf(await follow(reader, '', own))
    expect(entries.map(({ subject }) => subject)).toEqual(['newest'])
  })

  test.each([
    '?after=-1',
    '?after=1.5',
    '?after=x',
    '?limit=0',
    '?after=99999999999999999',
    '?after=1&after=2',
  ])('%s is invalid_request', async (query) => {
    const { status, body } = await follow(follower, query)
    expect([status, body['error']]).toEqual([400, 'invalid_request'])
  })

  test('nobody keeps an answer, and no other origin reads it', async () => {
    const { headers } = await fetchJson(server, '/oauth/revocations', {
      headers: { authorization: basic(follower.id, follower.secret ?? ''), origin: 'https://app.example' },
    })
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('access-control-allow-origin')).toBe(null)
  })

  test('the metadata says where the feed is', async () => {
    const { body } = await fetchJson(server, '/.well-known/oauth-authorization-server')
    expect(body['revocation_feed_endpoint']).toBe(server.endpoint('/oauth/revocations'))
  })
})
