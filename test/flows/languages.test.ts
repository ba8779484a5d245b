import { afterAll, describe, expect, test } from 'vitest'
import { builtInMessages, type BuiltInUser, type ResetLink } from '../../src/index.ts'
import { openBrowser, type Browser, type Page } from '../support/browser.ts'
import { addDeviceClient, startDevice } from '../support/device.ts'
import { authorizationUrl } from '../support/oauth-client.ts'
import { CALLBACK, startServer, type TestUser } from '../support/server.ts'
import { createUserTable } from '../support/user-table.ts'

const { vi, zh } = builtInMessages
const LOCALES: Readonly<Record<string, unknown>> = { vi: 'vi', zh: 'zh_CN', xx: 'xx', broken: 7 }

const table = createUserTable()
const links: ResetLink[] = []
const withLocale = (user: BuiltInUser | undefined) => user && { ...user, locale: LOCALES[user.id] as string }
const users = {
  ...table.provider,
  find: async (id: string) => withLocale(await table.provider.find(id)),
  findByUsername: async (name: string) => withLocale(await table.provider.findByUsername(name)),
}
const server = await startServer({
  users,
  passwordReset: { send: (link) => void links.push(link) },
  pages: { name: 'Orchard', messages: { ar: { ...vi, lang: 'ar', direction: 'rtl', name: 'العربية' } } },
})
const client = await server.addClient()
afterAll(server.close)

/** Opens a browser that asks for a language with each request. */
const browserIn = (acceptLanguage: string): Browser =>
  openBrowser({
    ...server,
    send: (url, { headers, ...init }) => {
      const all = new Headers(headers)
      if (acceptLanguage !== '') all.set('accept-language', acceptLanguage)
      return fetch(url, { ...init, headers: all })
    },
  })

function addUser(id: string): TestUser {
  const user = { id, email: `${id}@example.com`, password: `password of ${id}` } as TestUser
  table.users.set(id, user)
  server.knownSecrets.add('password', user.password)
  return user
}

const languageOf = ({ body, headers }: Page): readonly (string | null | undefined)[] => [
  /<html lang="([^"]*)"/.exec(body)?.[1],
  headers.get('content-language'),
]

const requestUrl = (parameters: Readonly<Record<string, string>> = {}): string =>
  authorizationUrl(server, client, { scope: 'orders:read', prompt: 'consent', ...parameters })

describe('the language of a guest', () => {
  test.each([
    ['en', '', {}],
    ['vi', 'vi-VN,vi;q=0.9,en;q=0.8', {}],
    ['zh-Hans', 'zh-TW', {}],
    ['zh-Hans', 'fr;q=0.9, zh-CN;q=0.8, vi;q=0.1', {}],
    ['en', 'fr', {}],
    ['ar', 'ar-EG', {}],
    ['vi', 'zh', { ui_locales: 'vi' }],
    ['vi', 'zh', { ui_locales: 'fr vi-VN en' }],
    ['zh-Hans', 'zh', { ui_locales: 'fr' }],
    ['zh-Hans', 'zh', { ui_locales: '' }],
    ['zh-Hans', 'zh', { ui_locales: '../../vi <script> 한국어' }],
    ['en', 'vi;q=0, *', {}],
    ['vi', `${'x'.repeat(5000)},vi`, { ui_locales: '-'.repeat(5000) }],
  ])('is %s for Accept-Language %j and %j', async (expected, acceptLanguage, parameters) => {
    const page = await browserIn(acceptLanguage).open(requestUrl(parameters))
    expect(page.url.pathname).toBe('/login')
    expect(languageOf(page)).toEqual([expected, expected])
  })

  test('reads from right to left if the language does', async () => {
    expect((await browserIn('ar').open('/login')).body).toContain('<html lang="ar" dir="rtl">')
  })
})

describe('the language of a signed-in user', () => {
  test.each([
    ['vi', 'vi', 'zh', {}],
    ['zh-Hans', 'vi', 'vi', { ui_locales: 'zh' }],
    ['zh-Hans', 'zh', 'vi', {}],
    ['vi', 'xx', 'vi', {}],
    ['vi', 'broken', 'vi', {}],
    ['vi', 'none', 'vi', {}],
  ])(
    'is %s with the locale %j, Accept-Language %j and %j',
    async (expected, id, acceptLanguage, parameters) => {
      const user = addUser(id)
      const browser = browserIn(acceptLanguage)
      await signIn(browser, await browser.open('/login?ui_locales=en'), user)
      expect(languageOf(await browser.open(requestUrl(parameters)))).toEqual([expected, expected])
    },
  )
})

/** Signs in on a page in any language. */
async function signIn(browser: Browser, page: Page, { email, password }: TestUser): Promise<Page> {
  const label = page.forms[0]?.label ?? ''
  return browser.press(page, label, { username: email, password })
}

describe('ui_locales', () => {
  test('lasts from the sign-in page to consent and its errors', async () => {
    const user = addUser('flow')
    const browser = browserIn('en')
    const signInPage = await browser.open(requestUrl({ ui_locales: 'vi' }))
    const wrong = await signIn(browser, signInPage, { ...user, password: 'wrong' })
    expect([wrong.status, wrong.text.includes(vi.signIn.credentials.both)]).toEqual([403, true])
    const consent = await signIn(browser, wrong, user)
    expect(consent.text).toContain(vi.consent.heading)
    const forged = await browser.press(consent, vi.consent.approve, { csrf: 'forged' })
    expect(languageOf(forged)).toEqual(['vi', 'vi'])
    expect(forged.text).toContain(vi.error.reasons.forged_form().markup)
    const done = await browser.press(consent, vi.consent.approve)
    expect(done.url.href).toMatch(new RegExp(`^${CALLBACK}\\?code=`))
  })

  test('is followed by the error page of an unknown client, which shows the description for developers', async () => {
    const parameters = { ui_locales: 'vi', client_id: 'unknown' }
    const unknown = await browserIn('zh').open(requestUrl(parameters))
    expect(unknown.text).toContain('Ứng dụng này chưa được đăng ký với Orchard')
    const invalid = await browserIn('zh').open(requestUrl({ redirect_uri: 'https://evil.example/' }))
    expect(invalid.text).toContain(zh.error.otherReason)
    expect(invalid.body).toContain('lang="en" dir="ltr">The redirect_uri is not registered for this client<')
  })

  test('is kept by the pages for forgotten passwords', async () => {
    const browser = browserIn('en')
    const page = await browser.open(requestUrl({ ui_locales: 'vi' }))
    const [, path = ''] = /href="([^"]*forgot-password[^"]*)"/.exec(page.body) ?? []
    const form = await browser.open(path)
    expect(languageOf(form)).toEqual(['vi', 'vi'])
    const sent = await browser.press(form, vi.forgotPassword.submit, { username: 'nobody@example.com' })
    expect(sent.text).toContain(vi.forgotPassword.sentHeading)
  })
})

test.each([
  [255, true],
  [256, false],
])('ui_locales of %i characters follow to the page for forgotten passwords: %s', async (length, isKept) => {
  const uiLocales = 'vi'.padEnd(length, ' x')
  const page = await browserIn('en').open(requestUrl({ ui_locales: uiLocales }))
  const [, path = ''] = /href="([^"]*forgot-password[^"]*)"/.exec(page.body) ?? []
  expect(path.includes('ui_locales=')).toBe(isKept)
})

test('a message with a reset link is in the language of the user, or else of the request', async () => {
  for (const id of ['zh', 'none']) addUser(id)
  for (const id of ['zh', 'none']) {
    const browser = browserIn('vi')
    const form = await browser.open('/forgot-password')
    await browser.press(form, vi.forgotPassword.submit, { username: `${id}@example.com` })
  }
  await expect.poll(() => links.map(({ language }) => language)).toEqual(['zh', 'vi'])
})

test('the pages for a device and the account are in the language of the browser', async () => {
  const user = addUser('none')
  const device = await startDevice(server, await addDeviceClient(server))
  const browser = browserIn('zh-CN')
  const code = await signIn(browser, await browser.open(device.completeUri), user)
  expect(code.text).toContain(zh.deviceCode.heading)
  const consent = await browser.press(code, zh.deviceCode.submit)
  expect(consent.text).toContain(zh.deviceConsent.compare)
  expect((await browser.press(consent, zh.consent.approve)).text).toContain(zh.deviceDone.approved)
  const devices = await browser.open('/account/devices')
  expect(devices.text).toContain('Linux 上的 Firefox')
  expect(devices.text).toContain('刚刚')
})

describe('the links to other languages', () => {
  test('switch the page, and later pages before ui_locales, until another one is chosen', async () => {
    const browser = browserIn('en')
    const page = await browser.open(requestUrl({ ui_locales: 'vi' }))
    expect(linksIn(page)).toEqual(['English', '简体中文', 'العربية'])
    const switched = await browser.open(linkTo(page, '简体中文'))
    expect([switched.url.search, languageOf(switched)]).toEqual([page.url.search, ['zh-Hans', 'zh-Hans']])
    expect(browser.setCookies.find((cookie) => cookie.startsWith('consulate_language=zh;'))).toContain(
      'Max-Age=31536000',
    )
    const consent = await signIn(browser, switched, addUser('switch'))
    expect(consent.text).toContain(zh.consent.heading)
    expect(languageOf(await browser.open(linkTo(consent, 'English')))).toEqual(['en', 'en'])
  })

  test.each(['language=xx', 'language=', 'language=constructor', 'x=1&language=vi', 'language=vi%0d%0a'])(
    'ignore %j',
    async (query) => {
      const browser = browserIn('')
      const page = await browser.open(`/login?${query}`)
      expect(languageOf(page)).toEqual(['en', 'en'])
      expect(browser.setCookies.filter((cookie) => cookie.includes('_language'))).toEqual([])
    },
  )

  test('keep the query of pages for signed-in users, and of pages for guests only what these read', async () => {
    const browser = browserIn('en')
    const guest = await browser.open('/login?prompt=login&x=1')
    expect(linkTo(guest, '简体中文').search).toBe('?language=zh&prompt=login')
    await signIn(browser, guest, addUser('query'))
    const page = await browser.open('/account/devices?x=1')
    expect(linkTo(page, '简体中文').search).toBe('?language=zh&x=1')
  })

  test('work for a GET of a page only', async () => {
    for (const [path, method] of [
      ['/login', 'POST'],
      ['/.well-known/jwks.json', 'GET'],
    ] as const) {
      const url = server.endpoint(`${path}?language=zh`)
      const { status, headers } = await fetch(url, { method, redirect: 'manual' })
      expect([path, status === 303, headers.get('set-cookie')?.includes('_language') ?? false]).toEqual([
        path,
        false,
        false,
      ])
    }
  })

  test.each(['xx', '', 'constructor', '"', 'vi vi'])('ignore the cookie %j', async (value) => {
    const browser = browserIn('')
    browser.setCookie('consulate_language', value)
    expect(languageOf(await browser.open('/login'))).toEqual(['en', 'en'])
  })

  test('are missing on error pages and on the answers to forms', async () => {
    const browser = browserIn('')
    const page = await browser.open('/login')
    const answer = await signIn(browser, page, { ...addUser('none'), password: 'wrong' })
    expect([linksIn(page).length, linksIn(answer)]).toEqual([3, []])
    expect(linksIn(await browser.open(requestUrl({ client_id: 'unknown' })))).toEqual([])
  })

  test('never lead to where another site wants', async () => {
    const { body } = await browserIn('').open('/login?return_to=https%3A%2F%2Fevil.example')
    expect(body).not.toContain('evil')
  })
})

const linksIn = ({ body }: Page): readonly string[] =>
  [...body.matchAll(/<a href="\?language=[^>]*>([^<]*)</g)].map(([, name = '']) => name)

const linkTo = ({ body, url }: Page, name: string): URL => {
  const [, href = ''] = new RegExp(`<a href="(\\?language=[^"]*)"[^>]*>${name}<`).exec(body) ?? []
  return new URL(href.replaceAll('&amp;', '&'), url)
}

test('with one language, there is no choice', async () => {
  await using english = await startServer({ pages: { languages: ['vi'] } })
  const page = await openBrowser(english).open('/login', { headers: { 'accept-language': 'zh' } })
  expect([languageOf(page), linksIn(page)]).toEqual([['vi', 'vi'], []])
})
