import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { rolldown } from 'rolldown'
import { afterEach, expect, test } from 'vitest'
import nest from '../../examples/nest/rolldown.config.ts'
import { openBrowser } from './browser.ts'
import { ROOT } from '../house/repository.ts'
import { emptyDirectory, serve } from '../cli/run.ts'
import { chromium, openCleanPage, signIn, waitForHeading } from '../support/chromium.ts'
import { freePort } from '../support/free-port.ts'
import { startServer } from '../support/server.ts'
import { FOLDER, run, settingsIn, type Program } from './program.ts'

const running: Program[] = []
afterEach(async () => void (await Promise.all(running.splice(0).map((program) => program.stop()))))

function start(...parameters: Parameters<typeof run>): Program {
  const program = run(...parameters)
  running.push(program)
  return program
}

/** An example answers `/` with a page that says what there is to try. */
async function checkHome(port: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/`)
  expect(response.status).toBe(200)
  expect(await response.text()).not.toContain('missing_token')
}

test('node-http and machine-client: a machine gets a token with its secret and calls the API', async () => {
  const PORT = await freePort()
  const line = await start('node-http.ts', { PORT }).printed('machine-client.ts')
  await checkHome(PORT)
  const output = await start('machine-client.ts', settingsIn(line)).ended()
  expect(output).toContain('Got a token with scope "orders:read", valid for 900 seconds')
  expect(output).toContain(`200 {"orders":["tea","rice"],"client":"${settingsIn(line)['CLIENT_ID']}"}`)
  const withoutToken = await fetch(`http://127.0.0.1:${PORT}/orders`)
  expect(withoutToken.status).toBe(401)
  const elsewhere = await fetch(`http://127.0.0.1:${PORT}/elsewhere`)
  expect(elsewhere.status).toBe(404)
})

test.each(['express', 'fastify', 'hono', 'koa'])(
  '%s: the app signs a user in and out, and machine-client calls the API',
  async (framework) => {
    const PORT = await freePort()
    const line = await start(`${framework}.ts`, { PORT }).printed('machine-client.ts')
    await checkHome(PORT)
    const password = /password (\S+)\. Call/.exec(line)?.[1] ?? ''
    const browser = openBrowser()
    const shop = await browser.open(`http://127.0.0.1:${PORT}/`)
    expect((await browser.submit(shop, 'Sign in', { password: 'wrong' })).text).toContain('Password of Ada')
    const home = await browser.submit(shop, 'Sign in', { password })
    expect(home.text).toContain('Hello, Ada.')
    expect((await browser.open(`http://127.0.0.1:${PORT}/account`)).url).toContain('/account/devices')
    expect((await browser.submit(home, 'Sign out')).text).toContain('Sign in')
    const output = await start('machine-client.ts', settingsIn(line)).ended()
    expect(output).toContain('200 {"orders":["tea","rice"]')
  },
)

test('nest: the app signs a user in, and machine-client calls the API', async () => {
  const PORT = await freePort()
  await (await rolldown(nest)).write({ dir: join(FOLDER, 'examples/nest/dist') })
  const line = await start('nest/dist/main.js', { PORT }).printed('machine-client.ts')
  await checkHome(PORT)
  const password = /password (\S+)\. Call/.exec(line)?.[1] ?? ''
  const browser = openBrowser()
  const shop = await browser.open(`http://127.0.0.1:${PORT}/`)
  expect((await browser.submit(shop, 'Sign in', { password: 'wrong' })).text).toContain('Password of Ada')
  expect((await browser.submit(shop, 'Sign in', { password })).text).toContain('Hello, Ada.')
  expect((await browser.open(`http://127.0.0.1:${PORT}/account`)).url).toContain('/account/devices')
  const output = await start('machine-client.ts', settingsIn(line)).ended()
  expect(output).toContain('200 {"orders":["tea","rice"]')
})

test('german/server: the pages are in German', async () => {
  const PORT = await freePort()
  await start('german/server.ts', { PORT }).printed('Open')
  const page = await openBrowser().open(`http://127.0.0.1:${PORT}/login?language=de`)
  expect(page.text).toContain('Angemeldet bleiben')
})

test('webhook-receiver: accepts signed messages once, and rejects others', async () => {
  const [PORT, secret] = [
    await freePort(),
    `whsec_${Buffer.from('the secret of the example').toString('base64')}`,
  ]
  const program = start('webhook-receiver.ts', { PORT, WEBHOOK_SECRET: secret })
  await program.printed('Listening')
  const url = `http://127.0.0.1:${PORT}/`
  await using server = await startServer({ webhooks: { endpoints: [{ id: 'example', url, secret }] } })
  expect(await server.server.webhooks.test('example')).toMatchObject({ status: 204, failure: null })
  expect(await program.printed('webhook.test')).toContain('webhook.test {"endpoint_id":"example"}')
  const forged = await fetch(url, { method: 'POST', body: '{}' })
  expect(forged.status).toBe(400)
})

test('fetch-handler, with `npm run example`: rejects a request without a token and accepts one with a token', async () => {
  const flags = ['--silent', 'run', 'example', 'examples/fetch-handler.ts']
  const { stdout } = await promisify(execFile)('npm', flags, { cwd: ROOT })
  expect(stdout.trim().split('\n')).toEqual([
    '401 {"error":"missing_token","error_description":"Missing token"}',
    '200 {"orders":["tea","rice"],"kind":"machine"}',
  ])
})

test('own-users and web-app-client: a user signs in and consents, and the app learns who they are', async () => {
  const [PORT, home] = [await freePort(), await freePort()]
  const REDIRECT_URI = `http://127.0.0.1:${home}/callback`
  const line = await start('own-users.ts', { PORT, REDIRECT_URI }).printed('web-app-client.ts')
  await checkHome(PORT)
  await start('web-app-client.ts', { ...settingsIn(line), PORT: home }).printed('Open')

  const browser = openBrowser()
  const signIn = await browser.open(`http://127.0.0.1:${home}`)
  const refused = await browser.submit(signIn, 'Sign in', { username: 'ada@example.com', password: 'wrong' })
  expect(refused.status).toBe(403)
  const credentials = { username: 'ada@example.com', password: 'correct horse' }
  const consent = await browser.submit(refused, 'Sign in', credentials)
  expect(consent.text).toContain('See your name')
  const end = await browser.submit(consent, 'Allow')
  expect(end.url).toContain(REDIRECT_URI)
  expect(end.text).toBe('You are Ada\n')
})

test('two-providers and web-app-client: each app gets the user of its own provider, despite equal IDs and names', async () => {
  const [PORT, home] = [await freePort(), await freePort()]
  const REDIRECT_URI = `http://127.0.0.1:${home}/callback`
  const lines = await start('two-providers.ts', { PORT, REDIRECT_URI }).printed('ME=/shop')
  await checkHome(PORT)
  const browser = openBrowser()
  const passwords = ['correct horse', 'battery staple']
  for (const [index, line] of lines.trim().split('\n').entries()) {
    const app = start('web-app-client.ts', { ...settingsIn(line), PORT: home })
    await app.printed('Open')
    const credentials = { username: 'ada', password: passwords[index] ?? '' }
    const consent = await browser.submit(
      await browser.open(`http://127.0.0.1:${home}`),
      'Sign in',
      credentials,
    )
    const end = await browser.submit(consent, 'Allow')
    expect(end.text).toBe(index === 0 ? 'staff 7' : 'customers 7')
    await app.stop()
  }
})

test('own-grant: a code works once', async () => {
  const output = await start('own-grant.ts').ended()
  expect(output.trim().split('\n')).toEqual([
    '200 access_token token_type expires_in scope refresh_token',
    '400 error error_description',
  ])
})

test('customize-tokens: claims follow the user and the client, and a lifetime is that of the client', async () => {
  const output = await start('customize-tokens.ts').ended()
  expect(output.trim().split('\n')).toEqual([
    "user { tenant: 'orchard' } orchard",
    "machine { plan: 'pro' } 3600",
    "machine { plan: 'free' } 300",
  ])
})

test('sql-users: a password can be changed, and a disabled user cannot sign in', async () => {
  const output = await start('sql-users.ts').ended()
  expect(output.trim().split('\n')).toEqual(['200 401', '401 200', '401'])
})

test('own-pages: the custom sign-in page is escaped and has the security headers of the server', async () => {
  const PORT = await freePort()
  await start('own-pages.ts', { PORT }).printed('Open')
  await checkHome(PORT)
  const browser = openBrowser()
  const page = await browser.open(`http://127.0.0.1:${PORT}/login`)
  expect(page.text).toContain('Welcome to the tea house')
  expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  const again = await browser.submit(page, 'Sign in', { username: '"><script>', password: 'x' })
  expect(again.text).toContain('Incorrect email or password.')
  expect(again.text).toContain('value="&#34;&#62;&#60;script&#62;"')
})

test('identity-service and orders-service: a revoked client is rejected by the other service', async () => {
  const [PORT, other] = [await freePort(), await freePort()]
  const ORDERS = `http://127.0.0.1:${other}`
  const lines = await start('identity-service.ts', { PORT, ORDERS }).printed('-X DELETE')
  await checkHome(PORT)
  await start('orders-service.ts', settingsIn(lines)).printed('Orders at')
  await checkHome(other)

  const credentials = /-u (\S+)/.exec(lines)?.[1] ?? ''
  const response = await fetch(`http://127.0.0.1:${PORT}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(credentials)}` },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      resource: ORDERS,
      scope: 'orders:read',
    }),
  })
  const { access_token: token } = (await response.json()) as { access_token: string }
  const ask = (): Promise<Response> =>
    fetch(`${ORDERS}/orders`, { headers: { authorization: `Bearer ${token}` } })
  expect(await (await ask()).json()).toMatchObject({ orders: ['tea', 'rice'] })
  expect((await fetch(`${ORDERS}/orders`)).status).toBe(401)

  await fetch(`http://127.0.0.1:${PORT}/importer`, { method: 'DELETE' })
  await expect.poll(async () => (await ask()).status).toBe(401)
  expect(await (await fetch(`${ORDERS}/health`)).json()).toMatchObject({ isReady: true, keys: 1 })
})

test('tv: shows a code as text and as a QR code, and gets tokens once the user approves', async () => {
  const demo = await serve(emptyDirectory(), ['--demo'])
  const password = /Password {2}(\S+)/.exec(demo.printed)?.[1] ?? ''
  const line = demo.printed.split('\n').find((text) => text.includes('examples/tv.ts')) ?? ''
  const tv = start('tv.ts', settingsIn(line))
  const shown = await tv.printed('compare the code')
  const page = /Open (\S+)/.exec(shown)?.[1] ?? ''
  expect(page).toBe(`${demo.origin}/oauth/device`)

  const browser = openBrowser()
  const code = await browser.submit(await browser.open(page), 'Sign in', {
    username: 'demo@example.com',
    password,
  })
  const question = await browser.submit(code, 'Continue', { user_code: /\w{4}-\w{4}/.exec(shown)?.[0] ?? '' })
  expect(question.text).toContain('Demo TV')
  await browser.submit(question, 'Allow')
  expect(await tv.ended()).toContain('200 {\n  "id": ')
  expect(await tv.ended()).toContain('"client": "demo-tv"')
  await demo.stop()
})

test('personal-tokens: the API accepts a token from code and one from the page', async () => {
  const PORT = await freePort()
  const lines = await start('personal-tokens.ts', { PORT }).printed('/orders')
  await checkHome(PORT)
  const ask = async (token: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}` }
    return (await fetch(`http://127.0.0.1:${PORT}/orders`, { headers })).json()
  }
  const orders = { orders: ['tea', 'rice'], user: '1' }
  expect(await ask(/Bearer ([^"]+)"/.exec(lines)?.[1] ?? '')).toEqual(orders)

  const browser = openBrowser()
  const signIn = await browser.open(`http://127.0.0.1:${PORT}/account/tokens`)
  const [, username = '', password = ''] = /sign in as (\S+) with (\S+)/.exec(lines) ?? []
  const page = await browser.submit(signIn, 'Sign in', { username, password })
  expect(page.text).toContain('Backup')
  const created = await browser.submit(page, 'Generate token', { name: 'Mine', 'scope:orders:read': 'on' })
  expect(await ask(/>(eyJ[^<]+)</.exec(created.text)?.[1] ?? '')).toEqual(orders)
})

test.skipIf(!chromium)(
  'single-page-app: calls its API with axios as the user who signs in, until they sign out',
  async () => {
    const PORT = await freePort()
    const line = await start('single-page-app.ts', { PORT }).printed('sign in as')
    await checkHome(PORT)
    const [, email = '', password = ''] = /as (\S+) with (\S+)/.exec(line) ?? []
    const { page } = await openCleanPage()
    await page.goto(`http://127.0.0.1:${PORT}/`)
    await signIn(page, { email, password })
    await page.getByRole('status').getByText('tea, rice').waitFor()
    await page.getByRole('button', { name: 'Order soap' }).click()
    await page.getByRole('status').getByText('tea, rice, soap').waitFor()
    await page.getByRole('link', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.goto(`http://127.0.0.1:${PORT}/`)
    await page.getByLabel('Password', { exact: true }).waitFor()
  },
)

test.skipIf(!chromium)(
  'user-apps: a user registers an app on the page, sees its secret, and deletes it',
  async () => {
    const PORT = await freePort()
    const line = await start('user-apps.ts', { PORT }).printed('register an app')
    await checkHome(PORT)
    const [, email = '', password = ''] = /sign in as (\S+) with (\S+),/.exec(line) ?? []
    const { page } = await openCleanPage()
    await page.goto(`http://127.0.0.1:${PORT}/`)
    await page.getByRole('link', { name: 'Sign in' }).click()
    await signIn(page, { email, password })
    await waitForHeading(page, "You're signed in")
    await page.goto(`http://127.0.0.1:${PORT}/`)
    await page.getByPlaceholder('Name').fill('<b>Tools</b>')
    await page.getByPlaceholder('Redirect URI').fill('not a URL')
    await page.getByRole('button', { name: 'Register app' }).click()
    await page.getByRole('status').getByText('The app was not saved').waitFor()
    await page.getByPlaceholder('Redirect URI').fill('https://tools.example/callback')
    await page.getByRole('button', { name: 'Register app' }).click()
    await page
      .getByRole('status')
      .getByText(/^ID: \S+, secret: \S{43}/)
      .waitFor()
    page.once('dialog', (dialog) => void dialog.accept())
    await page.getByRole('button', { name: 'Delete <b>Tools</b>' }).click()
    await expect.poll(() => page.getByRole('button', { name: /^Delete/ }).count()).toBe(0)
  },
)

test('own-account-page: a user connects an app and disconnects it on the custom page', async () => {
  const PORT = await freePort()
  const line = await start('own-account-page.ts', { PORT }).printed('sign in as')
  await checkHome(PORT)
  const [, username = '', password = ''] = /sign in as (\S+) with (\S+)/.exec(line) ?? []
  const origin = `http://127.0.0.1:${PORT}`
  const browser = openBrowser()
  const home = await browser.open(origin)
  const asked = await browser.open(origin + (/href="(\/oauth[^"]*)"/.exec(home.text)?.[1] ?? ''))
  const consent = await browser.submit(asked, 'Sign in', { username, password })
  expect(consent.text).toContain('href="/account/apps"')
  await browser.submit(consent, 'Allow')
  const apps = await browser.open(`${origin}/account/apps`)
  expect(apps.text).toMatch(/<bdi>Calendar<\/bdi>\s+since .*<bdi>See your events<\/bdi>/)
  const question = await browser.open(origin + (/href="([^"]*disconnect=[^"]*)"/.exec(apps.text)?.[1] ?? ''))
  const done = await browser.submit(question, 'Disconnect')
  expect(done.text).toContain('<bdi>Calendar</bdi> no longer has access.')
})

test("your-own-form: a code signs the browser in to the app and the server, and the app's button signs out", async () => {
  const PORT = await freePort()
  const origin = `http://127.0.0.1:${PORT}`
  const program = start('your-own-form.ts', { PORT })
  await program.printed('Open')
  const browser = openBrowser()
  const email = await browser.open(`${origin}/account/devices`)
  expect(email.url).toContain(`${origin}/sign-in?return_to=`)
  const form = await browser.submit(email, 'Send code', { email: 'ada@example.com' })
  const [, code = ''] = /your code is (\d+)/.exec(await program.printed('your code is')) ?? []
  expect((await browser.submit(form, 'Sign in', { code: 'wrong' })).status).toBe(403)
  const devices = await browser.submit(form, 'Sign in', { code })
  expect([devices.url, devices.text]).toEqual([`${origin}/account/devices`, expect.stringContaining('ada@')])
  const home = await browser.open(origin)
  expect(home.text).toContain('Plan: gold')
  expect((await browser.submit(home, 'Sign out')).text).toContain('Send code')
  const body = new URLSearchParams({ email: 'ada@example.com' })
  const init = { method: 'POST', body, headers: { origin: 'https://evil.example' } }
  expect((await fetch(`${origin}/code`, init)).status).toBe(403)
})

test('magic-link: a link signs a device in once, and the device can refresh and sign out', async () => {
  const PORT = await freePort()
  const program = start('magic-link.ts', { PORT })
  await program.printed('sign-in')
  await checkHome(PORT)
  const post = (
    path: string,
    body: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> =>
    fetch(`http://127.0.0.1:${PORT}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  expect((await post('/link', { email: 'unknown@example.com' })).status).toBe(202)
  expect((await post('/link', { email: 'ada@example.com' })).status).toBe(202)
  const [, token = ''] = /your token is (\S+)/.exec(await program.printed('your token is')) ?? []
  const tokens = (await (await post('/sign-in', { token, device: 'My phone' })).json()) as Record<
    string,
    string
  >
  expect((await post('/sign-in', { token })).status).toBe(401)
  const refresh = { refresh_token: tokens['refresh_token'] }
  expect((await post('/auth/refresh', refresh)).status).toBe(200)
  expect((await post('/auth/logout', {}, { authorization: `Bearer ${tokens['access_token']}` })).status).toBe(
    204,
  )
  expect((await post('/auth/refresh', refresh)).status).toBe(401)
})

test('test-your-api: the tests pass without an authorization server', async () => {
  const output = await start('test-your-api.ts').ended()
  expect(output).toMatch(/^. pass 4$/m)
  expect(output).toMatch(/^. fail 0$/m)
})

test('test-your-app: the tests pass with a server in memory', async () => {
  const output = await start('test-your-app.ts').ended()
  expect(output).toMatch(/^. pass 3$/m)
  expect(output).toMatch(/^. fail 0$/m)
})

test('app-session: the user signs in to the shop, and the server knows them', async () => {
  const PORT = await freePort()
  await start('app-session.ts', { PORT }).printed('Open')
  await checkHome(PORT)
  const browser = openBrowser()
  const form = await browser.open(`http://127.0.0.1:${PORT}/account`)
  const devices = await browser.submit(form, 'Sign in as Ada')
  expect([devices.url, devices.text]).toEqual([
    `http://127.0.0.1:${PORT}/account/devices`,
    expect.stringContaining('This device'),
  ])
  const question = await browser.open(`http://127.0.0.1:${PORT}/logout`)
  expect((await browser.submit(question, 'Sign out')).text).toContain('Sign in again')
})
