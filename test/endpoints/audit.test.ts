import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { StoreUnavailableError } from '../../src/errors.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { openBrowser } from '../support/browser.ts'
import { authorizationUrl, requestToken, getCode, getTokens } from '../support/oauth-client.ts'
import type { JsonResponse } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
const visit = { server, browser: openBrowser(server), client, user }
afterAll(server.close)

const requestIdOf = ({ headers }: Pick<Response, 'headers'>): string => headers.get('x-request-id') ?? ''
const explain = (response: Pick<JsonResponse, 'headers'>) => server.server.audit.find(requestIdOf(response))

describe('the audit log', () => {
  test('has the full reason of a refused request, with client and address', async () => {
    const response = await requestToken(
      server,
      { ...client, secret: 'wrong' },
      { grant_type: 'client_credentials' },
    )
    expect(response.status).toBe(401)
    expect(await explain(response)).toEqual([
      {
        at: expect.any(Number) as unknown,
        requestId: requestIdOf(response),
        event: 'request.refused',
        by: null,
        status: 401,
        code: 'invalid_client',
        path: '/oauth/token',
        clientId: client.id,
        sub: null,
        address: '127.0.0.1',
        detail: `client ${client.id}: sent a wrong secret`,
      },
    ])
  })

  test('has an error that was sent to the client, with the signed-in user', async () => {
    const browser = openBrowser(server)
    await browser.signIn(await browser.open(server.endpoint('/login')), user)
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: client.id,
      prompt: 'none',
      scope: 'orders:read',
    })
    const page = await browser.open(`${server.endpoint('/oauth/authorize')}?${query.toString()}`)
    expect(page.url.searchParams.get('error')).toBe('consent_required')
    expect(await explain(page)).toMatchObject([
      { event: 'request.refused', code: 'consent_required', clientId: client.id, sub: user.id },
    ])
  })

  test('has a denied consent, with the client and the user', async () => {
    const browser = openBrowser(server)
    const parameters = { scope: 'orders:read', prompt: 'consent' }
    const login = await browser.open(authorizationUrl(server, client, parameters))
    const denied = await browser.press(await browser.signIn(login, user), "Don't allow")
    expect(await explain(denied)).toMatchObject([
      { event: 'consent.denied', clientId: client.id, sub: user.id },
      { event: 'request.refused', code: 'access_denied', clientId: client.id, sub: user.id },
    ])
  })

  test('has a failed sign-in, with the reason that the page does not show', async () => {
    const browser = openBrowser(server)
    const form = await browser.open(server.endpoint('/login'))
    const known = await browser.signIn(form, { ...user, password: 'not this one' })
    const unknown = await browser.signIn(form, { email: 'nobody@example.com', password: 'whatever it is' })
    expect(known.text.replace(user.email, '')).toBe(unknown.text.replace('nobody@example.com', ''))
    expect(await explain(known)).toMatchObject([{ event: 'sign-in.failed', sub: user.id }])
    expect(await explain(unknown)).toMatchObject([{ event: 'sign-in.failed', detail: 'no such user' }])
  })

  test('has a throttled sign-in', async () => {
    await using strict = await startServer({ throttle: { perAccount: { failures: 1, window: '1m' } } })
    const browser = openBrowser(strict)
    const form = await browser.open(strict.endpoint('/login'))
    const guess = { email: 'ada@example.com', password: 'a guess at it' }
    await browser.signIn(form, guess)
    const page = await browser.signIn(form, guess)
    expect(page.status).toBe(429)
    expect(await strict.server.audit.find(requestIdOf(page))).toMatchObject([{ event: 'sign-in.throttled' }])
  })

  test('has a replay and its effects under one request id', async () => {
    const { exchange } = await getCode(visit)
    await getTokens(server, client, exchange)
    const entries = await explain(await requestToken(server, client, exchange))
    expect(entries.map(({ event }) => event)).toEqual([
      'revocation.written',
      'replay.detected',
      'request.refused',
    ])
    expect(entries[1]).toMatchObject({ clientId: client.id })
  })

  test('has what a successful request changed, but not each token', async () => {
    const { exchange } = await getCode(visit)
    expect(await explain(await requestToken(server, client, exchange))).toMatchObject([
      { event: 'authorization.created', clientId: client.id, sub: user.id },
    ])
  })

  test('lists what happened to a user, by pages, newest first', async () => {
    const person = await server.addUser()
    const browser = openBrowser(server)
    await getCode({ ...visit, browser, user: person })
    await server.server.users.signOutEverywhere(person)
    const { audit } = server.server
    const page = await audit.list({ user: person, limit: 2 })
    const rest = await audit.list({ user: person, after: page.at(-1) ?? { at: 0, id: 0 } })
    expect([...page, ...rest].map(({ event, by }) => [event, by])).toEqual([
      ['revocation.written', 'app'],
      ['consent.given', null],
      ['device.new', null],
      ['session.started', null],
    ])
    expect(page).toHaveLength(2)
    const signIns = await audit.list({ user: person, event: 'session.started', since: new Date(0) })
    expect(signIns).toMatchObject([
      { address: '127.0.0.1', detail: expect.stringContaining('(pwd)') as unknown },
    ])
    expect(await audit.list({ user: person, until: 1 })).toEqual([])
  })

  test.each([
    [{ since: new Date(Number.NaN) }, 'since'],
    [{ until: Number.NaN }, 'until'],
    [{ limit: 0 }, 'limit'],
  ])('rejects an invalid query: %s', async (query, path) => {
    await expect(server.server.audit.list(query)).rejects.toMatchObject({ problems: [{ path }] })
  })

  test('has no secret, not even one that was sent as a client id', async () => {
    const secret = client.secret ?? ''
    const response = await requestToken(server, { ...client, id: secret }, { grant_type: 'refresh_token' })
    const [entry] = await explain(response)
    expect(entry?.detail).toBe(`client "${secret.slice(0, 8)}…": unknown`)
  })

  test('has no control characters, and no long texts', async () => {
    const odd = await requestToken(
      server,
      { ...client, id: 'a\u202Eb\u009Bc' },
      { grant_type: 'refresh_token' },
    )
    expect((await explain(odd))[0]?.detail).toContain('client "a\ufffdb\ufffdc…": unknown')
    const scoped = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['profile'] })
    const scope = 'x'.repeat(5_000)
    const long = await requestToken(server, scoped, { grant_type: 'client_credentials', scope })
    const [entry] = await explain(long)
    expect(entry?.code).toBe('invalid_scope')
    expect(entry?.detail.length).toBeLessThanOrEqual(1_000)
  })
})

test('the log escapes control characters, so that input cannot change the terminal of an operator', async () => {
  const redirectUri = 'https://app.example/\u009b31m\u202e\u{e0001}'
  await fetch(authorizationUrl(server, { ...client, redirectUri }))
  const line = server.logs.find((text) => text.includes('31m')) ?? ''
  expect(line).toContain(String.raw`\u009b31m\u202e\udb40\udc01`)
  expect(line.trimEnd()).not.toMatch(/\p{C}/u)
  expect(JSON.parse(line)).toMatchObject({ detail: expect.stringContaining(redirectUri) as unknown })
})

test('an entry is in the database within two seconds, for other processes', async () => {
  const response = await requestToken(server, client, { grant_type: 'nothing' })
  const find = () => {
    const database = new DatabaseSync(server.file, { readOnly: true })
    const rows = database
      .prepare('select code from consulate_audit where request_id = ?')
      .all(requestIdOf(response))
    database.close()
    return rows.map(({ code }) => code)
  }
  await expect.poll(find).toEqual(['unsupported_grant_type'])
})

test('entries are written before the store closes', async () => {
  const own = await startServer()
  const response = await requestToken(own, client, { grant_type: 'nothing' })
  const reader = sqlite(own.file)
  onTestFinished(() => reader.close())
  expect(await reader.audit.listByRequest(requestIdOf(response))).toEqual([])
  await own.server.close()
  expect(await reader.audit.listByRequest(requestIdOf(response))).toHaveLength(1)
  await own.close().catch(() => undefined)
})

test("audit: 'off' writes nothing", async () => {
  await using silent = await startServer({ audit: 'off' })
  const response = await requestToken(silent, client, { grant_type: 'nothing' })
  expect(response.status).toBe(400)
  expect(await silent.server.audit.find(requestIdOf(response))).toEqual([])
})

describe('a flood of refused requests', () => {
  const countRows = ({ file }: TestServer): number => {
    const database = new DatabaseSync(file, { readOnly: true })
    const row = database.prepare('select count(*) as rows from consulate_audit').get()
    database.close()
    return Number(row?.['rows'])
  }

  test('from one address cannot use up the audit log', async () => {
    await using flooded = await startServer({ trustedProxies: ['127.0.0.1'] })
    const ask = (address: string): Promise<Response> =>
      fetch(flooded.endpoint('/oauth/token'), {
        method: 'POST',
        headers: { 'x-forwarded-for': address },
        body: new URLSearchParams({ grant_type: 'nothing' }),
      })
    const began = performance.now()
    for (let round = 0; round < 20; round += 1)
      await Promise.all(Array.from({ length: 20 }, () => ask('192.0.2.1')))
    const seconds = Math.ceil((performance.now() - began) / 1000) + 1
    const honest = await ask('192.0.2.2')
    expect(await flooded.server.audit.find(requestIdOf(honest))).toHaveLength(1)
    expect(countRows(flooded)).toBeLessThanOrEqual(50 * seconds + 1)
    await expect.poll(() => flooded.logs.join('')).toContain('Dropped audit entries')
  })
})

describe('a database that fails', () => {
  /** A server whose audit log cannot be written until the test allows it. */
  async function startBroken(fail: () => Promise<void>): Promise<TestServer> {
    const store = sqlite(':memory:')
    const audit = {
      ...store.audit,
      insert: async (...given: Parameters<typeof store.audit.insert>) => {
        await fail()
        return store.audit.insert(...given)
      },
    }
    return startServer({ store: { ...store, audit } })
  }

  test('delays and fails no request, and receives the pending entries later', async () => {
    let isDown = true
    const broken = await startBroken(async () => {
      if (isDown) throw new StoreUnavailableError('The database is gone', undefined)
    })
    onTestFinished(broken.close)
    const response = await requestToken(broken, client, { grant_type: 'nothing' })
    expect(response.status).toBe(400)
    expect(await broken.server.audit.find(requestIdOf(response))).toEqual([])
    isDown = false
    expect(await broken.server.audit.find(requestIdOf(response))).toHaveLength(1)
  })

  test('for another reason loses those entries with a log message, and receives the next ones', async () => {
    let isFirst = true
    const broken = await startBroken(async () => {
      if (!isFirst) return
      isFirst = false
      throw new Error('no such column')
    })
    onTestFinished(broken.close)
    const lost = await requestToken(broken, client, { grant_type: 'nothing' })
    expect(await broken.server.audit.find(requestIdOf(lost))).toEqual([])
    const next = await requestToken(broken, client, { grant_type: 'nothing' })
    expect(await broken.server.audit.find(requestIdOf(next))).toHaveLength(1)
    expect(broken.logs.join('')).toContain('Cannot write audit entries')
  })
})
