import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ClientRegistration } from '../../src/index.ts'
import { linkTo, openBrowser, type Browser, type Page } from '../support/browser.ts'
import {
  authorizationUrl,
  callApi,
  getCodeFlowTokens,
  refresh,
  type CodeFlow,
  type Parameters,
} from '../support/oauth-client.ts'
import { startServer, type TestServer } from '../support/server.ts'

const PAGE = '/account/apps'
const CALENDAR = {
  name: 'Calendar',
  isThirdParty: true,
  publisher: 'Calendars & Co',
  homepage: 'https://calendar.example/about',
  logo: '/calendar.svg',
}
let server: TestServer
beforeAll(async () => {
  server = await startServer({ pages: { name: 'Orchard' } })
})
afterAll(() => server.close())

/** Connects an app in a new browser of a new user, or of the given one. */
async function connect(
  registration: Partial<ClientRegistration> = CALENDAR,
  { user, browser }: Partial<Pick<CodeFlow, 'user' | 'browser'>> = {},
  parameters: Parameters = {},
) {
  const flow: CodeFlow = {
    server,
    browser: browser ?? openBrowser(server),
    client: await server.addClient(registration),
    user: user ?? (await server.addUser()),
  }
  return { ...flow, tokens: await getCodeFlowTokens(flow, parameters) }
}

const open = (browser: Browser, query = ''): Promise<Page> => browser.open(server.endpoint(PAGE + query))

const question = async (browser: Browser): Promise<Page> =>
  browser.open(linkTo(await open(browser), 'Disconnect'))

const post = (browser: Browser, fields: Parameters): Promise<Page> =>
  browser.open(server.endpoint(PAGE), {
    method: 'POST',
    body: new URLSearchParams(fields as Record<string, string>),
    headers: { origin: server.origin },
  })

/** Copies the authorization of a client. */
function copyAuthorizations(clientId: string, count: number): void {
  const database = new DatabaseSync(server.file)
  const columns = database
    .prepare("select name from pragma_table_info('consulate_authorizations')")
    .all()
    .map(({ name }) => String(name))
  const values = columns.map((column) => (column === 'id' ? "id || '-' || value" : column))
  database
    .prepare(
      `with recursive numbers(value) as (select 1 union all select value + 1 from numbers where value < ?)
       insert into consulate_authorizations (${columns.join(', ')})
       select ${values.join(', ')} from consulate_authorizations, numbers where client_id = ?`,
    )
    .run(count, clientId)
  database.close()
}

describe('the page of connected apps', () => {
  test('shows each app with what it may do and when it was used', async () => {
    const { browser } = await connect(CALENDAR, {}, { scope: 'orders:read profile' })
    const { text, body, headers } = await open(browser)
    for (const part of ['Calendar', 'By Calendars & Co', 'calendar.example', 'See your orders'])
      expect(text).toContain(part)
    expect(text).toContain('See your name & picture')
    expect(text).toContain('Last used just now')
    expect(text).toMatch(/Connected [A-Z][a-z]{2} \d{1,2}, \d{4}\b/)
    expect(body).toContain('<img class="icon" src="/calendar.svg" alt="" />')
    expect(headers.get('content-security-policy')).toContain("img-src 'self'")
  })

  test('is linked from the other account pages', async () => {
    const { browser } = await connect()
    const devices = await browser.open(server.endpoint('/account/devices'))
    const page = await browser.open(linkTo(devices, 'Connected apps'))
    expect(page.body).toMatch(/href="\/account\/apps"\s+aria-current="page"/)
  })

  test('says so if there are none', async () => {
    const browser = openBrowser(server)
    await browser.signIn(await browser.open(server.endpoint('/login')), await server.addUser())
    expect((await open(browser)).text).toContain("You haven't connected any apps yet.")
  })

  test('shows third-party apps first, and then your own', async () => {
    const { user, browser } = await connect()
    server.clock.advance('1m')
    await connect({ name: 'Our shop' }, { user, browser })
    const { text } = await open(browser)
    const parts = ['Third-party apps', 'Calendar', 'Apps by Orchard', 'Our shop']
    const positions = parts.map((part) => text.lastIndexOf(part))
    expect(positions).toEqual(positions.toSorted((one, other) => one - other))
  })

  test('says that an app was not used if its tokens expired long ago', async () => {
    const { user, browser } = await connect()
    server.clock.advance('90d')
    await server.server.purge({ hours: 0 })
    await browser.signIn(await browser.open(server.endpoint('/login')), user)
    expect((await open(browser)).text).toContain('Not used recently')
  })

  test('shows 100 apps, and how many are left', async () => {
    const { user, browser } = await connect()
    const owner = { provider: 'users', userId: user.id }
    for (let index = 0; index < 102; index += 1) {
      const { id } = await server.addClient({ name: `App ${index}`, isThirdParty: true })
      await server.store.consents.add(owner, id, [], server.clock.now())
    }
    const { text, body } = await open(browser)
    expect(body.match(/aria-label="Disconnect /g)).toHaveLength(100)
    expect(text).toContain('3 more apps are not shown.')
  })

  test('stays small for a user with 10,000 authorizations, which one disconnect revokes', async () => {
    const { browser, user, client, tokens } = await connect()
    const before = (await open(browser)).body.length
    copyAuthorizations(client.id, 9_999)
    expect(await server.server.connections.list(user)).toMatchObject([{ authorizations: 10_000 }])
    expect(Math.abs((await open(browser)).body.length - before)).toBeLessThan(100)
    await browser.press(await question(browser), 'Disconnect')
    expect(await server.server.authorizations.list(user)).toEqual([])
    expect((await callApi(server, '/me', tokens.access_token)).status).toBe(401)
  })

  test('sends guests through sign-in and back', async () => {
    const { user } = await connect()
    const browser = openBrowser(server)
    const login = await open(browser)
    expect(login.url.pathname).toBe('/login')
    expect((await browser.signIn(login, user)).url.pathname).toBe(PAGE)
  })
})

describe('disconnecting an app', () => {
  test('asks first, and says what the app loses', async () => {
    const { browser, tokens } = await connect()
    const page = await question(browser)
    expect(page.text).toContain('Calendar will lose access to your account immediately')
    expect(page.text).toContain('It will no longer be able to: See your orders')
    expect(page.forms.map(({ label }) => label)).toEqual(['Disconnect'])
    expect((await browser.open(linkTo(page, 'Cancel'))).url.pathname).toBe(PAGE)
    expect((await callApi(server, '/me', tokens.access_token)).status).toBe(200)
  })

  test('stops its tokens, and the next authorization asks for consent again', async () => {
    const flow = await connect()
    const { browser, tokens, client } = flow
    const done = await browser.press(await question(browser), 'Disconnect')
    expect(done.text).toContain('Calendar was disconnected.')
    expect(done.text).toContain("You haven't connected any apps yet.")
    expect((await callApi(server, '/me', tokens.access_token)).status).toBe(401)
    expect((await refresh(flow, tokens.refresh_token)).status).toBe(400)
    const consent = await browser.open(authorizationUrl(server, client, { scope: 'orders:read' }))
    expect(consent.forms.map(({ label }) => label)).toContain('Allow')
  })

  test('emits revocation.written and app.disconnected with the ID of the request', async () => {
    const { browser, client, user } = await connect()
    const start = server.events.length
    await browser.press(await question(browser), 'Disconnect')
    const [revoked, disconnected, ...others] = server.events.slice(start)
    const requestId = expect.any(String) as unknown
    expect(disconnected?.payload).toEqual({ requestId, clientId: client.id, sub: user.id, by: 'user' })
    expect([revoked?.name, disconnected?.name, others]).toEqual([
      'revocation.written',
      'app.disconnected',
      [],
    ])
    expect(revoked?.payload['requestId']).toBe(disconnected?.payload['requestId'])
  })

  test('says so only after it was done, and not once the app is connected again', async () => {
    const flow = await connect()
    const done = await flow.browser.press(await question(flow.browser), 'Disconnect')
    expect((await flow.browser.open(done.url)).text).toContain('was disconnected')
    await getCodeFlowTokens(flow)
    expect((await flow.browser.open(done.url)).text).not.toContain('was disconnected')
    const other = await connect()
    const { search } = done.url
    const ofOther = search.replace(flow.client.id, other.client.id)
    expect((await open(flow.browser, ofOther)).text).not.toContain('was disconnected')
    expect((await open(other.browser, search)).text).not.toContain('was disconnected')
    const forged = `?disconnected=${flow.client.id}&proof=${'x'.repeat(43)}`
    expect((await open(other.browser, forged)).text).not.toContain('was disconnected')
  })

  test('can be repeated in another tab', async () => {
    const { browser } = await connect()
    const tabs = [await question(browser), await question(browser)]
    for (const tab of tabs)
      expect((await browser.press(tab, 'Disconnect')).text).toContain('was disconnected.')
  })

  test('leaves an app connected that the user allowed again in the meantime, until it is confirmed', async () => {
    const flow = await connect()
    const tab = await question(flow.browser)
    await flow.browser.press(await question(flow.browser), 'Disconnect')
    const { access_token: token } = await getCodeFlowTokens(flow)
    expect((await callApi(server, '/me', token)).status).toBe(200)
    await flow.browser.press(tab, 'Disconnect')
    expect((await callApi(server, '/me', token)).status).toBe(401)
  })

  test('is not possible without the token of the form, or from another site', async () => {
    const { browser, client, tokens } = await connect()
    const page = await question(browser)
    const { csrf = '' } = page.forms[0]?.fields ?? {}
    expect((await post(browser, { disconnect: client.id })).status).toBe(403)
    expect((await post(browser, { disconnect: client.id, csrf: `${csrf}x` })).status).toBe(403)
    const elsewhere = { origin: 'https://evil.example' }
    const body = new URLSearchParams({ disconnect: client.id, csrf })
    const forged = await browser.open(server.endpoint(PAGE), { method: 'POST', body, headers: elsewhere })
    expect(forged.status).toBe(403)
    expect((await callApi(server, '/me', tokens.access_token)).status).toBe(200)
  })

  test('of an app that only another user has connected is a 404, and leaves it connected', async () => {
    const theirs = await connect()
    const { browser } = await connect()
    const { csrf = '' } = (await question(browser)).forms[0]?.fields ?? {}
    const page = await open(browser, `?disconnect=${theirs.client.id}`)
    expect([page.url.search, page.text.includes('Disconnect app?')]).toEqual(['', false])
    for (const disconnect of [theirs.client.id, 'unknown'])
      expect((await post(browser, { csrf, disconnect })).status).toBe(404)
    expect((await callApi(server, '/me', theirs.tokens.access_token)).status).toBe(200)
  })

  test('is possible for your own apps too', async () => {
    const { browser, tokens } = await connect({ name: 'Our shop' })
    const page = await question(browser)
    expect(page.text).not.toContain('may keep data')
    await browser.press(page, 'Disconnect')
    expect((await callApi(server, '/me', tokens.access_token)).status).toBe(401)
  })
})

test('pages of your own get the apps, and the form that disconnects one', async () => {
  await using own = await startServer({
    pages: {
      views: {
        connectedApps: ({ apps, disconnected }) =>
          JSON.stringify({ apps: apps.map(({ name, scopes }) => [name, scopes]), disconnected }),
        disconnectApp: ({ client, disconnect: { action, hidden } }) =>
          `<form method="post" action="${action}">${Object.entries(hidden)
            .map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`)
            .join('')}<button>Bye, ${client.name}</button></form>`,
      },
    },
  })
  const [client, user, browser] = [await own.addClient(CALENDAR), await own.addUser(), openBrowser(own)]
  await getCodeFlowTokens({ server: own, browser, client, user })
  const list = await browser.open(own.endpoint(PAGE))
  const scopes = [{ id: 'orders:read', description: 'See your orders' }]
  expect(JSON.parse(list.body)).toEqual({ apps: [['Calendar', scopes]] })
  const page = await browser.open(own.endpoint(`${PAGE}?disconnect=${client.id}`))
  const done = await browser.press(page, 'Bye, Calendar')
  expect(JSON.parse(done.body)).toEqual({ apps: [], disconnected: 'Calendar' })
})
