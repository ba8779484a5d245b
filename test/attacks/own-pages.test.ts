import { afterAll, describe, expect, test } from 'vitest'
import type { AppPage, AppPageOf, View } from '../../src/index.ts'
import type { ViewProps } from '../../src/pages/props.ts'
import { openBrowser, type Browser, type Page } from '../support/browser.ts'
import { authorizationUrl } from '../support/oauth-client.ts'
import { lastRequestLine } from '../support/request-log.ts'
import { startServer } from '../support/server.ts'

/** Where the pages of the app redirect. */
let location = '/app/page?theme=dark'
const toApp = (): Response =>
  new Response(null, { status: 307, headers: { location, 'set-cookie': 'theme=dark' } })
let newPersonalToken: View<'newPersonalToken'> = toApp

const server = await startServer({
  pages: {
    views: {
      signIn: toApp,
      consent: toApp,
      error: ({ code }) => (code === 'server_error' ? '<h1>Failed' : toApp()),
      personalTokens: toApp,
      newPersonalToken: (props) => newPersonalToken(props),
    },
  },
})
const user = await server.addUser()
const client = await server.addClient()
afterAll(server.close)

const consentUrl = authorizationUrl(server, client, { prompt: 'consent' })

const cookiesOf = (browser: Browser): string => [...browser.cookies].map((pair) => pair.join('=')).join('; ')

/** What the app's server reads. */
const readPage = (browser: Browser, { url }: Pick<Page, 'url'>): Promise<AppPage | undefined> =>
  server.server.pages.props({
    url: url.pathname + url.search,
    headers: { cookie: cookiesOf(browser), 'sec-fetch-site': 'cross-site' },
  })

async function propsOf<Name extends keyof ViewProps>(
  browser: Browser,
  page: Page,
  view: Name,
): Promise<ViewProps[Name]> {
  const data = await readPage(browser, page)
  expect(data).toMatchObject({ view })
  return (data as AppPageOf<Name>).props
}

/** What a script of the app's page reads. */
const fetchPage = (
  browser: Browser,
  { url }: Page,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(server.endpoint(`/oauth/page${url.search}`), {
    headers: { cookie: cookiesOf(browser), 'sec-fetch-site': 'same-origin', ...headers },
  })

const post = (
  browser: Browser,
  { action, hidden }: ViewProps['signIn'] | ViewProps['consent']['approve'],
  fields = {},
) =>
  browser.open(server.endpoint(action), {
    method: 'POST',
    body: new URLSearchParams({ ...hidden, ...fields }),
    headers: { origin: server.origin, 'sec-fetch-site': 'same-origin' },
  })

async function signIn(browser: Browser, page: Page): Promise<Page> {
  const props = await propsOf(browser, page, 'signIn')
  return post(browser, props, { username: user.email, password: user.password })
}

async function askedForConsent(): Promise<{ readonly browser: Browser; readonly asked: Page }> {
  const browser = openBrowser(server)
  const login = await browser.open(consentUrl)
  return { browser, asked: await signIn(browser, login) }
}

describe('a page of the app that a view redirects to', () => {
  test('signs users in and posts their decision, with the props it reads', async () => {
    const { browser, asked } = await askedForConsent()
    expect([asked.url.pathname, asked.url.searchParams.get('theme')]).toEqual(['/app/page', 'dark'])
    const { approve, client: shown } = await propsOf(browser, asked, 'consent')
    expect(shown.host).toBe('app.example')
    const { url } = await post(browser, approve)
    expect([url.origin, url.searchParams.has('code')]).toEqual(['https://app.example', true])
  })

  test('gets the same props in a script, without the user and the request', async () => {
    const { browser, asked } = await askedForConsent()
    const response = await fetchPage(browser, asked)
    const data = (await response.json()) as Record<string, unknown>
    expect(Object.keys(data)).toEqual(['view', 'status', 'language', 'formTargets', 'props'])
    expect(data).toMatchObject({ view: 'consent', status: 200, language: 'en', formTargets: ['https:'] })
    expect(data['props']).toMatchObject({ userName: user.email })
    expect(JSON.stringify(data)).not.toContain('passwordHash')
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  test('gets the problem of a form that failed, and can post it again', async () => {
    const browser = openBrowser(server)
    const first = await propsOf(browser, await browser.open(server.endpoint('/login')), 'signIn')
    const failed = await post(browser, first, { username: user.email, password: 'wrong' })
    const props = await propsOf(browser, failed, 'signIn')
    expect(props).toMatchObject({ username: user.email, problem: { kind: 'credentials' } })
    await signIn(browser, failed)
    const consent = await browser.open(consentUrl)
    expect(await readPage(browser, consent)).toMatchObject({ view: 'consent' })
  })

  test('gets errors with their status', async () => {
    const browser = openBrowser(server)
    const refused = await browser.open(server.endpoint('/oauth/authorize?client_id=unknown'))
    const page = await readPage(browser, refused)
    expect(page).toMatchObject({ view: 'error', status: 400, props: { reason: 'unknown_client' } })
  })

  test('gets a location once there is nothing to draw', async () => {
    const browser = openBrowser(server)
    const login = await browser.open(consentUrl)
    await signIn(browser, login)
    const page = await readPage(browser, login)
    expect(page).toMatchObject({ location: expect.stringContaining('/oauth/authorize?') as string })
  })

  test('has its own cookies, and is reached by 303, so that a password is not posted to it', async () => {
    const response = await fetch(server.endpoint('/login'), { redirect: 'manual' })
    expect(response.status).toBe(303)
    expect(response.headers.getSetCookie().map((cookie) => cookie.split('=')[0])).toEqual([
      'theme',
      'consulate_browser',
    ])
  })
})

describe('the URL of the page reveals nothing', () => {
  test('of the props, even to those who can decode it', async () => {
    const { browser, asked } = await askedForConsent()
    const { approve } = await propsOf(browser, asked, 'consent')
    const sealed = asked.url.searchParams.get('page') ?? ''
    const bytes = Buffer.from(sealed, 'base64url').toString('latin1')
    for (const secret of [...Object.values(approve.hidden), user.email, 'authorize'])
      expect(bytes).not.toContain(secret)
  })

  test.each(['another browser', 'a browser without cookies'])('to %s', async (name) => {
    const { asked } = await askedForConsent()
    const other = openBrowser(server)
    if (name === 'another browser') await other.open(server.endpoint('/login'))
    expect(await readPage(other, asked)).toBeUndefined()
    const response = await fetchPage(other, asked)
    expect([response.status, await response.text()]).toEqual([410, expect.not.stringContaining('csrf')])
  })

  test.each(['cross-site', 'same-site'])('to a %s script', async (site) => {
    const { browser, asked } = await askedForConsent()
    const response = await fetchPage(browser, asked, { 'sec-fetch-site': site })
    expect([response.status, response.headers.has('access-control-allow-origin')]).toEqual([403, false])
  })

  test('after an hour, or when altered', async () => {
    const { browser, asked } = await askedForConsent()
    for (const page of ['', 'x', 'A'.repeat(200), `${asked.url.searchParams.get('page')}A`.slice(1)])
      expect(await readPage(browser, { url: new URL(`/app?page=${page}`, server.origin) })).toBeUndefined()
    expect(await readPage(browser, { url: new URL('/app', server.origin) })).toBeUndefined()
    server.clock.advance(3_600_000)
    expect(await readPage(browser, asked)).toBeUndefined()
  })
})

test.each([
  '',
  '?page=',
  '?page=a&page=b',
  '?page=%00',
  '?page=%ff%fe',
  '?page=%',
  `?page=${'a'.repeat(17_000)}`,
  '?%5B%5D=1',
])('the props are refused to malformed queries: %.20s', async (query) => {
  const response = await fetch(server.endpoint(`/oauth/page${query}`))
  expect([400, 410, 431]).toContain(response.status)
  expect(response.headers.get('cache-control') ?? 'no-store').toBe('no-store')
})

describe('a page that answers a form', () => {
  async function withNewToken(): Promise<{
    readonly browser: Browser
    readonly shown: Page
    readonly form: Page
  }> {
    const browser = openBrowser(server)
    await signIn(browser, await browser.open(server.endpoint('/login')))
    const form = await browser.open(server.endpoint('/account/tokens'))
    const { create } = await propsOf(browser, form, 'personalTokens')
    const fields = { name: 'Backup', expires_in: '86400' }
    return { browser, form, shown: await post(browser, create, fields) }
  }

  test('shows a new token to its user, and not after they signed out', async () => {
    const { browser, shown } = await withNewToken()
    const { accessToken } = await propsOf(browser, shown, 'newPersonalToken')
    expect(server.knownSecrets.add('personal token', accessToken)).toMatch(/^\S{40,}$/)
    expect(shown.url.href).not.toContain(accessToken)
    const sessions = await server.server.sessions.list(user)
    for (const { id } of sessions) await server.server.sessions.revoke(id)
    expect(await readPage(browser, shown)).toBeUndefined()
  })

  test('is the built-in one if it is too long for a URL', async () => {
    const { browser, form } = await withNewToken()
    const { create } = await propsOf(browser, form, 'personalTokens')
    const name = 'x'.repeat(6000)
    const { status, text } = await post(browser, create, { name, expires_in: '86400' })
    expect([status, text]).toEqual([422, expect.stringContaining('Personal access tokens')])
    expect(server.logs.some((line) => line.includes('Page too long for a redirect'))).toBe(true)
  })

  test('can be drawn by the server itself', async () => {
    newPersonalToken = ({ name }) => `<h1>${name}`
    expect((await withNewToken()).shown.body).toBe('<h1>Backup')
    newPersonalToken = toApp
  })
})

describe('a view cannot redirect to', () => {
  test.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '/.//evil.example/',
    'javascript:alert(1)',
    'data:text/html,hi',
    'http://user:secret@127.0.0.1/',
    'http://',
  ])('%s', async (target) => {
    location = target
    const { status, body, url } = await openBrowser(server).open(server.endpoint('/login'))
    expect([status, body, url.href]).toEqual([500, '<h1>Failed', server.endpoint('/login')])
    expect(lastRequestLine(server)).toContain('pages.views.signIn redirected to another origin')
  })

  test('its own page, again and again', async () => {
    location = '/login?again'
    const { status } = await openBrowser(server).open(server.endpoint('/login'))
    expect(status).toBe(500)
    expect(lastRequestLine(server)).toContain('pages.views.signIn redirected to /login')
  })
})
