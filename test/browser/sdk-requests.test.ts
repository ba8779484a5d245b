import axios from 'axios'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTokenClient } from '../../src/browser/index.ts'
import type { AuthError, TokenClient, TokenClientOptions } from '../../src/browser/index.ts'
import { chromium } from '../support/chromium.ts'
import { createClient, createSharedStorage, openPages, pageTab } from '../support/token-client.ts'
import type { PageGlobals } from '../support/token-client.ts'
import { startWebApp } from '../support/web-app.ts'
import type { WebApp } from '../support/web-app.ts'

let app: WebApp
beforeAll(async () => {
  app = await startWebApp()
})
afterAll(() => app.close())

/** Creates a client in Node and signs in. */
async function signIn(options: Partial<TokenClientOptions> = {}): Promise<TokenClient> {
  const auth = createTokenClient({ issuer: app.network.origin, origins: [app.origin], ...options })
  const { email: username, password } = await app.server.addUser()
  await auth.signIn({ username, password })
  return auth
}

const expire = (): void => app.server.clock.advance('16m')

describe('the access token', () => {
  let auth: TokenClient
  let before: number
  beforeAll(async () => {
    auth = await signIn()
  })
  beforeEach(() => {
    before = app.stranger.received.length
  })
  const received = (): readonly (string | undefined)[] => app.stranger.received.slice(before)

  test.each([
    ['as text', (stranger: string) => `${stranger}/orders`],
    ['as a URL', (stranger: string) => new URL('/orders', stranger)],
    ['as a Request', (stranger: string) => new Request(`${stranger}/orders`)],
    [
      'behind the own origin as a user name',
      (stranger: string, own: string) => stranger.replace('//', `//${own.slice(7).replace(':', '%3A')}@`),
    ],
    ['with backslashes', (stranger: string) => stranger.replace('//', '\\\\')],
    ['with another port', (stranger: string) => `${stranger}?${app.origin}`],
  ])('is not sent to another origin: %s', async (_name, urlOf) => {
    const url = urlOf(app.stranger.origin, app.origin)
    // Node's fetch rejects a user name in a URL, as browsers do.
    await auth.fetch(url).catch(() => undefined)
    expect(received().filter(Boolean)).toEqual([])
  })

  test('is not sent where a redirect leads', async () => {
    await expect(auth.fetch(`${app.origin}/away`)).rejects.toThrow()
    expect(received()).toEqual([])
  })

  test.each([
    ['the origins of the list', { origins: [`http://127.0.0.1:1/path`] }, ['Bearer a token', null]],
    ['the issuer by default', {}, [null, 'Bearer a token']],
  ])('is sent to %s, and nowhere else', async (_name, options, expected) => {
    const seen: (string | null)[] = []
    const client = createTokenClient({
      issuer: 'http://127.0.0.1:2/id',
      fetch: async (_input, init) => {
        seen.push(new Headers(init?.headers).get('authorization'))
        return new Response()
      },
      ...options,
    })
    await client.setTokens({ access_token: 'a token' })
    await client.fetch('http://127.0.0.1:1/orders')
    await client.fetch('/orders')
    expect(seen).toEqual(expected)
  })

  test('does not replace credentials that the call has', async () => {
    const response = await auth.fetch(`${app.origin}/orders`, { headers: { Authorization: 'Basic eDp5' } })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toContain('Bearer')
  })

  test.each([
    ['an invalid list', { origins: ['api.example.com'] }],
    ['an invalid issuer', { issuer: 'id.example.com' }],
  ])('%s throws immediately', (_name, options) => {
    expect(() => createTokenClient({ issuer: app.network.origin, ...options })).toThrow(TypeError)
  })
})

describe('a 401', () => {
  test.each(['/basic', '/old-sign-in', '/bare'])(
    'that is not about the token starts no refresh: %s',
    async (path) => {
      const auth = await signIn()
      const before = app.refreshes()
      expect((await auth.fetch(app.origin + path)).status).toBe(401)
      expect(app.refreshes()).toBe(before)
    },
  )

  test('is about the token if only its JSON says so, as CORS can hide the challenge', async () => {
    const auth = await signIn()
    const before = app.refreshes()
    expect((await auth.fetch(`${app.origin}/body`)).status).toBe(401)
    expect(app.refreshes() - before).toBe(1)
  })

  test('is about the token if the app says so', async () => {
    const auth = await signIn({ isTokenError: () => true })
    const before = app.refreshes()
    expect((await auth.fetch(`${app.origin}/bare`)).status).toBe(401)
    expect(app.refreshes() - before).toBe(1)
  })

  test.each([
    ['text', 'tea'],
    ['bytes', new TextEncoder().encode('tea')],
    ['a Blob', new Blob(['tea'])],
    ['a form', new URLSearchParams({ tea: '1' })],
  ])('repeats a call with its body: %s', async (_name, body) => {
    const auth = await signIn()
    expire()
    const response = await auth.fetch(`${app.origin}/echo`, { method: 'POST', body })
    expect(await response.text()).toMatch(/^tea/)
  })

  test('repeats a Request with its method, headers and body', async () => {
    const auth = await signIn()
    expire()
    const headers = { 'content-type': 'text/tea' }
    const response = await auth.fetch(
      new Request(`${app.origin}/echo`, { method: 'POST', body: 'tea', headers }),
    )
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/tea',
      'tea',
    ])
  })

  test('repeats a call of axios, if it uses fetch of the client', async () => {
    const auth = await signIn()
    const api = axios.create({ baseURL: app.origin, adapter: 'fetch', env: { fetch: auth.fetch } })
    expire()
    const { status, data } = await api.post<unknown>('/echo', { tea: 1 })
    expect([status, data]).toEqual([200, { tea: 1 }])
    await expect(api.get('/never')).rejects.toMatchObject({ response: { status: 401 } })
  })

  test('does not repeat a stream, but the next call succeeds', async () => {
    const auth = await signIn()
    const send = () => {
      const body = new Blob(['tea']).stream()
      return auth.fetch(`${app.origin}/echo`, { method: 'POST', body, duplex: 'half' })
    }
    expire()
    expect((await send()).status).toBe(401)
    expect(await (await send()).text()).toBe('tea')
  })

  test('that a new token gets too is returned: a call is repeated once', async () => {
    const auth = await signIn()
    const [refreshes, calls] = [app.refreshes(), app.calls('/never')]
    expect((await auth.fetch(`${app.origin}/never`)).status).toBe(401)
    expect(app.refreshes() - refreshes).toBe(1)
    expect(app.calls('/never') - calls).toBe(2)
  })
})

describe('a refresh', () => {
  test.each([
    ['a busy server', 503, 1, '{"error":"temporarily_unavailable"}', 'temporarily_unavailable'],
    ['too many requests', 429, 120, '{"error":"too_many_requests"}', 'too_many_requests'],
    ['a gateway', 502, 60, '<h1>Bad gateway</h1>', 'invalid_response'],
    ['a captive portal', 200, 60, '<h1>Welcome</h1>', 'invalid_response'],
    ['a portal that denies access', 401, 60, '<h1>Log in</h1>', 'invalid_response'],
    ['a wrong configuration', 401, undefined, '{"error":"invalid_client"}', 'invalid_client'],
  ])('does not sign the user out because of %s', async (_name, status, retryAfter, body, code) => {
    const auth = await signIn()
    const reasons: string[] = []
    auth.onSignInNeeded((reason) => reasons.push(reason))
    expire()
    const headers = retryAfter === undefined ? undefined : { 'Retry-After': `${retryAfter}` }
    app.network.respond('/auth/refresh', status, headers, body, 3)
    const error = await auth.fetch(`${app.origin}/orders`).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'AuthError', code, status })
    expect((error as AuthError).retryAfter).toBe(retryAfter)
    app.network.respond('/auth/refresh', status, headers, body, 0)
    expect((await auth.fetch(`${app.origin}/orders`)).status).toBe(200)
    expect(reasons).toEqual([])
  })

  test('comes first if it is due within refreshAhead', async () => {
    const auth = await signIn({ refreshAhead: 1_000 })
    const [calls, refreshes] = [app.calls('/orders'), app.refreshes()]
    expect((await auth.fetch(`${app.origin}/orders`)).status).toBe(200)
    expect(app.calls('/orders') - calls).toBe(1)
    expect(app.refreshes() - refreshes).toBe(1)
    app.network.connect(undefined)
    expect((await auth.fetch(`${app.origin}/orders`)).status).toBe(200)
    app.network.connect(app.server.origin)
  })

  test('ends when the signal of the call aborts, for this call alone', async () => {
    const auth = await signIn()
    expire()
    const held = app.network.hold('/auth/refresh')
    const controller = new AbortController()
    const aborted = auth.fetch(`${app.origin}/orders`, { signal: controller.signal })
    const other = auth.fetch(`${app.origin}/orders`)
    const release = await held
    controller.abort(new Error('left the page'))
    await expect(aborted).rejects.toThrow('left the page')
    release()
    expect((await other).status).toBe(200)
  })
})

describe('signing in and out', () => {
  test('a wrong password and too many of them are errors with a code', async () => {
    const auth = createTokenClient({ issuer: app.network.origin })
    const { email: username } = await app.server.addUser()
    const attempt = () => auth.signIn({ username, password: 'wrong' }).catch((error: unknown) => error)
    expect(await attempt()).toMatchObject({ code: 'invalid_credentials', status: 401 })
    for (let count = 0; count < 10; count += 1) await attempt()
    const blocked = await attempt()
    expect(blocked).toMatchObject({ code: 'too_many_requests', status: 429 })
    expect((blocked as AuthError).retryAfter).toBeGreaterThan(0)
    app.server.clock.advance('1d')
  })

  test('a device stays known across sign-outs, so that others cannot block its user', async () => {
    const storage = createSharedStorage()
    const forms: unknown[] = []
    const auth = await signIn({
      storage,
      fetch: (url, init) => (forms.push(init?.body), fetch(url, init)),
    })
    await auth.signOut()
    const deviceToken = await storage.getItem('consulate.device')
    expect(await storage.getItem('consulate')).toBeUndefined()
    await auth.signIn({ username: 'nobody', password: 'wrong' }).catch(() => undefined)
    expect((forms.at(-1) as URLSearchParams).get('device_token')).toBe(deviceToken)
  })

  test('names the device in the list of devices', async () => {
    const auth = createTokenClient({ issuer: app.network.origin })
    const { id, email: username, password } = await app.server.addUser()
    await auth.signIn({ username, password, deviceName: "Ada's phone" })
    expect(await app.server.server.sessions.list(id)).toMatchObject([{ deviceName: "Ada's phone" }])
  })

  test.each([
    [
      'storage that throws',
      () => {
        throw new Error('denied')
      },
    ],
    ['storage that rejects', () => Promise.reject(new Error('denied'))],
  ])('%s keeps the tokens in memory, and the app learns of it', async (_name, fail) => {
    const errors: unknown[] = []
    const storage = { getItem: fail, setItem: fail, removeItem: fail }
    const auth = await signIn({ storage, onStorageError: (error) => errors.push(error) })
    expire()
    expect((await auth.fetch(`${app.origin}/orders`)).status).toBe(200)
    await auth.signOut()
    expect(await auth.isSignedIn()).toBe(false)
    expect(errors.map(String)).toContain('Error: denied')
  })

  test.each(['not JSON', 'null', '42', '{}', '{"access_token":1}'])(
    'ignores stored text that is no pair: %s',
    async (text) => {
      const storage = createSharedStorage()
      await storage.setItem('consulate', text)
      const auth = createTokenClient({ issuer: app.network.origin, storage, origins: [app.origin] })
      expect((await auth.fetch(`${app.origin}/orders`)).status).toBe(401)
      await signIn({ storage })
      expect((await auth.fetch(`${app.origin}/orders`)).status).toBe(200)
    },
  )

  test('a refresh keeps the old refresh token until the new one is stored', async () => {
    const storage = createSharedStorage()
    const stored: (string | null | undefined)[] = []
    const auth = await signIn({
      storage: {
        ...storage,
        async setItem(key, value) {
          stored.push(await storage.getItem(key))
          await storage.setItem(key, value)
        },
      },
    })
    const old = await storage.getItem('consulate')
    expire()
    await auth.fetch(`${app.origin}/orders`)
    expect(stored.at(-1)).toBe(old)
  })
})

describe.skipIf(!chromium)('in Chromium, the access token', () => {
  async function open() {
    const [page] = await openPages(app, 1)
    await pageTab(page).signIn(await app.server.addUser())
    return { page, tab: pageTab(page), before: app.stranger.received.length }
  }

  test('is sent to the origin of the page, not to another one', async () => {
    const { tab, before } = await open()
    expect(await tab.call('/orders')).toEqual([200])
    expect(await tab.call(`${app.stranger.origin}/orders`)).toEqual([200])
    expect(app.stranger.received.slice(before)).toEqual([undefined])
  })

  test('is not sent where a redirect leads, even if the call follows redirects', async () => {
    const { page, tab, before } = await open()
    expect(await tab.call('/away')).toEqual([undefined])
    expect(app.stranger.received.slice(before)).toEqual([])
    const status = await page.evaluate(async () => {
      const { auth } = globalThis as unknown as PageGlobals
      return (await auth.fetch('/away', { redirect: 'follow' })).status
    })
    expect(status).toBe(200)
    expect(app.stranger.received.slice(before)).toEqual([undefined])
  })

  test('is not sent to another origin that the page declares as its base', async () => {
    const { page, tab, before } = await open()
    await page.evaluate(
      (href) =>
        ((globalThis as unknown as { document: { head: { innerHTML: string } } }).document.head.innerHTML =
          `<base href="${href}">`),
      app.stranger.origin,
    )
    await createClient(app, page)
    expect(await tab.call('orders')).toEqual([200])
    expect(app.stranger.received.slice(before)).toEqual([undefined])
  })
})
