import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { signIn } from '../../src/index.ts'
import type { Config } from '../../src/index.ts'
import { linkTo, openBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import { callApi, getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestUser } from '../support/server.ts'
import { createUserTable } from '../support/user-table.ts'
import { callSignInApi, logIn, postRefresh } from '../support/sign-in-api.ts'
import { signInWith, USER_AGENTS } from '../support/signed-in-browser.ts'

type Locate = NonNullable<Config['locate']>

const PAGE = '/account/devices'

let locate: Locate
const server = await startServer({
  grants: [...commonConfig().grants, signIn()],
  locate: (address, options) => locate(address, options),
})
const client = await server.addClient()
afterAll(server.close)
beforeEach(() => {
  locate = () => 'Berlin, Germany'
})

const openDevices = (browser: Browser, query = ''): Promise<Page> =>
  browser.open(server.endpoint(PAGE + query))

const isSignedIn = async (browser: Browser): Promise<boolean> =>
  (await browser.open(server.endpoint('/login'))).text.includes("You're signed in")

const noticeIn = ({ body }: Page): string | undefined =>
  /<p class="notice"[^>]*>(.*?)<\/p>/s.exec(body)?.[1]?.replaceAll(/<[^>]*>/g, '')

/** Signs a new user in on three browsers. */
async function signInOnThree() {
  const user = await server.addUser()
  const [laptop, phone, desktop] = [
    await signInWith(server, user),
    await signInWith(server, user, USER_AGENTS.phone),
    await signInWith(server, user, USER_AGENTS.desktop),
  ]
  return { user, laptop, phone, desktop }
}

/** Presses the button of the page that asks before signing out. */
const signOut = async (browser: Browser, target: string): Promise<Page> =>
  browser.press(await openDevices(browser, `?sign_out=${target}`), 'Sign out')

const endedSince = (since: number) =>
  server.events
    .slice(since)
    .filter(({ name }) => name === 'session.ended')
    .map(({ payload }) => `${String(payload['sessionId'])} ${String(payload['reason'])}`)

test('a device is last seen when it visits a page or an app on it refreshes a token', async () => {
  const flow = { server, client, browser: openBrowser(server), user: await server.addUser() }
  const wasJustSeen = async () => {
    const [device] = await server.server.sessions.list(flow.user)
    return server.clock.now() - (device?.lastSeenAt ?? 0) < 60_000
  }
  const tokens = await getCodeFlowTokens(flow)
  server.clock.advance('10m')
  expect(await wasJustSeen()).toBe(false)
  await refresh(flow, tokens.refresh_token)
  expect(await wasJustSeen()).toBe(true)
  server.clock.advance('10m')
  expect(await wasJustSeen()).toBe(false)
  await flow.browser.open(server.endpoint('/login'))
  expect(await wasJustSeen()).toBe(true)
})

describe('the page', () => {
  test('lists this device first, then those last seen, with place, address and times', async () => {
    const user = await server.addUser()
    const laptop = await signInWith(server, user)
    await signInWith(server, user, USER_AGENTS.phone)
    server.clock.advance('3h')
    await signInWith(server, user, USER_AGENTS.desktop)
    server.clock.advance('5m')
    const { text, body } = await openDevices(laptop.browser)
    const names = ['Firefox on Linux This device', 'Chrome on Windows', 'Safari on iPhone']
    const places = names.map((name) => text.indexOf(`${name} Berlin, Germany 127.0.0.1 Last seen`))
    expect(places).toEqual(places.toSorted((one, other) => one - other))
    expect(places).not.toContain(-1)
    expect(text.match(/Last seen [\w ]+? Signed in \w+ \d+, \d{4}, \d+:\d\d [AP]M UTC/g)).toEqual([
      expect.stringMatching(/^Last seen just now /),
      expect.stringMatching(/^Last seen 5 minutes ago /),
      expect.stringMatching(/^Last seen 3 hours ago /),
    ])
    const exact = new Date(server.clock.now() - 300_000).toISOString().slice(0, 16)
    expect(body).toMatch(new RegExp(`datetime="${exact}[^"]+" title="[^"]+ UTC">5 minutes ago</time>`))
    expect(body.match(/aria-label="(Computer|Phone)"/g)).toHaveLength(3)
  })

  test('sends guests through sign-in and back', async () => {
    const browser = openBrowser(server)
    const signInPage = await openDevices(browser)
    expect(signInPage.url.pathname).toBe('/login')
    const page = await browser.signIn(signInPage, await server.addUser())
    expect([page.url.pathname, page.text]).toEqual([PAGE, expect.stringContaining('Devices') as string])
    const asked = await fetch(server.endpoint(PAGE), { headers: { accept: 'application/json' } })
    expect([asked.status, await asked.json()]).toEqual([
      401,
      expect.objectContaining({ error: 'login_required' }) as unknown,
    ])
  })

  test('lists the devices of apps that signed in by the API, and signs them out', async () => {
    const { user, laptop } = await signInOnThree()
    const app = await logIn(server, user, { device_name: 'Ada’s 📱' })
    const page = await openDevices(laptop.browser)
    expect(page.text).toContain('Ada’s 📱')
    const asking = await laptop.browser.open(linkTo(page, 'Sign out all other devices'))
    expect(noticeIn(await laptop.browser.press(asking, 'Sign out'))).toBe(
      'You&#39;re signed out on all other devices.',
    )
    expect((await callApi(server, '/me', app.access_token)).status).toBe(401)
    expect((await postRefresh(server, app.refresh_token)).status).toBe(401)
  })

  test('shows the first hundred of many devices, and the number of the others', async () => {
    const user = await server.addUser()
    const { browser, id } = await signInWith(server, user)
    const session = await server.store.sessions.find(id)
    if (!session) throw new Error('No session')
    for (let index = 0; index < 101; index += 1) {
      const copy = { ...session, id: `${id}${index}`, cookieHash: `${id}${index}` }
      await server.store.sessions.insert(copy, user.id)
    }
    const page = await openDevices(browser)
    expect(page.body.match(/<li>\s*<span class="device-icon"/g)).toHaveLength(100)
    expect(page.text).toContain('2 more devices are not shown.')
    await signOut(browser, 'others')
    expect(await server.server.sessions.list(user)).toHaveLength(1)
  })

  test('of a signed-out user leads to the sign-in page', async () => {
    const { user, laptop } = await signInOnThree()
    await server.server.users.signOutEverywhere(user)
    expect((await openDevices(laptop.browser)).url.pathname).toBe('/login')
  })
})

describe('signing out one device', () => {
  test('asks first, then leaves the others signed in', async () => {
    const { user, laptop, phone, desktop } = await signInOnThree()
    const tokens = await getCodeFlowTokens({ server, client, user, browser: phone.browser })
    const list = await openDevices(laptop.browser)
    const asking = await laptop.browser.open(`${PAGE}?sign_out=${phone.id}`)
    expect(list.body).toContain(`href="${PAGE}?sign_out=${phone.id}"`)
    expect(asking.text).toContain('Sign out device? Safari on iPhone will be signed out immediately.')
    expect(await isSignedIn(phone.browser)).toBe(true)
    const since = server.events.length
    const after = await laptop.browser.press(asking, 'Sign out')
    expect(noticeIn(after)).toBe('Safari on iPhone was signed out.')
    expect(after.text.match(/Safari on iPhone/g)).toHaveLength(1)
    expect(endedSince(since)).toEqual([`${phone.id} signed_out_by_user`])
    expect((await callApi(server, '/me', tokens.access_token)).status).toBe(401)
    expect([await isSignedIn(phone.browser), await isSignedIn(laptop.browser)]).toEqual([false, true])
    expect(await isSignedIn(desktop.browser)).toBe(true)
  })

  test('from two tabs does it once, and both say so', async () => {
    const { laptop, phone } = await signInOnThree()
    const tabs = [
      await openDevices(laptop.browser, `?sign_out=${phone.id}`),
      await openDevices(laptop.browser, `?sign_out=${phone.id}`),
    ]
    const since = server.events.length
    for (const tab of tabs)
      expect(noticeIn(await laptop.browser.press(tab, 'Sign out'))).toBe('Safari on iPhone was signed out.')
    expect(endedSince(since)).toHaveLength(1)
    const third = await openDevices(laptop.browser, `?sign_out=${phone.id}`)
    expect([third.url.search, noticeIn(third)]).toEqual([
      `?signed_out=${phone.id}`,
      'Safari on iPhone was signed out.',
    ])
  })

  test('from a tab of a device that was signed out meanwhile leads to the sign-in page', async () => {
    const { laptop, phone, desktop } = await signInOnThree()
    const tab = await openDevices(phone.browser, `?sign_out=${laptop.id}`)
    await signOut(desktop.browser, phone.id)
    expect((await phone.browser.press(tab, 'Sign out')).url.pathname).toBe('/login')
    expect(await isSignedIn(laptop.browser)).toBe(true)
  })

  test('leads to the sign-out page if it is this device', async () => {
    const { laptop } = await signInOnThree()
    const page = await openDevices(laptop.browser)
    expect((await laptop.browser.open(`${PAGE}?sign_out=${laptop.id}`)).url.pathname).toBe('/logout')
    const asking = await openDevices(laptop.browser, '?sign_out=others')
    const posted = await laptop.browser.press(asking, 'Sign out', { sign_out: laptop.id })
    expect([posted.url.pathname, posted.text]).toEqual([
      '/logout',
      expect.stringContaining('signed in as') as string,
    ])
    expect(await isSignedIn(laptop.browser)).toBe(true)
    await laptop.browser.press(await laptop.browser.open(linkTo(page, 'Sign out')), 'Sign out')
    expect(await isSignedIn(laptop.browser)).toBe(false)
  })
})

describe('signing out all other devices', () => {
  test('asks first, then leaves this device and its apps signed in', async () => {
    const { user, laptop, phone, desktop } = await signInOnThree()
    const tokens = await getCodeFlowTokens({ server, client, user, browser: laptop.browser })
    const asking = await laptop.browser.open(
      linkTo(await openDevices(laptop.browser), 'Sign out all other devices'),
    )
    expect(asking.text).toContain('Every device except this one will be signed out immediately.')
    expect(await isSignedIn(phone.browser)).toBe(true)
    const since = server.events.length
    const after = await laptop.browser.press(asking, 'Sign out')
    expect(noticeIn(after)).toBe('You&#39;re signed out on all other devices.')
    expect(after.text).not.toContain('Sign out all other devices')
    const ended = [phone.id, desktop.id].map((id) => `${id} signed_out_by_user`)
    expect(endedSince(since).toSorted()).toEqual(ended.toSorted())
    expect([await isSignedIn(phone.browser), await isSignedIn(desktop.browser)]).toEqual([false, false])
    expect((await callApi(server, '/me', tokens.access_token)).status).toBe(200)
    expect(await isSignedIn(laptop.browser)).toBe(true)
  })

  test('includes an app whose session has expired but whose access token has not', async () => {
    const { user, laptop } = await signInOnThree()
    const app = await logIn(server, user)
    const session = await server.store.sessions.find(app.session_id)
    expect(session?.expiresAt).toBeLessThanOrEqual(server.clock.now())
    await signOut(laptop.browser, 'others')
    expect((await callApi(server, '/me', app.access_token)).status).toBe(401)
  })
})

test.each(['unknown', 'others', '', "' or 1=1 --"])(
  'a link cannot make the page say that something was signed out: %s',
  async (target) => {
    const { laptop } = await signInOnThree()
    const page = await openDevices(
      laptop.browser,
      `?${new URLSearchParams({ signed_out: target }).toString()}`,
    )
    expect([page.status, noticeIn(page)]).toEqual([200, undefined])
  },
)

test('a link to a device that is signed in makes the page say nothing', async () => {
  const { laptop, phone } = await signInOnThree()
  expect(noticeIn(await openDevices(laptop.browser, `?signed_out=${phone.id}`))).toBe(undefined)
})

describe('the places of devices', () => {
  const warnings = () => server.logs.filter((line) => line.includes('Places of addresses'))

  test('are found once for each address, and returned by the API too', async () => {
    const { user, laptop } = await signInOnThree()
    const asked: string[] = []
    locate = async (address) => {
      asked.push(address)
      return 'Köln <b>'
    }
    expect((await openDevices(laptop.browser)).body).toContain('<bdi>Köln &lt;b&gt;</bdi>')
    expect(asked).toEqual(['127.0.0.1'])
    const app = await logIn(server, user)
    const { body } = await callSignInApi(server, '/auth/devices', { method: 'GET', token: app.access_token })
    expect(body).toContainEqual(expect.objectContaining({ id: app.session_id, place: 'Köln <b>' }))
  })

  test('are looked up for at most 100 addresses', async () => {
    const user = await server.addUser()
    const app = await logIn(server, user)
    const session = await server.store.sessions.find(app.session_id)
    if (!session) throw new Error('No session')
    for (let index = 0; index < 150; index += 1) {
      const copy = {
        id: `${session.id}${index}`,
        cookieHash: `${session.id}${index}`,
        address: `10.0.0.${index}`,
      }
      const expiresAt = server.clock.now() + 60_000
      await server.store.sessions.insert({ ...session, ...copy, expiresAt }, user.id)
    }
    let count = 0
    locate = () => `Place ${(count += 1)}`
    const { body } = await callSignInApi(server, '/auth/devices', { method: 'GET', token: app.access_token })
    expect([body['length'], count]).toEqual([151, 100])
  })

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['an empty text', ''],
    ['a number', 7],
    ['an object', { city: 'Berlin' }],
  ])('are left out if the function returns %s', async (_, place) => {
    const { laptop } = await signInOnThree()
    locate = () => place as string
    const { status, text } = await openDevices(laptop.browser)
    expect([status, text]).toEqual([200, expect.stringContaining('Firefox on Linux This device 127.0.0.1')])
  })

  test('do not delay the page for more than a second, and an outage is logged once', async () => {
    const { laptop } = await signInOnThree()
    const before = warnings().length
    const signals: AbortSignal[] = []
    const failures: readonly Locate[] = [
      (_, { signal }) => {
        signals.push(signal)
        return new Promise<never>(() => {})
      },
      () => Promise.reject(new Error('no such host geo.example')),
      () => {
        throw new TypeError('locate is broken')
      },
    ]
    for (const failure of failures) {
      locate = failure
      const { status, text } = await openDevices(laptop.browser)
      expect([status, text]).toEqual([200, expect.stringContaining('Firefox on Linux This device 127.0.0.1')])
    }
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expect(warnings().slice(before)).toEqual([expect.stringContaining('"level":"warn"') as string])
    locate = () => 'Berlin, Germany'
    await openDevices(laptop.browser)
    await openDevices(laptop.browser)
    expect(warnings().slice(before)).toHaveLength(2)
    expect(warnings().at(-1)).toContain('available again')
  })
})

describe('the account', () => {
  const signInTo = async (at: typeof server, user: TestUser): Promise<Browser> =>
    (await signInWith(at, user)).browser

  test('redirects to its first page, and links the pages to each other', async () => {
    const browser = await signInTo(server, await server.addUser())
    const signedIn = await browser.open(server.endpoint('/login'))
    const devices = await browser.open(linkTo(signedIn, 'Your account'))
    expect(devices.url.pathname).toBe(PAGE)
    const tokens = await browser.open(linkTo(devices, 'Personal tokens'))
    expect(tokens.url.pathname).toBe('/account/tokens')
    expect((await browser.open(linkTo(tokens, 'Devices'))).url.pathname).toBe(PAGE)
    expect(tokens.body).toMatch(/href="\/account\/tokens"\s+aria-current="page"/)
  })

  test('has only the pages that are listed', async () => {
    await using own = await startServer({ accountPages: ['tokens'] })
    const browser = await signInTo(own, await own.addUser())
    const account = await browser.open(own.endpoint('/account'))
    expect([account.url.pathname, account.body.includes('<nav')]).toEqual(['/account/tokens', false])
    expect((await browser.open(own.endpoint(PAGE))).status).toBe(404)
  })

  test('has no pages for a provider whose users have none of those that are listed', async () => {
    const { setPassword: _, ...customers } = createUserTable().provider
    await using own = await startServer({ accountPages: ['password'], providers: { customers } })
    const paths = own.server.routes.map(({ path }) => path).filter((path) => path.startsWith('/account'))
    expect(paths).toEqual(['/account', '/account/password'])
  })

  test('is off with an empty list, but signing in is not', async () => {
    await using own = await startServer({ accountPages: [] })
    const browser = await signInTo(own, await own.addUser())
    for (const path of ['/account', PAGE, '/account/tokens'])
      expect((await browser.open(own.endpoint(path))).status).toBe(404)
    expect((await browser.open(own.endpoint('/login'))).body).not.toContain('/account')
    expect((await browser.open(own.endpoint('/oauth/personal-access-tokens'))).status).toBe(200)
  })

  test('can have pages of your own', async () => {
    await using own = await startServer({
      pages: {
        views: {
          devices: ({ devices, accountPages, now }) =>
            JSON.stringify({ devices, now, pages: accountPages.map(({ page }) => page) }),
          signOutDevice: ({ device, signOut: { action, hidden } }) =>
            `<form method="post" action="${action}">${Object.entries(hidden)
              .map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`)
              .join('')}<button>Bye, ${device?.kind}</button></form>`,
        },
      },
    })
    const user = await own.addUser()
    const browser = await signInTo(own, user)
    const phone = await signInWith(own, user, USER_AGENTS.phone)
    const { body } = await browser.open(own.endpoint(PAGE))
    expect(JSON.parse(body)).toMatchObject({
      pages: ['devices', 'password', 'apps', 'tokens'],
      devices: [
        { isCurrent: true, kind: 'computer', place: null },
        { id: phone.id, kind: 'phone' },
      ],
    })
    await browser.press(await browser.open(own.endpoint(`${PAGE}?sign_out=${phone.id}`)), 'Bye, phone')
    expect(await own.server.sessions.list(user)).toHaveLength(1)
  })
})
