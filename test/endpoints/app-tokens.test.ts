import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser, type Browser } from '../support/browser.ts'
import { callApi, claimOf, getCodeFlowTokens, refresh, type CodeFlow } from '../support/oauth-client.ts'
import { startServer, type TestServer } from '../support/server.ts'

const PATH = '/oauth/tokens'
let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

async function connect(registration: Parameters<TestServer['addClient']>[0] = { isThirdParty: true }) {
  const flow: CodeFlow = {
    server,
    browser: openBrowser(server),
    client: await server.addClient({ name: 'Calendar', ...registration }),
    user: await server.addUser(),
  }
  const tokens = await getCodeFlowTokens(flow)
  return { ...flow, tokens, id: claimOf(tokens.access_token, 'azn') }
}

async function list(browser: Browser) {
  const { status, headers, body } = await browser.open(server.endpoint(PATH), {
    headers: { accept: 'application/json' },
  })
  const csrf = headers.get('x-csrf-token') ?? ''
  server.knownSecrets.add('csrf', csrf)
  return { status, csrf, body: JSON.parse(body) as readonly Record<string, unknown>[] }
}

async function revoke(browser: Browser, id: string, csrf?: string): Promise<number> {
  const token = csrf ?? (await list(browser)).csrf
  const headers = { accept: 'application/json', 'x-csrf-token': token }
  return (await browser.open(server.endpoint(`${PATH}/${id}`), { method: 'DELETE', headers })).status
}

describe('GET /oauth/tokens', () => {
  test('lists the authorizations of third-party apps with their client, in seconds', async () => {
    const { browser, client, id } = await connect({
      isThirdParty: true,
      homepage: 'https://calendar.example',
      logo: '/calendar.svg',
    })
    const time = expect.any(Number) as number
    const { status, body } = await list(browser)
    expect(status).toBe(200)
    expect(body).toEqual([
      {
        id,
        client: {
          client_id: client.id,
          client_name: 'Calendar',
          client_uri: 'https://calendar.example',
          logo_uri: '/calendar.svg',
          policy_uri: null,
          tos_uri: null,
        },
        scopes: ['orders:read'],
        created_at: time,
        last_used_at: time,
        expires_at: time,
      },
    ])
    expect(Number(body[0]?.['created_at'])).toBeCloseTo(server.clock.now() / 1000, -2)
    // That of the refresh token, which expires later than the access token.
    expect(Number(body[0]?.['expires_at'])).toBeGreaterThan(server.clock.now() / 1000 + 86_400)
  })

  test('has apps that users registered, and neither your own apps nor personal access tokens', async () => {
    const flow = await connect({ ownerId: 'someone' })
    await getCodeFlowTokens({ ...flow, client: await server.addClient() })
    await server.server.personalTokens.create(flow.user, { name: 'Backup' })
    expect((await list(flow.browser)).body.map(({ id }) => id)).toEqual([flow.id])
  })

  test('leaves out revoked clients, revoked authorizations and expired ones', async () => {
    const flow = await connect()
    const [revoked, expired] = [await server.addClient({ isThirdParty: true }), await getCodeFlowTokens(flow)]
    await getCodeFlowTokens({ ...flow, client: revoked })
    await server.server.clients.revoke(revoked.id)
    await server.server.authorizations.revoke(claimOf(expired.access_token, 'azn'))
    expect((await list(flow.browser)).body.map(({ id }) => id)).toEqual([flow.id])
  })

  test('lists at most 100, newest first', async () => {
    const flow = await connect()
    const row = await server.store.authorizations.find(flow.id)
    if (!row) throw new Error('There is no authorization')
    for (let index = 0; index < 120; index += 1) {
      const added = { ...row, id: `added-${index}`, sessionId: null, createdAt: row.createdAt + index + 1 }
      await server.store.authorizations.insert(added, flow.user.id)
    }
    const ids = (await list(flow.browser)).body.map(({ id }) => id)
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([100, 'added-119', 'added-20'])
  })

  test('responds with 401 to guests, whatever the Authorization header contains', async () => {
    const { tokens } = await connect()
    for (const headers of [{}, { authorization: `Bearer ${tokens.access_token}` }]) {
      const response = await fetch(server.endpoint(PATH), { headers })
      expect([response.status, await response.json()]).toMatchObject([401, { error: 'login_required' }])
    }
  })
})

describe('DELETE /oauth/tokens/{id}', () => {
  test('stops refresh and access tokens of this authorization alone', async () => {
    const flow = await connect()
    const other = await getCodeFlowTokens(flow)
    expect(await revoke(flow.browser, flow.id)).toBe(204)
    expect((await callApi(server, '/me', flow.tokens.access_token)).status).toBe(401)
    expect((await refresh(flow, flow.tokens.refresh_token)).status).toBe(400)
    expect((await callApi(server, '/me', other.access_token)).status).toBe(200)
    expect(await server.server.connections.list(flow.user)).toMatchObject([{ authorizations: 1 }])
  })

  test('emits revocation.written with the request and the user', async () => {
    const { browser, id, user } = await connect()
    const start = server.events.length
    await revoke(browser, id)
    const entry = { kind: 'authorization', subject: id, sub: user.id }
    expect(server.events.slice(start)).toMatchObject([
      { name: 'revocation.written', payload: { requestId: expect.stringMatching(/./) as string, entry } },
    ])
  })

  test('can be repeated', async () => {
    const { browser, id } = await connect()
    for (let count = 0; count < 2; count += 1) expect(await revoke(browser, id)).toBe(204)
  })

  test('responds with 404 to the ID of another user, of a personal access token and of your own app', async () => {
    const [flow, theirs] = [await connect(), await connect()]
    const { token } = await server.server.personalTokens.create(flow.user, { name: 'Backup' })
    const own = await getCodeFlowTokens({ ...flow, client: await server.addClient() })
    for (const id of [theirs.id, token.id, claimOf(own.access_token, 'azn'), 'unknown'])
      expect([id, await revoke(flow.browser, id)]).toEqual([id, 404])
    for (const { access_token: access } of [theirs.tokens, own])
      expect((await callApi(server, '/me', access)).status).toBe(200)
  })

  test('responds with 403 without the token of the list', async () => {
    const { browser, id, tokens } = await connect()
    for (const csrf of ['', 'x'.repeat(43)]) expect(await revoke(browser, id, csrf)).toBe(403)
    expect((await callApi(server, '/me', tokens.access_token)).status).toBe(200)
  })
})
