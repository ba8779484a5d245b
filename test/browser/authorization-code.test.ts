import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  chromium,
  openCleanPage,
  REPEATS_WITH_SCRIPTS,
  signIn,
  startSession,
  waitForHeading,
} from '../support/chromium.ts'
import { callApi, authorizationUrl, getTokens, createPkce } from '../support/oauth-client.ts'
import { listen, startServer } from '../support/server.ts'
import type { TestUser, TestClient, TestServer } from '../support/server.ts'

/** The folder for screenshots; none are taken without it. */
const shots = process.env['SCREENSHOTS']

describe.skipIf(!chromium)('the authorization code flow in Chromium', () => {
  let server: TestServer
  let user: TestUser
  let client: TestClient
  let callback: string
  const app = createServer(answerAsApp)

  beforeAll(async () => {
    const origin = await listen(app)
    callback = `${origin}/callback`
    server = await startServer({ returnOrigins: [origin] })
    user = await server.addUser()
    client = await server.addClient({ type: 'public', name: 'Orchard Orders', redirectUris: [callback] })
  })

  afterAll(async () => {
    app.close()
    await server?.close()
  })

  const { verifier, challenge } = createPkce()
  const urlOf = (parameters: Record<string, string> = {}): string =>
    authorizationUrl(server, client, {
      scope: 'orders:read profile',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...parameters,
    })

  /** Opens a page without cookies. */
  async function openPage(javaScriptEnabled: boolean) {
    const viewport = { width: 900, height: 760 }
    const { page, problems: complaints } = await openCleanPage({ javaScriptEnabled, viewport })
    return { page, complaints }
  }

  const shoot = async (page: Page, name: string): Promise<void> => {
    if (shots) await page.screenshot({ path: join(shots, `${name}.png`) })
  }

  const exchange = (code: string) =>
    getTokens(server, client, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: callback,
      code_verifier: verifier,
    })

  const codeOf = (page: Page): string => new URL(page.url()).searchParams.get('code') ?? ''

  describe.each([
    ['with JavaScript', true],
    ['without JavaScript', false],
  ])('%s', (name, hasScripts) => {
    test('a user signs in, allows the client, returns to it, and signs out', async () => {
      const { page, complaints } = await openPage(hasScripts)
      await page.goto(urlOf({ state: 'from the app' }))
      await shoot(page, `${name} 1 sign-in`)
      await page.getByLabel('Password', { exact: true }).fill('a wrong one')
      await signIn(page, { ...user, password: 'a wrong one' })
      expect(await page.getByRole('alert').textContent()).toContain('Incorrect email or password')
      await shoot(page, `${name} 2 wrong password`)
      await signIn(page, user)
      await page.getByText('See your orders').waitFor()
      await shoot(page, `${name} 3 consent`)
      await page.getByRole('button', { name: 'Allow', exact: true }).click()
      await page.waitForURL(`${callback}?**`)
      expect(new URL(page.url()).searchParams.get('state')).toBe('from the app')
      expect(new URL(page.url()).searchParams.get('iss')).toBe(server.issuer)
      await shoot(page, `${name} 4 back at the app`)
      const tokens = await exchange(codeOf(page))
      expect((await callApi(server, '/orders', tokens.access_token)).status).toBe(200)
      await page.goto(server.endpoint('/logout'))
      await shoot(page, `${name} 5 sign out`)
      await page.getByRole('button', { name: 'Sign out' }).click()
      await waitForHeading(page, "You're signed out")
      await shoot(page, `${name} 6 signed out`)
      expect((await callApi(server, '/orders', tokens.access_token)).status).toBe(401)
      expect(complaints).toEqual([])
    })

    test.runIf(!hasScripts || REPEATS_WITH_SCRIPTS)(
      'a user who denies returns to the client with an error',
      async () => {
        const { page, complaints } = await openPage(hasScripts)
        await startSession(page, server, user)
        await page.goto(urlOf())
        await page.getByRole('button', { name: "Don't allow" }).click()
        await page.waitForURL(`${callback}?error=access_denied**`)
        expect(complaints).toEqual([])
      },
    )

    test.runIf(!hasScripts || REPEATS_WITH_SCRIPTS)(
      'a user who signs out returns to the app, which may redirect to another origin',
      async () => {
        const { page, complaints } = await openPage(hasScripts)
        await startSession(page, server, user)
        const returnTo = new URL('/bye', callback).href
        await page.goto(server.endpoint(`/logout?return_to=${encodeURIComponent(returnTo)}`))
        await page.getByRole('button', { name: 'Sign out' }).click()
        await page.waitForURL('http://localhost:*/home')
        await waitForHeading(page, 'Hello from the app')
        expect(complaints).toEqual([])
      },
    )

    test.runIf(!hasScripts || REPEATS_WITH_SCRIPTS)(
      'another user can sign in from the consent page',
      async () => {
        const other = await server.addUser()
        const { page, complaints } = await openPage(hasScripts)
        await startSession(page, server, user)
        await page.goto(urlOf())
        await page.getByRole('button', { name: 'Not you?' }).click()
        await signIn(page, other)
        await page.getByText(other.email).waitFor()
        expect(complaints).toEqual([])
      },
    )

    test.runIf(!hasScripts || REPEATS_WITH_SCRIPTS)(
      'a double click gives one code, and going back asks again',
      async () => {
        const { page } = await openPage(hasScripts)
        await startSession(page, server, user)
        await page.goto(urlOf())
        await page.getByRole('button', { name: 'Allow', exact: true }).dblclick()
        // The second click may replace the navigation of the first one.
        await expect.poll(() => page.url()).toContain(`${callback}?`)
        await page.waitForLoadState()
        const first = codeOf(page)
        await exchange(first)
        await page.goBack()
        await page.getByRole('button', { name: 'Allow', exact: true }).click()
        await page.waitForURL(`${callback}?**`)
        expect(codeOf(page)).not.toBe(first)
        await exchange(codeOf(page))
      },
    )

    test.runIf(!hasScripts || REPEATS_WITH_SCRIPTS)(
      'a request with an unregistered redirect URI shows an error page',
      async () => {
        const { page } = await openPage(hasScripts)
        const response = await page.goto(urlOf({ redirect_uri: 'https://evil.example/' }))
        expect(response?.status()).toBe(400)
        await page.getByText('The redirect_uri is not registered').waitFor()
        await shoot(page, `${name} 8 error`)
      },
    )
  })

  test("a script on the client's origin can exchange the code, and one on another origin cannot", async () => {
    const { page } = await openPage(true)
    await startSession(page, server, user)
    await page.goto(urlOf())
    await page.getByRole('button', { name: 'Allow', exact: true }).click()
    await page.waitForURL(`${callback}?**`)
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: client.id,
      code: codeOf(page),
      redirect_uri: callback,
      code_verifier: verifier,
    }).toString()
    const call = { url: server.endpoint('/oauth/token'), form }
    const stranger = createServer(answerAsApp)
    const elsewhere = await (await openPage(true)).page.context().newPage()
    await elsewhere.goto(await listen(stranger))
    expect(await elsewhere.evaluate(postForm, { ...call, form: '' })).toBe('Failed to fetch')
    expect(await page.evaluate(postForm, call)).toMatch(/^200 .*access_token/)
    stranger.close()
  })
})

/** The client's own server. */
function answerAsApp(...[request, response]: Parameters<RequestListener>): void {
  const home = `http://localhost:${request.socket.localPort}/home`
  if (request.url === '/bye') return void response.writeHead(303, { Location: home }).end()
  response
    .writeHead(200, { 'Content-Type': 'text/html' })
    .end('<!doctype html><title>App</title><link rel="icon" href="data:,"><h1>Hello from the app</h1>')
}

/** Runs in the browser. Resolves to the status and body, or to the reason why the browser blocks them. */
async function postForm({ url, form }: { url: string; form: string }): Promise<string> {
  const init = { method: 'POST', body: new URLSearchParams(form) }
  return fetch(url, init).then(
    async (response) => `${response.status} ${await response.text()}`,
    (error: unknown) => (error as Error).message,
  )
}
