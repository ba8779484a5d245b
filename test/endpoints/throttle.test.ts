import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import {
  fetchJson,
  requestToken,
  formBody,
  getCode,
  getTokens,
  getCodeFlowTokens,
  refresh,
} from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'

const server = await startServer()
afterAll(server.close)

async function tryPassword(on: TestServer, email: string, password: string) {
  const browser = openBrowser(on)
  return browser.signIn(await browser.open(on.endpoint('/login')), { email, password })
}

describe('wrong passwords', () => {
  test('are limited to ten per account in 15 minutes; then even the correct one must wait', async () => {
    const [user, neighbor] = [await server.addUser(), await server.addUser()]
    for (let count = 0; count < 10; count += 1) {
      const page = await tryPassword(server, user.email, `wrong ${count}`)
      expect(page.status).toBe(403)
      expect(page.text).toContain('Incorrect email or password')
    }
    const late = await tryPassword(server, user.email, user.password)
    expect(late.status).toBe(429)
    expect(late.text).toContain('Too many attempts. Try again in 15 minutes')
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(880)
    expect(late.headers.get('ratelimit')).toMatch(/^"account";r=0;t=\d+$/)
    expect(late.headers.get('ratelimit-policy')).toBe('"account";q=10;w=900')
    expect((await tryPassword(server, user.email.toUpperCase(), user.password)).status).toBe(429)
    expect((await tryPassword(server, neighbor.email, neighbor.password)).text).toContain("You're signed in")
    server.clock.advance('15m')
    expect((await tryPassword(server, user.email, user.password)).text).toContain("You're signed in")
  })

  test('are counted for unknown users too, with the same response', async () => {
    await using strict = await startServer({ throttle: { perAccount: { failures: 2, window: '5m' } } })
    const responses = []
    for (let count = 0; count < 3; count += 1)
      responses.push(await tryPassword(strict, 'nobody@example.com', 'whatever it is'))
    expect(responses.map(({ status }) => status)).toEqual([403, 403, 429])
    expect(responses[0]?.text).toContain('Incorrect email or password')
  })

  test('sent in parallel cannot exceed the limit', async () => {
    await using strict = await startServer({ throttle: { perAccount: { failures: 3, window: '5m' } } })
    const user = await strict.addUser()
    const browser = openBrowser(strict)
    const login = await browser.open(strict.endpoint('/login'))
    const tries = Array.from({ length: 12 }, (_, index) =>
      browser.signIn(login, { email: user.email, password: `wrong ${index}` }),
    )
    const statuses = (await Promise.all(tries)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 403)).toHaveLength(3)
    expect(statuses.filter((status) => status === 429)).toHaveLength(9)
  })
})

describe('wrong client secrets', () => {
  test('are counted for the address, and then every client at it must wait', async () => {
    await using strict = await startServer({ throttle: { perAddress: { failures: 3, window: '1m' } } })
    const machine = await strict.addClient({ grantTypes: ['client_credentials'] })
    const grant = { grant_type: 'client_credentials' }
    const wrong = { ...machine, secret: 'wrong' }
    for (let count = 0; count < 3; count += 1)
      expect((await requestToken(strict, wrong, grant)).status).toBe(401)
    const { status, headers, body } = await requestToken(strict, machine, grant)
    expect([status, body['error']]).toEqual([429, 'too_many_requests'])
    expect(headers.get('retry-after')).toMatch(/^(?:60|59|58)$/)
    expect(headers.get('ratelimit')).toMatch(/^"address";r=0;t=\d+$/)
    expect(headers.get('ratelimit-policy')).toBe('"address";q=3;w=60')
    strict.clock.advance('60s')
    expect((await requestToken(strict, machine, grant)).status).toBe(200)
  })

  test('are counted, correct ones are not', async () => {
    await using strict = await startServer({ throttle: { perAddress: { failures: 2, window: '1m' } } })
    const machine = await strict.addClient({ grantTypes: ['client_credentials'] })
    for (let count = 0; count < 6; count += 1)
      expect(await getTokens(strict, machine, { grant_type: 'client_credentials' })).toBeTruthy()
  })
})

describe('wrong codes', () => {
  const throttle = { perAddress: { failures: 3, window: '1m' } } as const
  const garbage = [
    { grant_type: 'authorization_code', code: 'A'.repeat(43) },
    { grant_type: 'refresh_token', refresh_token: 'A'.repeat(43) },
  ]

  test.each(garbage)('of a public client count for its address: $grant_type', async (guess) => {
    await using strict = await startServer({ throttle })
    const client = await strict.addClient({ type: 'public' })
    const statuses: number[] = []
    for (let count = 0; count < 4; count += 1)
      statuses.push((await requestToken(strict, client, guess)).status)
    expect(statuses).toEqual([400, 400, 400, 429])
  })

  test('of another client count too, and so does a wrong verifier', async () => {
    await using strict = await startServer({ throttle })
    const [client, other] = [
      await strict.addClient({ type: 'public' }),
      await strict.addClient({ type: 'public' }),
    ]
    const visit = { server: strict, browser: openBrowser(strict), client, user: await strict.addUser() }
    const stolen = (await getCode({ ...visit, client: other })).exchange
    const swapped = { ...(await getCode(visit)).exchange, code_verifier: 'A'.repeat(43) }
    const statuses: number[] = []
    for (const guess of [stolen, swapped, stolen, stolen])
      statuses.push((await requestToken(strict, client, guess)).status)
    expect(statuses).toEqual([400, 400, 400, 429])
  })

  test('that visitors bring to a confidential client do not block its address', async () => {
    await using strict = await startServer({ throttle })
    const [client, other] = [await strict.addClient(), await strict.addClient({ type: 'public' })]
    const visit = { server: strict, browser: openBrowser(strict), client, user: await strict.addUser() }
    const tokens = await getCodeFlowTokens(visit)
    const stolen = (await getCode({ ...visit, client: other })).exchange
    const swapped = { ...(await getCode(visit)).exchange, code_verifier: 'A'.repeat(43) }
    for (const brought of [...garbage, ...garbage, stolen, swapped])
      expect((await requestToken(strict, client, brought)).body['error']).toBe('invalid_grant')
    expect((await refresh(visit, tokens.refresh_token)).status).toBe(200)
  })
})

describe('X-Forwarded-For', () => {
  const fail = (on: TestServer, forwardedFor: string) =>
    fetchJson(on, '/oauth/token', {
      method: 'POST',
      headers: { 'x-forwarded-for': forwardedFor },
      body: formBody({ grant_type: 'client_credentials', client_id: 'nobody', client_secret: 'x' }),
    })
  const throttle = { perAddress: { failures: 2, window: '1m' } } as const

  test('is ignored by default', async () => {
    await using strict = await startServer({ throttle })
    const responses = []
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) responses.push(await fail(strict, address))
    expect(responses.map(({ status }) => status)).toEqual([401, 401, 429])
  })

  test('is trusted from a trusted proxy, only for the entry of the proxy itself', async () => {
    await using strict = await startServer({ throttle, trustedProxies: ['127.0.0.0/8'] })
    const statusOf = async (header: string): Promise<number> => (await fail(strict, header)).status
    expect([await statusOf('192.0.2.1'), await statusOf('192.0.2.1'), await statusOf('192.0.2.1')]).toEqual([
      401, 401, 429,
    ])
    expect(await statusOf('192.0.2.2')).toBe(401)
    expect(await statusOf('203.0.113.9, 192.0.2.1')).toBe(429)
  })
})
