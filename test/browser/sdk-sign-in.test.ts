import { setImmediate } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { AuthError, createTokenClient } from '../../src/browser/index.ts'
import type { DeviceSignIn } from '../../src/browser/index.ts'
import type { ClientRegistration } from '../../src/index.ts'
import { DEVICE_GRANT } from '../../src/model/device-code.ts'
import { openBrowser as openSimpleBrowser } from '../support/browser.ts'
import { eventually } from '../support/cluster.ts'
import { chromium, recordProblems, signIn } from '../support/chromium.ts'
import { addDeviceClient, enterCode } from '../support/device.ts'
import { createSharedStorage, openPages, pageTab } from '../support/token-client.ts'
import type { PageGlobals } from '../support/token-client.ts'
import { startWebApp } from '../support/web-app.ts'
import type { WebApp } from '../support/web-app.ts'

let app: WebApp
beforeAll(async () => {
  app = await startWebApp()
})
afterAll(() => app.close())

/** Returns the code of the error that a promise rejects with. */
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof AuthError ? error.code : String(error)),
  )

const statusWith = async (token: string | undefined): Promise<number> =>
  (await fetch(`${app.origin}/orders`, { headers: { authorization: `Bearer ${token}` } })).status

describe.skipIf(!chromium)("a sign-in on the server's pages", () => {
  let clientId: string
  let callback: string
  beforeAll(async () => {
    callback = `${app.origin}/callback`
    clientId = (await app.server.addClient({ type: 'public', name: 'Shop', redirectUris: [callback] })).id
  })

  /** Starts a sign-in. Returns the URL of the authorization request. */
  const begin = (page: Page): Promise<string> =>
    page.evaluate(
      (redirectUri) =>
        (globalThis as unknown as PageGlobals).auth.beginSignIn({
          redirectUri,
          scope: 'orders:read',
          appState: '/orders/7',
        }),
      callback,
    )

  /** Creates the client on the callback page, and finishes twice, as a framework might. */
  async function finish(page: Page) {
    await page.waitForFunction(() => 'sdk' in globalThis)
    const options = { issuer: app.network.origin, clientId }
    return page.evaluate(async ({ issuer, clientId }) => {
      const globals = globalThis as unknown as PageGlobals
      globals.auth = globals.sdk.createTokenClient({ issuer, clientId, storage: sessionStorage })
      const url = globals.location.href
      const results = await Promise.allSettled([
        globals.auth.finishSignIn(url),
        globals.auth.finishSignIn(url),
      ])
      return results.map((result) =>
        result.status === 'fulfilled' ? result.value : (result.reason as { code: string }).code,
      )
    }, options)
  }

  async function open(): Promise<Page> {
    const [page] = await openPages(app, 1, { clientId, storageName: 'sessionStorage' })
    return page
  }

  test('returns to the app, which calls the API, refreshes and signs out', async () => {
    const page = await open()
    const problems = recordProblems(page)
    await page.goto(await begin(page))
    await signIn(page, await app.server.addUser())
    await page.getByRole('button', { name: 'Allow', exact: true }).click()
    await page.waitForURL(`${callback}?**`)
    expect(await finish(page)).toEqual(['/orders/7', '/orders/7'])
    expect(await pageTab(page).call('/orders')).toEqual([200])
    expect(problems).toEqual([])
    app.server.clock.advance('16m')
    expect(await pageTab(page).call('/orders', 10)).toEqual(Array.from({ length: 10 }, () => 200))
    const refreshes = app.server.events.filter(
      ({ name, payload }) => name === 'token.issued' && payload['grantType'] === 'refresh_token',
    )
    expect(refreshes).toHaveLength(1)
    expect(await page.evaluate(() => Object.keys(sessionStorage))).toEqual(['consulate'])
    const token = await pageTab(page).accessToken()
    await pageTab(page).signOut()
    expect(await statusWith(token)).toBe(401)
    expect(await page.evaluate(() => Object.keys(sessionStorage))).toEqual([])
  })

  test('is finished with access_denied if the user refuses', async () => {
    const page = await open()
    await page.goto(await begin(page))
    await signIn(page, await app.server.addUser())
    await page.getByRole('button', { name: "Don't allow" }).click()
    await page.waitForURL(`${callback}?error=**`)
    expect(await finish(page)).toEqual(['access_denied', 'access_denied'])
    expect(await pageTab(page).isSignedIn()).toBe(false)
  })

  test.each([
    [
      'that it did not start',
      'state_mismatch',
      (url: URL) => url.searchParams.set('state', 'from an attacker'),
    ],
    [
      'of another server',
      'issuer_mismatch',
      (url: URL) => url.searchParams.set('iss', 'https://evil.example'),
    ],
    ['without an issuer', 'issuer_mismatch', (url: URL) => url.searchParams.delete('iss')],
    ['without a state', 'state_mismatch', (url: URL) => url.searchParams.delete('state')],
  ])('rejects a response %s and sends no code', async (_name, code, change) => {
    const page = await open()
    const tokenRequests = () => app.network.requests.filter((path) => path === '/oauth/token').length
    const before = tokenRequests()
    const state = new URL(await begin(page)).searchParams.get('state') ?? ''
    const url = new URL(callback)
    url.search = new URLSearchParams({ code: 'injected', state, iss: app.network.origin }).toString()
    change(url)
    await page.goto(url.href)
    expect(await finish(page)).toEqual([code, code])
    expect(tokenRequests()).toBe(before)
  })
})

describe('a sign-in on another device', () => {
  afterEach(() => void vi.useRealTimers())

  /** A device with a code. */
  async function start(send = fetch, registration: Partial<ClientRegistration> = {}) {
    const { id: clientId } = await addDeviceClient(app.server, registration)
    const auth = createTokenClient({
      issuer: app.network.origin,
      clientId,
      origins: [app.origin],
      storage: createSharedStorage(),
      fetch: send,
    })
    return { auth, device: await auth.beginDeviceSignIn({ scope: 'orders:read' }) }
  }

  /** The user answers on a phone. */
  async function answer({ userCode, verificationUri: uri }: DeviceSignIn, label: string): Promise<void> {
    const { knownSecrets, addUser } = app.server
    const phone = openSimpleBrowser({ origin: app.network.origin, knownSecrets })
    await phone.press(await enterCode(phone, { uri, userCode }, await addUser()), label)
  }

  test('waits for the user, and then calls the API and refreshes', async () => {
    const { auth, device } = await start()
    expect(device.userCode).toMatch(/^[A-Z]{4}-[A-Z]{4}$/)
    expect(device.verificationUriComplete).toContain(device.userCode)
    const finished = device.finish()
    await answer(device, 'Allow')
    await finished
    expect((await auth.fetch(`${app.origin}/orders`)).status).toBe(200)
    app.server.clock.advance('16m')
    expect((await auth.fetch(`${app.origin}/orders`)).status).toBe(200)
  })

  test('is revoked at the server by a sign-out, which is repeated if the response is lost', async () => {
    const { auth, device } = await start()
    const finished = device.finish()
    await answer(device, 'Allow')
    await finished
    const token = await auth.getAccessToken()
    app.network.respond('/oauth/revoke', 503)
    await auth.signOut()
    expect(await auth.isSignedIn()).toBe(false)
    expect(await eventually(async () => (await statusWith(token)) === 401)).toBe(true)
  })

  test('without a refresh token is revoked by its access token', async () => {
    const { auth, device } = await start(fetch, { grantTypes: [DEVICE_GRANT] })
    const finished = device.finish()
    await answer(device, 'Allow')
    await finished
    const token = await auth.getAccessToken()
    await auth.signOut()
    expect(await statusWith(token)).toBe(401)
  })

  test('is finished with access_denied if the user refuses', async () => {
    const { device } = await start()
    await answer(device, "Don't allow")
    expect(await codeOf(device.finish())).toBe('access_denied')
  })

  test('is finished with expired_token if the user is too late', async () => {
    const { device } = await start()
    app.server.clock.advance('11m')
    expect(await codeOf(device.finish())).toBe('expired_token')
  })

  test('polls 5 seconds later after slow_down, and ever later while the server is out of reach', async () => {
    let polls = 0
    const { device } = await start(async (...request) => {
      try {
        const response = await fetch(...request)
        return new Response(await response.text(), response)
      } finally {
        polls += 1
      }
    })
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    /** Expects the next poll after this many seconds, and no earlier. */
    async function expectPollAfter(seconds: number): Promise<void> {
      const before = polls
      await vi.advanceTimersByTimeAsync(seconds * 1_000 - 1)
      expect(polls).toBe(before)
      await vi.advanceTimersByTimeAsync(1)
      expect(await eventually(async () => polls > before)).toBe(true)
      // The client starts to wait.
      await setImmediate()
    }
    const finished = device.finish()
    await expectPollAfter(1)
    app.network.respond('/oauth/token', 400, {}, '{"error":"slow_down"}')
    await expectPollAfter(1)
    app.network.loseResponse('/oauth/token')
    await expectPollAfter(6)
    app.network.respond('/oauth/token', 503)
    await expectPollAfter(12)
    app.network.respond('/oauth/token', 429, { 'Retry-After': '1' }, '{"error":"too_many_requests"}')
    await expectPollAfter(24)
    await expectPollAfter(48)
    await answer(device, 'Allow')
    await vi.advanceTimersByTimeAsync(6_000)
    vi.useRealTimers()
    await finished
  })

  test('stops when its signal aborts', async () => {
    const { device } = await start()
    const controller = new AbortController()
    const finished = device.finish({ signal: controller.signal })
    controller.abort(new Error('left the page'))
    await expect(finished).rejects.toThrow('left the page')
    await expect(device.finish({ signal: controller.signal })).rejects.toThrow('left the page')
  })
})
