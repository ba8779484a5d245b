import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signIn } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import {
  authorizationUrl,
  callApi,
  claimOf,
  getCodeFlowTokens,
  refresh,
  type CodeFlow,
} from '../support/oauth-client.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { logIn } from '../support/sign-in-api.ts'

const FILES = 'https://files.example'
let server: TestServer
beforeAll(async () => {
  const grants = [...commonConfig().grants, signIn()]
  server = await startServer({ grants, resources: [FILES] })
})
afterAll(() => server.close())

const newFlow = async (registration: Parameters<TestServer['addClient']>[0] = {}): Promise<CodeFlow> => ({
  server,
  browser: openBrowser(server),
  client: await server.addClient({ isThirdParty: true, ...registration }),
  user: await server.addUser(),
})

const list = ({ user }: Pick<CodeFlow, 'user'>) => server.server.connections.list(user)
const disconnect = ({ user, client }: CodeFlow) => server.server.connections.disconnect(user, client.id)

describe('connections.list', () => {
  test('has an app with its client, its scopes and its times', async () => {
    const flow = await newFlow({
      name: 'Calendar',
      publisher: 'Calendars & Co',
      homepage: 'https://calendar.example',
      logo: '/calendar.svg',
    })
    const tokens = await getCodeFlowTokens(flow)
    const connected = server.clock.now()
    server.clock.advance('5m')
    const refreshing = server.clock.now()
    await refresh(flow, tokens.refresh_token)
    const apps = await list(flow)
    const [{ connectedAt, lastUsedAt } = { connectedAt: 0, lastUsedAt: 0 }] = apps
    expect(connectedAt).toBeLessThanOrEqual(connected)
    expect(lastUsedAt).toBeGreaterThanOrEqual(refreshing)
    expect(apps).toEqual([
      {
        client: {
          id: flow.client.id,
          name: 'Calendar',
          publisher: 'Calendars & Co',
          homepage: 'https://calendar.example',
          logo: '/calendar.svg',
          privacy: null,
          terms: null,
          isThirdParty: true,
        },
        scopes: ['orders:read'],
        resources: [],
        connectedAt,
        lastUsedAt,
        authorizations: 1,
      },
    ])
  })

  test('unites what several authorizations allow, for each API', async () => {
    const flow = await newFlow()
    await getCodeFlowTokens(flow, { scope: 'profile' })
    await getCodeFlowTokens(flow, { scope: 'orders:read', resource: FILES })
    expect(await list(flow)).toMatchObject([
      { scopes: ['orders:read', 'profile'], resources: [server.issuer, FILES], authorizations: 2 },
    ])
  })

  test('keeps an app whose tokens have expired, because it would not have to ask again', async () => {
    const flow = await newFlow()
    await getCodeFlowTokens(flow)
    const [{ lastUsedAt } = { lastUsedAt: null }] = await list(flow)
    server.clock.advance('31d')
    expect(await list(flow)).toMatchObject([{ scopes: ['orders:read'], lastUsedAt, authorizations: 0 }])
  })

  test('sorts apps by their last use, or else by when they were connected', async () => {
    const flow = await newFlow()
    const clients = [flow.client, await server.addClient(), await server.addClient()]
    for (const client of clients) {
      server.clock.advance('1m')
      await getCodeFlowTokens({ ...flow, client })
    }
    // Never used: it counts from its consent.
    const allowed = await server.addClient()
    server.clock.advance('1m')
    const user = { provider: 'users', userId: flow.user.id }
    await server.store.consents.add(user, allowed.id, [], server.clock.now())
    const ids = (await list(flow)).map(({ client }) => client.id)
    expect(ids).toEqual([...clients, allowed].map(({ id }) => id).toReversed())
  })

  test('tells your own apps from those of others', async () => {
    const flow = await newFlow({ isThirdParty: false, skipsConsent: true })
    const owned = await server.addClient({ ownerId: 'someone' })
    for (const client of [flow.client, owned]) await getCodeFlowTokens({ ...flow, client })
    const kinds = (await list(flow)).map(({ client, scopes }) => [client.id, client.isThirdParty, scopes])
    expect(kinds).toHaveLength(2)
    // Without a consent, the scopes are those of the authorization.
    expect(kinds).toContainEqual([flow.client.id, false, ['orders:read']])
    expect(kinds).toContainEqual([owned.id, true, ['orders:read']])
  })

  test('leaves out revoked clients, personal access tokens, sign-ins and other users', async () => {
    const flow = await newFlow()
    await getCodeFlowTokens(flow)
    await server.server.clients.revoke(flow.client.id)
    await server.server.personalTokens.create(flow.user, { name: 'Backup' })
    await logIn(server, flow.user)
    const other = await newFlow()
    await getCodeFlowTokens(other)
    expect(await list(flow)).toEqual([])
  })
})

describe('connections.disconnect', () => {
  test('stops API calls and refreshes, and the user is asked again', async () => {
    const flow = await newFlow()
    const tokens = [await getCodeFlowTokens(flow), await getCodeFlowTokens(flow)]
    expect(await disconnect(flow)).toBe(true)
    for (const { access_token: access, refresh_token: token } of tokens) {
      expect((await callApi(server, '/me', access)).status).toBe(401)
      const { status, body } = await refresh(flow, token)
      expect([status, body['error']]).toEqual([400, 'invalid_grant'])
    }
    const page = await flow.browser.open(authorizationUrl(server, flow.client, { scope: 'orders:read' }))
    expect(page.forms.map(({ label }) => label)).toContain('Allow')
    expect(await list(flow)).toEqual([])
  })

  test('leaves the other apps of the user, and other users of the app, connected', async () => {
    const flow = await newFlow()
    const others: CodeFlow[] = [
      { ...flow, client: await server.addClient() },
      { ...flow, user: await server.addUser(), browser: openBrowser(server) },
    ]
    await getCodeFlowTokens(flow)
    const tokens = []
    for (const other of others) tokens.push(await getCodeFlowTokens(other))
    await disconnect(flow)
    for (const { access_token: access } of tokens)
      expect((await callApi(server, '/me', access)).status).toBe(200)
    for (const other of others) expect(await list(other)).toHaveLength(1)
  })

  test('emits app.disconnected, and revocation.written for each authorization', async () => {
    const flow = await newFlow()
    const { access_token: token } = await getCodeFlowTokens(flow)
    const start = server.events.length
    await disconnect(flow)
    const app = { requestId: null, clientId: flow.client.id, sub: flow.user.id }
    const entry = { kind: 'authorization', subject: claimOf(token, 'azn'), sub: flow.user.id }
    expect(server.events.slice(start)).toMatchObject([
      { name: 'revocation.written', payload: { requestId: null, entry } },
      { name: 'app.disconnected', payload: app },
    ])
  })

  test('returns false and emits nothing if the app is not connected', async () => {
    const flow = await newFlow()
    await getCodeFlowTokens(flow)
    await disconnect(flow)
    const start = server.events.length
    expect(await disconnect(flow)).toBe(false)
    expect(await server.server.connections.disconnect(flow.user, 'unknown')).toBe(false)
    expect(server.events.slice(start)).toEqual([])
  })

  test('forgets the consent for a client that was revoked', async () => {
    const flow = await newFlow()
    await getCodeFlowTokens(flow)
    await server.server.clients.revoke(flow.client.id)
    expect(await disconnect(flow)).toBe(true)
  })

  test.each(['personal-access', 'sign-in'])('never revokes the authorizations of %s', async (id) => {
    const { user } = await newFlow()
    await server.server.personalTokens.create(user, { name: 'Backup' })
    await logIn(server, user)
    expect(await server.server.connections.disconnect(user, id)).toBe(false)
    await server.server.authorizations.disconnect(user, id)
    expect(await server.server.authorizations.list(user)).toHaveLength(2)
  })

  test.each([undefined, null, '', 7])('rejects %j in place of a client ID', async (id) => {
    const { user } = await newFlow()
    const disconnected = server.server.connections.disconnect(user, id as unknown as string)
    await expect(disconnected).rejects.toThrow('clientId: must be a non-empty string')
  })
})
