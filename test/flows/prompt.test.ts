import { afterAll, describe, expect, test } from 'vitest'
import { startInApp } from '../support/app-request.ts'
import { openBrowser } from '../support/browser.ts'
import type { Page } from '../support/browser.ts'
import { authorizationUrl, authorize, codeIn, createPkce } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const WAVED = 'Waved through'
const server = await startServer({
  skipsConsent: ({ client: { name } }) => name === WAVED,
  providers: {
    asking: { find: async () => undefined, appSession: { signInUrl: '/sign-in', current: () => undefined } },
    starting: { find: async (id) => ({ id }), appSession: { signInUrl: '/sign-in' } },
  },
})
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

/** What the browser shows, or what the client receives. */
function outcomeOf({ url: shown, forms, body }: Page): string {
  if (shown.origin !== server.origin)
    return shown.searchParams.get('error') ?? (codeIn({ url: shown } as Page) && 'code')
  if (shown.pathname === '/sign-in') return 'app'
  if (body.startsWith('{')) return `JSON ${String((JSON.parse(body) as Record<string, unknown>)['error'])}`
  return forms.some(({ label }) => label === 'Allow') ? 'consent' : (forms[0]?.label ?? 'none').toLowerCase()
}

const native = { type: 'public', redirectUris: ['com.example.app:/callback'] } as const
const json = { headers: { accept: 'application/json' } }
const pkce = { code_challenge: createPkce().challenge, code_challenge_method: 'S256' }

/** The state of the user and the client: who opens the request, with which client. Nothing here is changed by opening it. */
async function createStates() {
  const signedIn = openBrowser(server)
  const [guest, allowed, native1, partly, asked] = [
    openBrowser(server),
    client,
    await server.addClient({ ...native, skipsConsent: true }),
    await server.addClient(),
    await server.addClient(),
  ]
  await authorize(signedIn, url(undefined, allowed), user)
  await authorize(signedIn, authorizationUrl(server, native1, { scope: 'profile', ...pkce }))
  await authorize(signedIn, authorizationUrl(server, partly, { scope: 'orders:read' }))
  const atApp = openBrowser(server)
  await startInApp(server, atApp, { id: '7', provider: 'starting' })
  const starting = await server.addClient({ provider: 'starting' })
  server.clock.advance('2m')
  const both = { scope: 'profile orders:read' }
  return {
    guest: { browser: guest, to: allowed },
    'too old': { browser: signedIn, to: allowed, parameters: { max_age: '60' } },
    allowed: { browser: signedIn, to: allowed },
    partly: { browser: signedIn, to: partly, parameters: both },
    asked: { browser: signedIn, to: asked },
    skips: { browser: signedIn, to: await server.addClient({ skipsConsent: true }) },
    waved: { browser: signedIn, to: await server.addClient({ name: WAVED, isThirdParty: true }) },
    native: { browser: signedIn, to: native1, parameters: pkce },
    'waved native': {
      browser: signedIn,
      to: await server.addClient({ ...native, name: WAVED }),
      parameters: pkce,
    },
    'app guest': { browser: guest, to: await server.addClient({ provider: 'asking' }) },
    'app opens sessions': { browser: guest, to: starting },
    'app too old': { browser: atApp, to: starting, parameters: { max_age: '60' } },
    'JSON guest': { browser: guest, to: allowed, init: json },
    'JSON allowed': { browser: signedIn, to: allowed, init: json },
    'JSON asked': { browser: signedIn, to: asked, init: json },
  } as const
}

const states = await createStates()

type State = keyof typeof states

const NOT_SIGNED_IN: readonly State[] = ['guest', 'too old']
const APPS: readonly State[] = ['app guest', 'app opens sessions', 'app too old']
const ALLOWED: readonly State[] = ['allowed', 'skips', 'waved']
const ASKED: readonly State[] = ['partly', 'asked', 'native', 'waved native']
const SIGNED_IN: readonly State[] = [...ALLOWED, ...ASKED]

const each = (names: readonly State[], outcome: string): Partial<Record<State, string>> =>
  Object.fromEntries(names.map((name) => [name, outcome]))

/** Guests sign in first, whatever else is asked. */
const GUESTS = {
  ...each(NOT_SIGNED_IN, 'sign in'),
  ...each(APPS, 'app'),
  'JSON guest': 'JSON login_required',
}
const DEFAULT = {
  ...GUESTS,
  ...each(ALLOWED, 'code'),
  ...each(ASKED, 'consent'),
  'JSON allowed': 'code',
  'JSON asked': 'JSON consent_required',
}
const FORCED = {
  ...GUESTS,
  ...each(SIGNED_IN, 'sign in'),
  'JSON allowed': 'JSON login_required',
  'JSON asked': 'JSON login_required',
}
const CONSENT = {
  ...GUESTS,
  ...each(SIGNED_IN, 'consent'),
  'JSON allowed': 'JSON consent_required',
  'JSON asked': 'JSON consent_required',
}
const SILENT = {
  ...each(NOT_SIGNED_IN, 'login_required'),
  ...each(ALLOWED, 'code'),
  ...each(ASKED, 'consent_required'),
  'app guest': 'login_required',
  'app opens sessions': 'interaction_required',
  'app too old': 'login_required',
  'JSON guest': 'login_required',
  'JSON allowed': 'code',
  'JSON asked': 'consent_required',
}

/** Each `prompt`: what it leads to in each state, and what follows the sign-in that it forces on a user who has consented. */
const PROMPTS: [string | undefined, Partial<Record<State, string>>, string?][] = [
  [undefined, DEFAULT],
  ['create', DEFAULT],
  ['NONE', DEFAULT],
  ['Login', DEFAULT],
  ['login', FORCED, 'code'],
  ['login login', FORCED, 'code'],
  ['select_account', FORCED, 'code'],
  ['select_account login', FORCED, 'code'],
  ['login create', FORCED, 'code'],
  ['login consent', FORCED, 'consent'],
  ['consent login', FORCED, 'consent'],
  ['select_account consent', FORCED, 'consent'],
  ['consent login select_account', FORCED, 'consent'],
  ['consent', CONSENT],
  ['consent  consent', CONSENT],
  ['consent create', CONSENT],
  ['none', SILENT],
  ['none none', SILENT],
  ['none create', SILENT],
  ['none login', SILENT],
  ['login none', SILENT],
  ['select_account none', SILENT],
  ['consent none', SILENT],
  ['login consent select_account none', SILENT],
]

test.each(PROMPTS)('prompt=%s', async (prompt, expected, afterSignIn) => {
  const outcomes = await Promise.all(
    Object.entries(states).map(async ([name, { browser, to, ...rest }]) => {
      const { parameters, init } = { parameters: {}, init: {}, ...rest }
      const address = authorizationUrl(server, to, { scope: 'profile', prompt, state: 'kept', ...parameters })
      const page = await browser.open(address, init)
      if (page.url.origin !== server.origin) expectIssuerAndState(page)
      return [name, outcomeOf(page)]
    }),
  )
  expect(Object.fromEntries(outcomes)).toEqual(expected)
  if (afterSignIn === undefined) return
  const browser = await familiar()
  expect(outcomeOf(await browser.signIn(await browser.open(url(prompt)), user))).toBe(afterSignIn)
})

function expectIssuerAndState({ url: { searchParams } }: Page): void {
  expect([searchParams.get('state'), searchParams.get('iss')]).toEqual(['kept', server.issuer])
}

test('a repeated prompt is an error, because either one could be meant', async () => {
  const page = await openBrowser(server).open(`${url('none')}&prompt=login`)
  expect([page.status, page.url.origin]).toEqual([400, server.origin])
})

test('prompt=login continues as the user who signs in', async () => {
  const other = await server.addUser()
  const browser = await familiar()
  const consent = await browser.signIn(await browser.open(url('login')), other)
  expect(consent.text).toContain(other.email)
})

test.each(['select_account'])(
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
