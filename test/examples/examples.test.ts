import { afterEach, expect, test } from 'vitest'
import { openBrowser } from './browser.ts'
import { freePort, run, settingsIn, type Program } from './program.ts'

const running: Program[] = []
afterEach(async () => void (await Promise.all(running.splice(0).map((program) => program.stop()))))

function start(...parameters: Parameters<typeof run>): Program {
  const program = run(...parameters)
  running.push(program)
  return program
}

test('node-http and machine-client: a program gets a token by its secret and reads orders with it', async () => {
  const PORT = await freePort()
  const line = await start('node-http.ts', { PORT }).printed('machine-client.ts')
  const output = await start('machine-client.ts', settingsIn(line)).ended()
  expect(output).toContain('A token for "orders:read", good for 900 seconds')
  expect(output).toContain(`200 {"orders":["tea","rice"],"client":"${settingsIn(line)['CLIENT_ID']}"}`)
  const withoutToken = await fetch(`http://127.0.0.1:${PORT}/orders`)
  expect(withoutToken.status).toBe(401)
  const elsewhere = await fetch(`http://127.0.0.1:${PORT}/elsewhere`)
  expect(elsewhere.status).toBe(404)
})

test('fetch-handler: a request without a token is refused, one with a token is answered', async () => {
  const output = await start('fetch-handler.ts').ended()
  expect(output.trim().split('\n')).toEqual([
    '401 {"error":"missing_token","error_description":"Missing token"}',
    '200 {"orders":["tea","rice"],"kind":"machine"}',
  ])
})

test('own-users and web-app-client: a person signs in, consents, and the app learns who they are', async () => {
  const [PORT, home] = [await freePort(), await freePort()]
  const REDIRECT_URI = `http://127.0.0.1:${home}/callback`
  const line = await start('own-users.ts', { PORT, REDIRECT_URI }).printed('web-app-client.ts')
  await start('web-app-client.ts', { ...settingsIn(line), PORT: home }).printed('Open')

  const browser = openBrowser()
  const signIn = await browser.open(`http://127.0.0.1:${home}`)
  const refused = await browser.submit(signIn, 'Sign in', { username: 'ada@example.com', password: 'wrong' })
  expect(refused.status).toBe(403)
  const person = { username: 'ada@example.com', password: 'correct horse' }
  const consent = await browser.submit(refused, 'Sign in', person)
  expect(consent.text).toContain('See your name')
  const end = await browser.submit(consent, 'Allow')
  expect(end.url).toContain(REDIRECT_URI)
  expect(end.text).toBe('You are Ada\n')
})

test('two-providers and web-app-client: each app gets the person of its own side, by the same id and name', async () => {
  const [PORT, home] = [await freePort(), await freePort()]
  const REDIRECT_URI = `http://127.0.0.1:${home}/callback`
  const lines = await start('two-providers.ts', { PORT, REDIRECT_URI }).printed('ME=/shop')
  const browser = openBrowser()
  const passwords = ['correct horse', 'battery staple']
  for (const [index, line] of lines.trim().split('\n').entries()) {
    const app = start('web-app-client.ts', { ...settingsIn(line), PORT: home })
    await app.printed('Open')
    const person = { username: 'ada', password: passwords[index] ?? '' }
    const consent = await browser.submit(await browser.open(`http://127.0.0.1:${home}`), 'Sign in', person)
    const end = await browser.submit(consent, 'Allow')
    expect(end.text).toBe(index === 0 ? 'staff 7' : 'customers 7')
    await app.stop()
  }
})

test('own-grant: a code of one’s own gives tokens once', async () => {
  const output = await start('own-grant.ts').ended()
  expect(output.trim().split('\n')).toEqual([
    '200 access_token token_type expires_in scope refresh_token',
    '400 error error_description',
  ])
})

test('own-pages: the sign-in page is the example’s own, escaped, and travels with the server’s headers', async () => {
  const PORT = await freePort()
  await start('own-pages.ts', { PORT }).printed('Open')
  const browser = openBrowser()
  const page = await browser.open(`http://127.0.0.1:${PORT}/login`)
  expect(page.text).toContain('Welcome to the tea house')
  expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  const again = await browser.submit(page, 'Sign in', { username: '"><script>', password: 'x' })
  expect(again.text).toContain('Wrong name or password.')
  expect(again.text).toContain('value="&#34;&#62;&#60;script&#62;"')
})

test('identity-service and orders-service: a token ends in the other service within three seconds', async () => {
  const [PORT, other] = [await freePort(), await freePort()]
  const ORDERS = `http://127.0.0.1:${other}`
  const lines = await start('identity-service.ts', { PORT, ORDERS }).printed('-X DELETE')
  await start('orders-service.ts', settingsIn(lines)).printed('Orders at')

  const credentials = /-u (\S+)/.exec(lines)?.[1] ?? ''
  const answer = await fetch(`http://127.0.0.1:${PORT}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(credentials)}` },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      resource: ORDERS,
      scope: 'orders:read',
    }),
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  const ask = (): Promise<Response> => fetch(ORDERS, { headers: { authorization: `Bearer ${token}` } })
  expect(await (await ask()).json()).toMatchObject({ orders: ['tea', 'rice'] })
  expect((await fetch(ORDERS)).status).toBe(401)

  await fetch(`http://127.0.0.1:${PORT}/importer`, { method: 'DELETE' })
  await expect.poll(async () => (await ask()).status, { timeout: 3_000 }).toBe(401)
  expect(await (await fetch(`${ORDERS}/health`)).json()).toMatchObject({ isReady: true, keys: 1 })
})
