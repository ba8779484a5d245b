import { afterAll, describe, expect, test } from 'vitest'
import { createUser } from '../../src/users/built-in.ts'
import { openBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import { SCOPES } from '../support/config.ts'
import { authorizationUrl, formBody } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

/** Closes every kind of attribute and element, and opens one of its own. No spaces, so that it can be an email too. */
const PAYLOAD = `'"></title></style></textarea>--><x-evil/onload=alert(1)>{{7*7}}\${7*7}`

const server = await startServer({
  scopes: { ...SCOPES, profile: `See ${PAYLOAD}` },
  pages: { name: PAYLOAD },
  throttle: { perAccount: { failures: 2, window: '1m' } },
})
await server.server.ready()
const client = await server.addClient({ name: PAYLOAD })
const password = server.knownSecrets.add('password', 'correct horse evil battery')
const user = await createUser(server.store, server.clock, {
  email: `${PAYLOAD}@example.com`,
  name: PAYLOAD,
  password,
})
const person = { email: user?.email ?? '', password }
afterAll(server.close)

const hostile = {
  'user-agent': PAYLOAD,
  referer: `https://evil.example/${PAYLOAD}`,
  'accept-language': PAYLOAD,
}
const url = authorizationUrl(server, client, { scope: 'profile', state: PAYLOAD, prompt: 'consent' })

async function signedIn(): Promise<Browser> {
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login'), { headers: hostile }), person)
  return browser
}

/** Every page that there is, as an attacker would have it shown. */
const pages: Readonly<Record<string, () => Promise<Page>>> = {
  'the sign-in page': () => openBrowser(server).open(url),
  'the sign-in page after a wrong password': async () => {
    const browser = openBrowser(server)
    return browser.signIn(await browser.open(url), { email: `${PAYLOAD}${Math.random()}`, password: 'wrong' })
  },
  'the sign-in page after too many': async () => {
    const [browser, wrong] = [openBrowser(server), { email: `${PAYLOAD}nobody`, password: 'wrong' }]
    for (let count = 0; count < 2; count += 1) await browser.signIn(await browser.open(url), wrong)
    return browser.signIn(await browser.open(url), wrong)
  },
  'the sign-in page that was open for too long': async () => {
    const browser = openBrowser(server)
    return browser.press(await browser.open(url), 'Sign in', { csrf: PAYLOAD, username: PAYLOAD })
  },
  'the page for who is signed in': async () => (await signedIn()).open(server.endpoint('/login')),
  'the consent page': async () => (await signedIn()).open(url),
  'the page that asks before signing out': async () => (await signedIn()).open(server.endpoint('/logout')),
  'the page for who is signed out': () => openBrowser(server).open(server.endpoint('/logout')),
  'the page of an error': () =>
    openBrowser(server).open(`/oauth/authorize?client_id=${encodeURIComponent(PAYLOAD)}`),
  'the page of a form that was altered': async () => {
    const browser = await signedIn()
    return browser.press(await browser.open(url), 'Allow', { consent: PAYLOAD, _method: PAYLOAD })
  },
  'the page of a form from elsewhere': async () => {
    const browser = await signedIn()
    return browser.press(await browser.open(url), 'Allow', { csrf: PAYLOAD })
  },
}

describe.each(Object.entries(pages))('%s', (name, open) => {
  test('shows what others wrote as text, never as markup', async () => {
    const { body, status } = await open()
    expect(body).not.toMatch(/<x-evil/i)
    expect(body).toContain('&lt;x-evil/onload=alert(1)&gt;')
    expect(body.match(/<\/title>/g)).toHaveLength(1)
    expect(body.match(/<\/style>/g)).toHaveLength(1)
    expect(body.replaceAll(/<script type="module">.*?<\/script>/gs, '')).not.toMatch(
      /<script|javascript:|\son\w+=/i,
    )
    expect(body.match(/<script/g) ?? []).toHaveLength(name.startsWith('the sign-in page') ? 1 : 0)
    expect(status, name).toBeLessThan(500)
  })

  test('lets nobody frame it, keep it, guess its type, or run anything in it', async () => {
    const { headers } = await open()
    const policy = headers.get('content-security-policy') ?? ''
    for (const directive of [
      "default-src 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'self'",
    ])
      expect(policy).toContain(directive)
    expect(policy).not.toMatch(/unsafe|\*|https?:\/\//)
    expect(policy.match(/script-src [^;]*/)?.[0] ?? '').toMatch(/^$|^script-src 'sha256-[\w+/=]{44}'$/)
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
      'content-type': 'text/html; charset=utf-8',
    })
  })
})

const parameters = [
  'client_id',
  'redirect_uri',
  'response_type',
  'scope',
  'state',
  'prompt',
  'resource',
  'code_challenge',
  'code_challenge_method',
  'response_mode',
  'nonsense',
  PAYLOAD,
] as const

describe('in each parameter of an authorization request, as in', () => {
  test.each(parameters)('%s, markup is no markup', async (name) => {
    for (const browser of [openBrowser(server), await signedIn()]) {
      const { body } = await browser.open(
        authorizationUrl(server, client, { scope: 'profile', [name]: PAYLOAD }),
      )
      expect(body).not.toMatch(/<x-evil/i)
    }
  })

  test.each(parameters)('%s, line ends make no header of their own', async (name) => {
    const text = 'x\r\nSet-Cookie: evil=1\r\nX-Evil: 1\r\n\r\n<x-evil>\u010d\u010aX-Evil: 2'
    for (const browser of [openBrowser(server), await signedIn()]) {
      const page = await browser.open(authorizationUrl(server, client, { prompt: 'none', [name]: text }))
      expect(page.headers.has('x-evil')).toBe(false)
      expect(browser.cookies.has('evil')).toBe(false)
    }
  })
})

test.each(['username', 'return_to', 'intent', 'csrf', 'prompt'])(
  'line ends in %s of the sign-in form make no header of their own',
  async (name) => {
    const text = '/oauth/authorize?x\r\nX-Evil: 1\r\n\r\n'
    const browser = await signedIn()
    const asked = await browser.open(server.endpoint(`/login?${formBody({ [name]: text }).toString()}`))
    const body = formBody({ intent: 'switch', [name]: text })
    const posted = await browser.open(server.endpoint('/login'), { method: 'POST', body })
    for (const { headers } of [asked, posted]) expect(headers.has('x-evil')).toBe(false)
  },
)

test('an error as JSON says nothing of what was sent, and is no page', async () => {
  const response = await fetch(
    server.endpoint(`/oauth/authorize?${formBody({ client_id: PAYLOAD }).toString()}`),
    {
      headers: { accept: 'application/json' },
    },
  )
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(await response.text()).not.toContain('evil')
})

test('what goes to the client in an error holds nothing of what was sent but its state', async () => {
  for (const name of ['scope', 'response_type', 'prompt', 'resource', 'response_mode'] as const) {
    const request = { prompt: 'none', scope: 'profile', [name]: `${PAYLOAD} none` }
    const page = await openBrowser(server).open(
      authorizationUrl(server, client, { ...request, state: 'mine' }),
    )
    expect(page.url.search).not.toMatch(/evil|7\*7/)
    expect(page.url.searchParams.get('state')).toBe('mine')
  }
})
