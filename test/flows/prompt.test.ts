import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import type { Page } from '../support/browser.ts'
import { authorizationUrl, authorize, codeIn } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
const stranger = await server.addClient({ name: 'Stranger' })
afterAll(server.close)

const url = (prompt?: string, to = client): string =>
  authorizationUrl(server, to, { scope: 'profile', prompt, state: 'kept' })
const errorIn = ({ url: { searchParams } }: Page): string | null => searchParams.get('error')
const labelsIn = ({ forms }: Page): readonly string[] => forms.map(({ label }) => label)

/** Opens a browser in which the user is signed in and has approved the client. */
async function familiar() {
  const browser = openBrowser(server)
  await authorize(browser, url(), user)
  return browser
}

test('a guest signs in and returns to the same request', async () => {
  const browser = openBrowser(server)
  const login = await browser.open(url(undefined, stranger))
  expect(login.url.pathname).toBe('/login')
  expect(login.text).toContain('to continue to Stranger at app.example')
  const consent = await browser.signIn(login, user)
  expect(consent.url.href).toBe(url(undefined, stranger))
  expect(labelsIn(consent)).toContain('Allow')
})

describe('prompt=none', () => {
  test('returns login_required for a guest, with state and issuer', async () => {
    const page = await openBrowser(server).open(url('none'))
    expect(page.url.origin).toBe('https://app.example')
    expect(errorIn(page)).toBe('login_required')
    expect(page.url.searchParams.get('state')).toBe('kept')
    expect(page.url.searchParams.get('iss')).toBe(server.issuer)
  })

  test('returns consent_required without consent', async () => {
    expect(errorIn(await (await familiar()).open(url('none', stranger)))).toBe('consent_required')
  })

  test('returns a code if no page is needed', async () => {
    expect(codeIn(await (await familiar()).open(url('none')))).toBeTruthy()
    expect(codeIn(await (await familiar()).open(url('login none')))).toBeTruthy()
  })

  test('overrides other prompts', async () => {
    expect(errorIn(await openBrowser(server).open(url('none login')))).toBe('login_required')
    expect(errorIn(await (await familiar()).open(url('consent none')))).toBe('consent_required')
  })
})

describe('prompt=login', () => {
  test('asks the user to sign in again', async () => {
    const browser = await familiar()
    const login = await browser.open(url('login'))
    expect(labelsIn(login)).toEqual(['Sign in'])
    expect(codeIn(await browser.signIn(login, user))).toBeTruthy()
  })

  test('continues as the user who signs in', async () => {
    const other = await server.addUser()
    const browser = await familiar()
    const consent = await browser.signIn(await browser.open(url('login')), other)
    expect(consent.text).toContain(other.email)
  })

  test('asks for both, in this order, together with consent', async () => {
    const browser = await familiar()
    const login = await browser.open(url('login consent'))
    expect(labelsIn(login)).toEqual(['Sign in'])
    expect(labelsIn(await browser.signIn(login, user))).toContain('Allow')
  })
})

test('prompt=consent asks again for what was approved before', async () => {
  const browser = await familiar()
  const page = await browser.open(url('consent'))
  expect(labelsIn(page)).toContain('Allow')
  expect(codeIn(await browser.press(page, 'Allow'))).toBeTruthy()
})

test('an unknown prompt is ignored', async () => {
  expect(codeIn(await (await familiar()).open(url('create')))).toBeTruthy()
})

test.each(['select_account', 'select_account login'])(
  'prompt=%s shows the sign-in page, on which users choose an account',
  async (prompt) => {
    const other = await server.addUser()
    const browser = await familiar()
    const login = await browser.open(url(prompt))
    expect(labelsIn(login)).toEqual(['Sign in'])
    expect((await browser.signIn(login, other)).text).toContain(`Signed in as ${other.email}`)
  },
)

test('a user can switch accounts on the consent page and return to it', async () => {
  const other = await server.addUser()
  const browser = await familiar()
  const consent = await browser.open(url('consent'))
  const login = await browser.press(consent, 'Not you? Use another account')
  expect([login.status, labelsIn(login)]).toEqual([200, ['Sign in']])
  const again = await browser.signIn(login, other)
  expect(again.text).toContain(`Signed in as ${other.email}`)
})

describe('max_age', () => {
  const aged = (maxAge: string | number, prompt?: string): string =>
    authorizationUrl(server, client, { scope: 'profile', max_age: String(maxAge), prompt })

  test('asks the user to sign in again if the sign-in is older, and then answers the client', async () => {
    const browser = await familiar()
    expect(codeIn(await browser.open(aged(120)))).toBeTruthy()
    server.clock.advance('2m')
    server.clock.advance('1s')
    const login = await browser.open(aged(120))
    expect(labelsIn(login)).toEqual(['Sign in'])
    expect(codeIn(await browser.signIn(login, user))).toBeTruthy()
    expect(codeIn(await browser.open(aged(120)))).toBeTruthy()
  })

  test('of 0 always asks, but only once, even if the user takes longer', async () => {
    const browser = await familiar()
    const login = await browser.open(aged(0))
    expect(labelsIn(login)).toEqual(['Sign in'])
    server.clock.advance('5m')
    expect(codeIn(await browser.signIn(login, user))).toBeTruthy()
  })

  test('asks a guest only once', async () => {
    const browser = openBrowser(server)
    const page = await browser.signIn(await browser.open(aged(0)), user)
    expect(codeIn(page)).toBeTruthy()
  })

  test.each(['login', 'login consent', 'consent'])(
    'leaves the consent page with prompt=%s',
    async (prompt) => {
      const browser = await familiar()
      const next = await browser.signIn(await browser.open(aged(0, prompt)), user)
      server.clock.advance('5m')
      const isAsked = prompt.includes('consent')
      expect(codeIn(isAsked ? await browser.press(next, 'Allow') : next)).toBeTruthy()
    },
  )

  test('with prompt=none returns login_required if the sign-in is older', async () => {
    const browser = await familiar()
    expect(codeIn(await browser.open(aged(600, 'none')))).toBeTruthy()
    expect(errorIn(await browser.open(aged(0, 'none')))).toBe('login_required')
    server.clock.advance('11m')
    expect(errorIn(await browser.open(aged(600, 'none')))).toBe('login_required')
    expect(codeIn(await browser.open(aged(6000, 'none')))).toBeTruthy()
  })

  test.each(['-1', '1.5', '1e3', ' 5', '5 ', '0x10', '٣', '99999999999', 'NaN', "1'--"])(
    'of %s is invalid',
    async (value) => expect(errorIn(await (await familiar()).open(aged(value)))).toBe('invalid_request'),
  )

  test('counts a password that was confirmed since', async () => {
    const browser = await familiar()
    server.clock.advance('20m')
    const page = await browser.open(server.endpoint('/account/tokens'))
    const fields = { name: 'CI', current_password: user.password }
    expect((await browser.press(page, 'Generate token', fields)).status).toBe(200)
    expect(codeIn(await browser.open(aged(600)))).toBeTruthy()
  })
})

describe('login_hint', () => {
  const hinted = (hint: string): string => authorizationUrl(server, client, { login_hint: hint })
  const shownIn = (page: Page): string | undefined => page.forms[0]?.fields['username']

  test('fills in the user name, in a first and a forced sign-in', async () => {
    expect(shownIn(await openBrowser(server).open(hinted('ada@example.com')))).toBe('ada@example.com')
    const forced = await (await familiar()).open(`${hinted('ada@example.com')}&prompt=login`)
    expect(shownIn(forced)).toBe('ada@example.com')
  })

  test('does not replace what the user enters', async () => {
    const browser = openBrowser(server)
    const login = await browser.open(hinted('ada@example.com'))
    const failed = await browser.press(login, 'Sign in', { username: 'bob@example.com', password: 'wrong' })
    expect(shownIn(failed)).toBe('bob@example.com')
    const empty = await browser.press(failed, 'Sign in', { username: '', password: 'wrong' })
    expect(shownIn(empty)).toBe('')
  })

  test('is escaped, and ignored if it is too long or has control characters', async () => {
    const escaped = await openBrowser(server).open(hinted('"><script>alert(1)</script>'))
    expect(escaped.body).not.toContain('<script>alert')
    expect(shownIn(escaped)).toBe('"><script>alert(1)</script>')
    expect(shownIn(await openBrowser(server).open(hinted('a'.repeat(255))))).toHaveLength(255)
    expect(shownIn(await openBrowser(server).open(hinted('a'.repeat(256))))).toBe('')
    expect(shownIn(await openBrowser(server).open(hinted('a\nb')))).toBe('')
  })

  test('has no effect without an authorization request', async () => {
    const page = await openBrowser(server).open(server.endpoint('/login?login_hint=ada'))
    expect(shownIn(page)).toBe('')
  })
})

test('ui_locales is accepted', async () => {
  const page = await (await familiar()).open(`${url()}&ui_locales=fr-CA%20fr%20en`)
  expect(codeIn(page)).toBeTruthy()
})
