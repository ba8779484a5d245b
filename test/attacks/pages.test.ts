import { afterAll, describe, expect, test } from 'vitest'
import type { Client } from '../../src/model/client.ts'
import { createUser } from '../../src/users/built-in.ts'
import { openBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import { SCOPES } from '../support/config.ts'
import { authorizationUrl, createPkce, formBody } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestClient } from '../support/server.ts'

/** Closes any attribute and element, and opens one of its own. Without spaces, so that it can be an email address. */
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
const credentials = { email: user?.email ?? '', password }
afterAll(server.close)

const hostile = {
  'user-agent': PAYLOAD,
  referer: `https://evil.example/${PAYLOAD}`,
  'accept-language': PAYLOAD,
}
const url = authorizationUrl(server, client, { scope: 'profile', state: PAYLOAD, prompt: 'consent' })

async function signedIn(): Promise<Browser> {
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login'), { headers: hostile }), credentials)
  return browser
}

/** Pages that show what an attacker wrote. */
const pages: Readonly<Record<string, () => Promise<Page>>> = {
  'the sign-in page': () => openBrowser(server).open(url),
  'the sign-in page after a wrong password': async () => {
    const browser = openBrowser(server)
    return browser.signIn(await browser.open(url), { email: `${PAYLOAD}${Math.random()}`, password: 'wrong' })
  },
  'the sign-in page after too many attempts': async () => {
    const [browser, wrong] = [openBrowser(server), { email: `${PAYLOAD}nobody`, password: 'wrong' }]
    for (let count = 0; count < 2; count += 1) await browser.signIn(await browser.open(url), wrong)
    return browser.signIn(await browser.open(url), wrong)
  },
  'the sign-in page after a timeout': async () => {
    const browser = openBrowser(server)
    return browser.press(await browser.open(url), 'Sign in', { csrf: PAYLOAD, username: PAYLOAD })
  },
  'the page after a sign-in': async () => (await signedIn()).open(server.endpoint('/login')),
  'the consent page': async () => (await signedIn()).open(url),
  'the sign-out page': async () => (await signedIn()).open(server.endpoint('/logout')),
  'the page after signing out': () => openBrowser(server).open(server.endpoint('/logout')),
  'an error page': () =>
    openBrowser(server).open(`/oauth/authorize?client_id=${encodeURIComponent(PAYLOAD)}`),
  'the error page of an altered form': async () => {
    const browser = await signedIn()
    return browser.press(await browser.open(url), 'Allow', { consent: PAYLOAD, _method: PAYLOAD })
  },
  'the error page of a forged form': async () => {
    const browser = await signedIn()
    return browser.press(await browser.open(url), 'Allow', { csrf: PAYLOAD })
  },
}

describe.each(Object.entries(pages))('%s', (name, open) => {
  test('escapes what came from outside', async () => {
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

  test('cannot be framed, is not cached or sniffed, and runs no script but ours', async () => {
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

/** A client whose record was changed in the database, past the checks of registration. */
async function addHostileClient(changes: Partial<Client>, redirectUri?: string): Promise<TestClient> {
  const added = await server.addClient(redirectUri === undefined ? {} : { redirectUris: [redirectUri] })
  await server.store.clients.update(added.id, changes)
  return added
}

async function consentPageOf(added: TestClient): Promise<Page> {
  return (await signedIn()).open(authorizationUrl(server, added, { scope: 'orders:read', prompt: 'consent' }))
}

describe('a client cannot make the consent page', () => {
  test('load an image from elsewhere or run its logo', async () => {
    for (const logo of [
      'javascript:alert(1)',
      'https://evil.example/pixel.png',
      '//evil.example/pixel.png',
    ]) {
      const { body, headers } = await consentPageOf(await addHostileClient({ logo }))
      expect(body).not.toMatch(/<img|javascript:|evil\.example/)
      expect(headers.get('content-security-policy')).toContain('; img-src data:; ')
    }
  })

  test('link to a script or to a host that it does not show', async () => {
    for (const link of ['javascript:alert(1)', 'data:text/html,hi', 'https://bank.example@evil.example/']) {
      const { body } = await consentPageOf(
        await addHostileClient({ homepage: link, privacy: link, terms: link }),
      )
      // The page's own links lead to the connected apps, and to the page in other languages.
      expect(body.match(/<a\s(?!href="\?language=)[^>]*>/g)).toEqual(['<a href="/account/apps">'])
      expect(body).not.toMatch(/javascript:|data:text|evil\.example/)
    }
  })

  test('hide where the user is redirected, by a long name and publisher', async () => {
    const long = `${'W'.repeat(500)}\u202e${'👨‍👩‍👧'.repeat(100)}`
    const { text } = await consentPageOf(await addHostileClient({ name: long, publisher: long }))
    expect(text).toContain("You'll be redirected to app.example")
    expect(text).not.toContain('W'.repeat(81))
    expect(text).not.toContain('\u202e')
  })

  test('show a host for a custom scheme', async () => {
    const added = await server.addClient({
      type: 'public',
      name: 'Shop Mobile',
      redirectUris: ['com.bank.example:/callback'],
    })
    const request = { code_challenge: createPkce().challenge, code_challenge_method: 'S256' }
    const { text } = await (await signedIn()).open(authorizationUrl(server, added, request))
    expect(text).toContain('Shop Mobile (an app on this device) wants to know who you are')
    expect(text).toContain("You'll return to the app.")
    expect(text).not.toContain('com.bank.example')
  })
})

test('60 scopes and a user name of 200 characters are shown in full', async () => {
  const names = Array.from({ length: 60 }, (_, index) => `scope-${index}`)
  const scopes = {
    ...SCOPES,
    ...Object.fromEntries(names.map((name, index) => [name, `رؤية ${index}`])),
  }
  await using many = await startServer({ scopes })
  const email = `${'a'.repeat(60)}@${'b'.repeat(60)}.${'c'.repeat(60)}.example.com`
  const secret = many.knownSecrets.add('password', 'correct horse evil battery')
  await many.server.ready()
  await createUser(many.store, many.clock, { email, password: secret })
  const browser = openBrowser(many)
  const app = await many.addClient()
  const login = await browser.open(authorizationUrl(many, app, { scope: names.join(' ') }))
  const { text, body } = await browser.signIn(login, { email, password: secret })
  expect(body.match(/<li><bdi>رؤية \d+<\/bdi><\/li>/g)).toHaveLength(60)
  expect(text).toContain(`Signed in as ${email.slice(0, 80)}`)
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

describe('in a parameter of an authorization request, such as', () => {
  test.each(parameters)('%s, markup is escaped or not shown', async (name) => {
    for (const browser of [openBrowser(server), await signedIn()]) {
      const { body } = await browser.open(
        authorizationUrl(server, client, { scope: 'profile', [name]: PAYLOAD }),
      )
      expect(body).not.toMatch(/<x-evil/i)
    }
  })

  test.each(parameters)('%s, line breaks add no header', async (name) => {
    const text = 'x\r\nSet-Cookie: evil=1\r\nX-Evil: 1\r\n\r\n<x-evil>\u010d\u010aX-Evil: 2'
    for (const browser of [openBrowser(server), await signedIn()]) {
      const page = await browser.open(authorizationUrl(server, client, { prompt: 'none', [name]: text }))
      expect(page.headers.has('x-evil')).toBe(false)
      expect(browser.cookies.has('evil')).toBe(false)
    }
  })
})

test.each(['username', 'return_to', 'intent', 'csrf', 'prompt'])(
  'line breaks in %s of the sign-in form add no header',
  async (name) => {
    const text = '/oauth/authorize?x\r\nX-Evil: 1\r\n\r\n'
    const browser = await signedIn()
    const asked = await browser.open(server.endpoint(`/login?${formBody({ [name]: text }).toString()}`))
    const body = formBody({ intent: 'switch', [name]: text })
    const posted = await browser.open(server.endpoint('/login'), { method: 'POST', body })
    for (const { headers } of [asked, posted]) expect(headers.has('x-evil')).toBe(false)
  },
)

test('an error as JSON contains nothing of the request', async () => {
  const response = await fetch(
    server.endpoint(`/oauth/authorize?${formBody({ client_id: PAYLOAD }).toString()}`),
    {
      headers: { accept: 'application/json' },
    },
  )
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(await response.text()).not.toContain('evil')
})

test('an error redirect to the client contains nothing of the request but its state', async () => {
  for (const name of ['scope', 'response_type', 'prompt', 'resource', 'response_mode'] as const) {
    const request = { prompt: 'none', scope: 'profile', [name]: `${PAYLOAD} none` }
    const page = await openBrowser(server).open(
      authorizationUrl(server, client, { ...request, state: 'mine' }),
    )
    expect(page.url.search).not.toMatch(/evil|7\*7/)
    expect(page.url.searchParams.get('state')).toBe('mine')
  }
})
