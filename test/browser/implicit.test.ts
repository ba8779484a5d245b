import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authorizationCode, implicitGrant } from '../../src/index.ts'
import { chromium, openCleanPage, REPEATS_WITH_SCRIPTS, signIn, startSession } from '../support/chromium.ts'
import { callApi, authorizationUrl } from '../support/oauth-client.ts'
import { listen, startServer } from '../support/server.ts'
import type { TestUser, TestClient, TestServer } from '../support/server.ts'

describe.skipIf(!chromium)('the implicit flow in Chromium', () => {
  let server: TestServer
  let user: TestUser
  let client: TestClient
  let callback: string
  /** The requests to the app's own server. */
  const asked: { readonly url: string; readonly referer: string | undefined }[] = []
  const app = createServer(answerAsApp)

  beforeAll(async () => {
    server = await startServer({ grants: [authorizationCode(), implicitGrant()] })
    user = await server.addUser()
    app.on('request', ({ url = '', headers: { referer } }) => void asked.push({ url, referer }))
    callback = `${await listen(app)}/callback`
    client = await server.addClient({
      type: 'public',
      name: 'Orchard Orders',
      grantTypes: ['implicit'],
      redirectUris: [callback],
    })
  })

  afterAll(async () => {
    app.close()
    await server?.close()
  })

  const urlOf = (parameters: Record<string, string> = {}): string =>
    authorizationUrl(server, client, { response_type: 'token', scope: 'orders:read', ...parameters })

  async function openPage(javaScriptEnabled: boolean) {
    const viewport = { width: 320, height: 640 }
    const { page, problems: complaints } = await openCleanPage({ javaScriptEnabled, viewport })
    return { page, complaints }
  }

  const allow = (page: Page) => page.getByRole('button', { name: 'Allow', exact: true })

  /** The parameters in the fragment of the page's URL. */
  function fragmentOf(page: Page): Readonly<Record<string, string>> {
    const fragment = Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.slice(1)))
    server.knownSecrets.add('access token', fragment['access_token'] ?? '')
    return fragment
  }

  describe.each([
    ['with JavaScript', true],
    ['without JavaScript', false],
  ])('%s', (_, hasScripts) => {
    test('a user signs in, allows the client, and returns with a token in the fragment', async () => {
      const { page, complaints } = await openPage(hasScripts)
      asked.length = 0
      await page.goto(urlOf({ state: 'from the app' }))
      await signIn(page, user)
      await page.getByText('See your orders').waitFor()
      await allow(page).click()
      await page.waitForURL(`${callback}#**`)
      const { access_token: token = '', ...rest } = fragmentOf(page)
      expect(rest).toEqual({
        token_type: 'Bearer',
        expires_in: '900',
        scope: 'orders:read',
        state: 'from the app',
        iss: server.issuer,
      })
      expect((await callApi(server, '/orders', token)).status).toBe(200)
      expect(complaints).toEqual([])
      // The app's server must not receive the token, neither in the URL nor in the Referer header.
      expect(asked).toEqual([{ url: '/callback', referer: undefined }])
    })

    test.runIf(!hasScripts || REPEATS_WITH_SCRIPTS)(
      'a user who denies returns with an error in the fragment',
      async () => {
        const { page, complaints } = await openPage(hasScripts)
        await startSession(page, server, user)
        await page.goto(urlOf())
        await page.getByRole('button', { name: "Don't allow" }).click()
        await page.waitForURL(`${callback}#**`)
        expect(fragmentOf(page)).toMatchObject({ error: 'access_denied' })
        expect(complaints).toEqual([])
      },
    )

    test.runIf(!hasScripts || REPEATS_WITH_SCRIPTS)(
      'going back asks again, and the first token stays valid',
      async () => {
        const { page } = await openPage(hasScripts)
        await startSession(page, server, user)
        await page.goto(urlOf())
        await allow(page).click()
        await page.waitForURL(`${callback}#**`)
        const first = fragmentOf(page)['access_token'] ?? ''
        await page.goBack()
        await allow(page).click()
        await page.waitForURL(`${callback}#**`)
        const second = fragmentOf(page)['access_token'] ?? ''
        expect(second).not.toBe(first)
        for (const token of [first, second])
          expect((await callApi(server, '/orders', token)).status).toBe(200)
      },
    )
  })

  test('a script of the client reads the fragment and removes it from the address bar', async () => {
    const { page, complaints } = await openPage(true)
    await startSession(page, server, user)
    await page.goto(urlOf({ state: 'mine' }))
    await allow(page).click()
    await page.waitForURL(`${callback}#**`)
    fragmentOf(page)
    const read = await page.evaluate(takeFragment)
    expect(read).toMatchObject({ state: 'mine', iss: server.issuer })
    expect((await callApi(server, '/me', read['access_token'] ?? '')).status).toBe(200)
    expect(page.url()).toBe(callback)
    expect(complaints).toEqual([])
  })
})

/** The client's own server. */
function answerAsApp(...[, response]: Parameters<RequestListener>): void {
  response
    .writeHead(200, { 'Content-Type': 'text/html' })
    .end('<!doctype html><title>App</title><link rel="icon" href="data:,"><h1>Hello from the app</h1>')
}

/** Runs in the browser, like an old app. */
function takeFragment(): Record<string, string> {
  const { location, history } = globalThis as unknown as {
    location: { hash: string; pathname: string }
    history: { replaceState(state: null, title: string, url: string): void }
  }
  const read = Object.fromEntries(new URLSearchParams(location.hash.slice(1)))
  history.replaceState(null, '', location.pathname)
  return read
}
