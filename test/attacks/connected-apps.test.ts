import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formOf, openBrowser, type Browser, type Page } from '../support/browser.ts'
import { callApi, getCodeFlowTokens, type CodeFlow } from '../support/oauth-client.ts'
import { startTwoProviders } from '../support/providers.ts'
import { startServer, type TestServer } from '../support/server.ts'

const PAGE = '/account/apps'
const OTHER_SITE = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
let server: TestServer
beforeAll(async () => void (server = await startServer()))
afterAll(() => server.close())

async function connect() {
  const flow: CodeFlow = {
    server,
    browser: openBrowser(server),
    client: await server.addClient({ isThirdParty: true }),
    user: await server.addUser(),
  }
  return { ...flow, tokens: await getCodeFlowTokens(flow) }
}

type Connected = Awaited<ReturnType<typeof connect>>

/** Returns the fields of the form that disconnects an app. */
async function fieldsOf({ browser, client }: Connected): Promise<Readonly<Record<string, string>>> {
  const page = await browser.open(server.endpoint(`${PAGE}?disconnect=${client.id}`))
  return formOf(page, 'Disconnect').fields
}

const post = (
  browser: Browser,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Page> =>
  browser.open(server.endpoint(PAGE), { method: 'POST', body: new URLSearchParams(fields), headers })

const isConnected = async ({ tokens }: Connected): Promise<boolean> =>
  (await callApi(server, '/me', tokens.access_token)).status === 200

describe('a forged request', () => {
  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['without its token', { csrf: '' }, {}],
    ['with a made-up token', { csrf: 'A'.repeat(43) }, {}],
    ['from another site', {}, OTHER_SITE],
    ['from another subdomain', {}, { 'sec-fetch-site': 'same-site' }],
    ['from a hidden origin', {}, { origin: 'null' }],
  ])('%s disconnects nothing', async (_, changes, headers) => {
    const app = await connect()
    const fields = { ...(await fieldsOf(app)), ...changes }
    expect((await post(app.browser, fields, headers)).status).toBe(403)
    expect(await isConnected(app)).toBe(true)
  })

  test("with another user's form disconnects nothing", async () => {
    const [app, other] = [await connect(), await connect()]
    expect((await post(other.browser, await fieldsOf(app))).status).toBe(403)
    expect(await isConnected(app)).toBe(true)
  })

  test('by a link disconnects nothing, whatever it contains', async () => {
    const app = await connect()
    const fields = await fieldsOf(app)
    const queries = [fields, { ...fields, _method: 'POST' }, { disconnected: app.client.id, ...fields }]
    for (const query of queries) {
      const text = new URLSearchParams(query).toString()
      expect((await app.browser.open(server.endpoint(`${PAGE}?${text}`))).status).toBe(200)
    }
    expect(await isConnected(app)).toBe(true)
  })

  test('without a client ID, or with two, is refused', async () => {
    const app = await connect()
    const { disconnect = '', ...fields } = await fieldsOf(app)
    expect((await post(app.browser, fields)).status).toBe(400)
    const body = new URLSearchParams([...Object.entries({ ...fields, disconnect }), ['disconnect', 'x']])
    expect((await app.browser.open(server.endpoint(PAGE), { method: 'POST', body })).status).toBe(400)
    expect(await isConnected(app)).toBe(true)
  })
})

describe('a connected app', () => {
  test('can neither list nor revoke what its user has connected, with any of its tokens', async () => {
    const app = await connect()
    for (const token of [app.tokens.access_token, app.tokens.refresh_token]) {
      const headers = { authorization: `Bearer ${token}`, accept: 'application/json' }
      const { id } = (await server.server.authorizations.list(app.user))[0] ?? { id: '' }
      const answers = [
        await fetch(server.endpoint('/oauth/tokens'), { headers }),
        await fetch(server.endpoint(`/oauth/tokens/${id}`), { method: 'DELETE', headers }),
        await fetch(server.endpoint(PAGE), { headers }),
      ]
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 401])
    }
    expect(await isConnected(app)).toBe(true)
  })

  test('of a user of another provider with the same ID stays connected', async () => {
    await using pair = await startTwoProviders()
    const { users, customers } = pair.sides
    const visit = { server: pair.server, browser: openBrowser(pair.server) }
    const tokens = await getCodeFlowTokens({ ...visit, ...users })
    expect(users.user.id).toBe(customers.user.id)
    const { connections } = pair.server.server
    const stranger = { id: customers.user.id, provider: 'customers' }
    expect(await connections.list(stranger)).toEqual([])
    expect(await connections.disconnect(stranger, users.client.id)).toBe(false)
    expect((await callApi(pair.server, '/me', tokens.access_token)).status).toBe(200)
    expect(await connections.list(users.user)).toHaveLength(1)
  })
})

describe('a thief whose stolen session was signed out', () => {
  test('can disconnect no app with a form that is still open', async () => {
    const app = await connect()
    const fields = await fieldsOf(app)
    const [session] = await server.server.sessions.list(app.user)
    await server.server.sessions.revoke(session?.id ?? '')
    expect((await post(app.browser, fields)).url.pathname).toBe('/login')
    expect(await server.server.connections.list(app.user)).toHaveLength(1)
  })
})
