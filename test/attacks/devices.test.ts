import { afterAll, describe, expect, test } from 'vitest'
import { formOf, openBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import { formBody } from '../support/oauth-client.ts'
import { startTwoProviders } from '../support/providers.ts'
import { signInWith } from '../support/signed-in-browser.ts'

const PAGE = '/account/devices'
const OTHER_SITE = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }

let place = 'Berlin, Germany'
const providers = await startTwoProviders({ locate: () => place })
const { server } = providers
const [victim, attacker] = [await server.addUser(), await server.addUser()]
afterAll(() => providers[Symbol.asyncDispose]())

const pathFor = (query: Readonly<Record<string, string>>): string =>
  `${PAGE}?${new URLSearchParams(query).toString()}`

const post = (
  browser: Browser,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Page> => browser.open(server.endpoint(PAGE), { method: 'POST', body: formBody(fields), headers })

/** Returns the CSRF token of a page that asks before signing out. */
async function csrfOf(browser: Browser): Promise<string> {
  const page = await browser.open(server.endpoint(`${PAGE}?sign_out=others`))
  return formOf(page, 'Sign out').fields['csrf'] ?? ''
}

const isSignedIn = async (browser: Browser): Promise<boolean> =>
  (await browser.open(server.endpoint('/login'))).text.includes("You're signed in")

/** What a user can tell from a response. */
const appearanceOf = ({ status, url, text }: Page, id: string) => ({
  status,
  path: (url.pathname + url.search).replace(id, '{id}'),
  text: text.replaceAll(/[\da-f-]{36}/g, '{request}'),
})

describe("another user's device", () => {
  const requests: Readonly<Record<string, (browser: Browser, id: string) => Promise<Page>>> = {
    'asking to sign it out': (browser, id) => browser.open(server.endpoint(pathFor({ sign_out: id }))),
    'a notice about it': (browser, id) => browser.open(server.endpoint(pathFor({ signed_out: id }))),
    'signing it out': async (browser, id) => post(browser, { csrf: await csrfOf(browser), sign_out: id }),
  }

  test.each(Object.entries(requests))('gets the same response as an unknown one: %s', async (_, request) => {
    const [theirs, mine] = [await signInWith(server, victim), await signInWith(server, attacker)]
    for (const state of ['signed in', 'signed out']) {
      const [real, unknown] = [
        await request(mine.browser, theirs.id),
        await request(mine.browser, 'x'.repeat(22)),
      ]
      expect(appearanceOf(real, theirs.id)).toEqual(appearanceOf(unknown, 'x'.repeat(22)))
      expect(real.text).not.toContain('was signed out')
      expect(await isSignedIn(theirs.browser)).toBe(state === 'signed in')
      await server.server.sessions.revoke(theirs.id)
    }
  })

  test('is not signed out: 404, and nothing is written', async () => {
    const [theirs, mine] = [await signInWith(server, victim), await signInWith(server, attacker)]
    const csrf = await csrfOf(mine.browser)
    const since = server.events.length
    const response = await post(mine.browser, { csrf, sign_out: theirs.id })
    expect([response.status, response.text]).toEqual([404, expect.stringContaining('not_found') as string])
    expect(server.events.slice(since).map(({ name }) => name)).toEqual(['request.refused'])
    expect(await isSignedIn(theirs.browser)).toBe(true)
  })

  test('is not signed out with all others, whatever the form adds', async () => {
    const [theirs, mine] = [await signInWith(server, victim), await signInWith(server, attacker)]
    const fields = { csrf: await csrfOf(mine.browser), sign_out: 'others' }
    await post(mine.browser, {
      ...fields,
      user: victim.id,
      sub: victim.id,
      id: theirs.id,
      provider: 'customers',
    })
    expect(await isSignedIn(theirs.browser)).toBe(true)
  })
})

describe('a user of another provider with the same ID', () => {
  test("neither sees nor signs out the other's devices", async () => {
    const { users, customers } = await providers.addUsersWithSameId()
    const staff = await signInWith(server, users)
    const customer = await signInWith(server, customers, undefined, '/login/customers')
    const page = await customer.browser.open(server.endpoint(`${PAGE}/customers`))
    expect(page.body.match(/class="device-icon"/g)).toHaveLength(1)
    const asking = await customer.browser.open(server.endpoint(`${PAGE}/customers?sign_out=others`))
    await customer.browser.press(asking, 'Sign out')
    const named = await customer.browser.press(asking, 'Sign out', { sign_out: staff.id })
    expect([named.status, await isSignedIn(staff.browser)]).toEqual([404, true])
    expect((await customer.browser.open(server.endpoint(PAGE))).url.pathname).toBe('/login')
  })

  test('has pages whose links stay with that provider', async () => {
    const { customers } = await providers.addUsersWithSameId()
    const { browser } = await signInWith(server, customers, undefined, '/login/customers')
    const page = await browser.open(server.endpoint('/account/customers'))
    expect(page.url.pathname).toBe(`${PAGE}/customers`)
    const own = [...page.body.matchAll(/href="(\/[^"?]*)/g)].map(([, path = '']) => path)
    expect(own.filter((path) => !path.endsWith('/customers'))).toEqual([])
  })
})

describe('a forged request', () => {
  test.each<[string, (csrf: string) => Record<string, string>, Record<string, string>]>([
    ['without its token', () => ({}), {}],
    ['with a made-up token', () => ({ csrf: 'A'.repeat(43) }), {}],
    ['from another site', (csrf) => ({ csrf }), OTHER_SITE],
    ['from another subdomain', (csrf) => ({ csrf }), { 'sec-fetch-site': 'same-site' }],
    ['from a hidden origin', (csrf) => ({ csrf }), { origin: 'null' }],
  ])('%s signs nothing out', async (_, fields, headers) => {
    const [phone, laptop] = [await signInWith(server, victim), await signInWith(server, victim)]
    for (const target of ['others', phone.id]) {
      const csrf = await csrfOf(laptop.browser)
      expect((await post(laptop.browser, { ...fields(csrf), sign_out: target }, headers)).status).toBe(403)
    }
    expect(await isSignedIn(phone.browser)).toBe(true)
  })

  test("with another browser's token signs nothing out", async () => {
    const [phone, laptop] = [await signInWith(server, victim), await signInWith(server, victim)]
    const csrf = await csrfOf(phone.browser)
    expect((await post(laptop.browser, { csrf, sign_out: 'others' })).status).toBe(403)
    expect(await isSignedIn(phone.browser)).toBe(true)
  })

  test.each(['sign_out=others', 'signed_out=others'])('by a link signs nothing out: %s', async (query) => {
    const [phone, laptop] = [await signInWith(server, victim), await signInWith(server, victim)]
    for (const extra of ['', `&csrf=${await csrfOf(laptop.browser)}`, '&_method=POST'])
      await laptop.browser.open(server.endpoint(`${PAGE}?${query}${extra}`))
    expect(await isSignedIn(phone.browser)).toBe(true)
  })

  test('without a target, or with two, is refused', async () => {
    const { browser } = await signInWith(server, victim)
    const csrf = await csrfOf(browser)
    expect((await post(browser, { csrf })).status).toBe(400)
    const body = new URLSearchParams([...Object.entries({ csrf, sign_out: 'others' }), ['sign_out', 'x']])
    expect((await browser.open(server.endpoint(PAGE), { method: 'POST', body })).status).toBe(400)
  })
})

describe('a thief whose stolen session was signed out', () => {
  test('cannot sign out the others with a form that is still open', async () => {
    const [owner, stolen] = [await signInWith(server, victim), await signInWith(server, victim)]
    const csrf = await csrfOf(stolen.browser)
    const asking = await owner.browser.open(server.endpoint(pathFor({ sign_out: stolen.id })))
    await owner.browser.press(asking, 'Sign out')
    for (const target of ['others', owner.id]) {
      const response = await post(stolen.browser, { csrf, sign_out: target })
      expect(response.url.pathname).toBe('/login')
    }
    expect(await isSignedIn(owner.browser)).toBe(true)
  })

  test('gets no cookie from the page, and none can be made from the IDs on it', async () => {
    const [owner, phone] = [await signInWith(server, victim), await signInWith(server, victim)]
    const { body } = await owner.browser.open(server.endpoint(PAGE))
    for (const { cookies } of [owner.browser, phone.browser])
      expect(body).not.toContain(cookies.get('consulate_session'))
    const thief = openBrowser(server)
    thief.setCookie('consulate_session', phone.id)
    expect(await isSignedIn(thief)).toBe(false)
  })
})

describe('text from outside', () => {
  test.each([
    ['markup', '<script>alert(1)</script>"\'>', '&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;'],
    ['directional controls', '\u202eeciveD\u2066', 'eciveD'],
    ['many characters', 'W'.repeat(512), `${'W'.repeat(80)}…`],
    ['right-to-left text', 'هاتف أحمد 📱', 'هاتف أحمد 📱'],
  ])('in names and places is shown as text: %s', async (_, text, shown) => {
    const user = await server.addUser()
    place = text
    const { browser, id } = await signInWith(server, user)
    const session = await server.store.sessions.find(id)
    const other = { id: `${id}2`, cookieHash: `${id}2`, deviceName: text }
    if (session) await server.store.sessions.insert({ ...session, ...other }, user.id)
    for (const query of [{}, { sign_out: other.id }]) {
      const page = await browser.open(server.endpoint(pathFor(query)))
      expect(page.body).toContain(`<strong><bdi>${shown}</bdi></strong>`)
      expect(page.body).toContain(`<span><bdi>${shown}</bdi></span>`)
      expect(page.body).not.toMatch(/<script|[\u202a-\u202e\u2066-\u2069]/)
      expect(page.headers.get('content-security-policy')).not.toContain('script-src')
    }
  })
})
