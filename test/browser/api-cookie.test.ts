import type { AxiosRequestConfig, AxiosStatic } from 'axios'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { toNode } from '../../src/adapters/node.ts'
import { ROOT } from '../house/repository.ts'
import { createCertificate } from '../support/certificate.ts'
import { chromium, openCleanPage, signIn, waitForHeading } from '../support/chromium.ts'
import { startServer, type TestServer, type TestUser } from '../support/server.ts'

declare const axios: AxiosStatic
declare const document: { readonly cookie: string }
declare const Image: new () => object

const certificate = createCertificate('shop.test')

describe.skipIf(!chromium || !certificate)('axios in a browser, over https', () => {
  let server: TestServer
  let user: TestUser
  let page: Page
  let at: (host: string, path?: string) => string
  /** The calls of the API that a guard accepted. */
  const accepted: string[] = []
  const http = createServer(certificate ?? {})

  beforeAll(async () => {
    await once(http.listen(0, '127.0.0.1'), 'listening')
    const { port } = http.address() as AddressInfo
    at = (host, path = '') => `https://${host}:${port}${path}`
    const [issuer, app] = [at('id.shop.test'), at('app.shop.test')]
    server = await startServer({ issuer, apiCookie: { origins: [app], domain: 'shop.test' } })
    user = await server.addUser()
    const node = toNode(server.server)
    const orders = node.user('orders:read')((request, response) => {
      accepted.push(`${request.method} ${request.url}`)
      response.end(`orders of ${request.auth.user.id}`)
    })
    const routes = node.routes(withCors(app, orders))
    http.on('request', (request, response) => {
      const isPage = request.url === '/' || request.headers.host !== new URL(issuer).host
      if (isPage)
        response
          .setHeader('Content-Type', 'text/html')
          .end('<!doctype html><link rel="icon" href="data:,"><h1>App</h1>')
      else routes(request, response)
    })
  })
  beforeEach(async () => {
    ;({ page } = await openCleanPage({ ignoreHTTPSErrors: true }))
    accepted.length = 0
  })
  afterAll(async () => {
    http.close()
    http.closeAllConnections()
    await server.close()
  })

  const addAxios = () => page.addScriptTag({ path: join(ROOT, 'node_modules/axios/dist/axios.min.js') })

  /** Signs in on the server's page, which returns to the app with axios. */
  async function signInAt(host: string): Promise<void> {
    await page.goto(at('id.shop.test', `/login?return_to=${encodeURIComponent(at(host, '/'))}`))
    await signIn(page, user)
    await waitForHeading(page, 'App')
    expect(page.url()).toBe(at(host, '/'))
    await addAxios()
  }

  /** Sends a request with axios. Returns the status, or the code of an error without a response. */
  const send = (config: AxiosRequestConfig): Promise<number | string> =>
    page.evaluate(
      async (given) =>
        axios.request({ validateStatus: () => true, ...(JSON.parse(given) as AxiosRequestConfig) }).then(
          ({ status }) => status,
          (error: { code?: string }) => error.code ?? 'unknown',
        ),
      JSON.stringify(config),
    )

  test('calls the API, the JSON APIs and the renewal from the origin of the server', async () => {
    await signInAt('id.shop.test')
    const cookies = await page.evaluate(() => document.cookie)
    expect(cookies).toMatch(/^XSRF-TOKEN=[\w-]{43}$/)
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'])
      expect(await send({ method, url: '/api/orders' })).toBe(200)
    expect(await send({ method: 'POST', url: '/api/orders', xsrfCookieName: 'other' })).toBe(403)
    const tokens = '/oauth/personal-access-tokens'
    expect(await send({ method: 'POST', url: tokens, data: { name: 'CI' } })).toBe(201)
    expect(await send({ method: 'POST', url: '/oauth/token/refresh' })).toBe(200)
    server.clock.advance('15m')
    expect(await send({ url: '/api/orders' })).toBe(401)
    expect(await send({ method: 'POST', url: '/oauth/token/refresh' })).toBe(200)
    expect(await send({ method: 'POST', url: '/api/orders' })).toBe(200)
  })

  test('does so from an allowed sibling subdomain, with withCredentials and withXSRFToken', async () => {
    await signInAt('app.shop.test')
    const shared = { baseURL: at('id.shop.test'), withCredentials: true, withXSRFToken: true }
    for (const method of ['GET', 'POST', 'DELETE'])
      expect(await send({ ...shared, method, url: '/api/orders' })).toBe(200)
    expect(await send({ ...shared, method: 'POST', url: '/oauth/token/refresh' })).toBe(200)
    const tokens = { ...shared, url: '/oauth/personal-access-tokens' }
    expect(await send({ ...tokens, method: 'POST', data: { name: 'CI' } })).toBe(201)
    expect(await send(tokens)).toBe(200)
    expect(await send({ ...shared, method: 'POST', url: '/api/orders', withXSRFToken: false })).toBe(403)
  })

  test('gets 401 after the user has signed out', async () => {
    await signInAt('id.shop.test')
    const account = await page.context().newPage()
    await account.goto(at('id.shop.test', '/logout'))
    await account.getByRole('button', { name: 'Sign out' }).click()
    await waitForHeading(account, "You're signed out")
    expect(await page.evaluate(() => document.cookie)).toBe('')
    for (const url of ['/api/orders', '/oauth/token/refresh'])
      expect(await send({ method: 'POST', url })).toBe(401)
  })

  test.each(['evil.shop.test', 'evil.test'])('does nothing on %s, by any kind of request', async (host) => {
    await signInAt('id.shop.test')
    await page.goto(at(host, '/'))
    await addAxios()
    const [api, refresh] = [at('id.shop.test', '/api/orders'), at('id.shop.test', '/oauth/token/refresh')]
    const shared = { withCredentials: true, withXSRFToken: true }
    for (const config of [{ url: api }, { url: api, method: 'POST' }, { url: refresh, method: 'POST' }])
      expect(await send({ ...shared, ...config })).toBe('ERR_NETWORK')
    const csrfToken = await page.evaluate(() => /XSRF-TOKEN=([^;]+)/.exec(document.cookie)?.[1])
    expect(csrfToken === undefined).toBe(host === 'evil.test')
    await page.evaluate(
      async ([url, token]) => {
        const simple = { mode: 'no-cors', credentials: 'include' } as const
        await fetch(url, simple)
        await fetch(url, { ...simple, method: 'POST', body: `_token=${token}` })
        await new Promise((resolve) =>
          Object.assign(new Image(), { src: url, onerror: resolve, onload: resolve }),
        )
      },
      [api, csrfToken ?? ''] as const,
    )
    for (const method of ['get', 'post']) {
      await page.setContent(`<form method="${method}" action="${api}"><button>Win</button></form>`)
      const [response] = await Promise.all([
        page.waitForResponse((each) => each.url().startsWith(api)),
        page.getByRole('button').click(),
      ])
      expect([401, 403]).toContain(response.status())
      await page.goto(at(host, '/'))
    }
    expect(accepted).toEqual([])
  })
})

/** Allows one origin with credentials, as the guide says, and answers preflight requests before the guard. */
const withCors =
  (origin: string, api: RequestListener): RequestListener =>
  (request, response) => {
    response.setHeader('Vary', 'Origin')
    if (request.headers.origin === origin) {
      response.setHeader('Access-Control-Allow-Origin', origin)
      response.setHeader('Access-Control-Allow-Credentials', 'true')
      response.setHeader('Access-Control-Allow-Headers', 'Content-Type, X-XSRF-TOKEN')
      response.setHeader('Access-Control-Allow-Methods', 'GET, POST, PUT, DELETE')
    }
    // A browser also asks for the icon.
    if (request.method === 'OPTIONS' || !request.url?.startsWith('/api/')) response.writeHead(204).end()
    else api(request, response)
  }
