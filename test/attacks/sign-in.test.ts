import { afterAll, describe, expect, test } from 'vitest'
import { createUser } from '../../src/users/built-in.ts'
import { openBrowser } from '../support/browser.ts'
import type { Page } from '../support/browser.ts'
import { fetchJson, formBody } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { recordStatements } from '../support/statements.ts'
import type { TestServer } from '../support/server.ts'

/** Behind a proxy, so that tests can use any address. The limits are low. */
const server = await startServer({
  trustedProxies: ['127.0.0.1'],
  throttle: { perAccount: { failures: 4, window: '5m' }, perAddress: { failures: 6, window: '1m' } },
})
const user = await server.addUser()
afterAll(server.close)

let networks = 0
/** Returns an address in a network without failures. */
const freshAddress = (): string => {
  networks += 1
  return `198.51.${Math.floor(networks / 250)}.${networks % 250}`
}

async function attempt(email: string, password: string, headers: Record<string, string>): Promise<Page> {
  const browser = openBrowser(server)
  const { forms, url } = await browser.open(server.endpoint('/login'), { headers })
  const body = formBody({ ...forms[0]?.fields, username: email, password })
  return browser.open(url, { method: 'POST', body, headers })
}

const guess = (email: string, address = freshAddress()): Promise<Page> =>
  attempt(email, 'a wrong password', { 'x-forwarded-for': address })

async function addNamed(on: TestServer, email: string) {
  const password = on.knownSecrets.add('password', `the password of ${email}`)
  return { user: await createUser(on.store, on.clock, { email, password }), email, password }
}

/** Without a poll during the test. */
const CALM = { pollInterval: '1h', maxStaleness: '2h' } as const

describe('a response does not tell whether an account exists', () => {
  /** Returns what an attacker sees, without what differs between any two requests. */
  const seen = ({ status, headers, body }: Page) => ({
    status,
    headers: [...headers].filter(
      ([name]) => !['date', 'x-request-id', 'content-length', 'retry-after', 'ratelimit'].includes(name),
    ),
    body: body.replaceAll(/value="[^"]*"/g, '').replaceAll(/\d+ (?:seconds?|minutes?)/g, ''),
  })

  test('for an existing, unknown or disabled user, and for an invalid name', async () => {
    const disabled = await server.addUser()
    await server.store.users.update(disabled.id, { disabledAt: 1 })
    const expected = seen(await guess(user.email))
    expect(expected.status).toBe(403)
    for (const email of [
      'nobody@example.com',
      disabled.email,
      'no-address',
      '@',
      'x'.repeat(3_000),
      "' or 1=1 --",
    ])
      expect(seen(await guess(email)), email.slice(0, 40)).toEqual(expected)
  })

  test('not even after too many attempts', async () => {
    const disabled = await server.addUser()
    await server.store.users.update(disabled.id, { disabledAt: 1 })
    const target = await server.addUser()
    const responses = []
    for (const email of [target.email, 'nobody.else@example.com', disabled.email]) {
      for (let count = 0; count < 4; count += 1) await guess(email)
      responses.push(seen(await guess(email)))
    }
    expect(responses[0]).toMatchObject({
      status: 429,
      body: expect.stringContaining('Too many attempts') as unknown,
    })
    for (const response of responses) expect(response).toEqual(responses[0])
  })

  test('nor do the database queries', async () => {
    const { during } = recordStatements()
    await using watched = await startServer({ audit: 'off', purge: 'manual', revocations: CALM })
    const [known, disabled] = [await watched.addUser(), await watched.addUser()]
    await watched.store.users.update(disabled.id, { disabledAt: 1 })
    const browser = openBrowser(watched)
    const form = await browser.open(watched.endpoint('/login'))
    const asked = (email: string) =>
      during(watched, () => browser.signIn(form, { email, password: 'a wrong one' }))
    const ofKnown = await asked(known.email)
    expect(ofKnown.filter((statement) => statement === 'select users')).toHaveLength(3)
    for (const email of ['nobody@example.com', disabled.email])
      expect(await asked(email), email).toEqual(ofKnown)
  })

  test('nor does the sign-in page', async () => {
    const page = await openBrowser(server).open(server.endpoint(`/login?username=${user.email}`))
    expect(page.body).not.toContain(user.email)
  })
})

describe('guesses at one account are counted together', () => {
  const exhaust = async (names: readonly string[]): Promise<readonly number[]> => {
    const statuses = []
    for (const name of names) statuses.push((await guess(name)).status)
    return statuses
  }

  test('from any address', async () => {
    const target = await server.addUser()
    const statuses = await exhaust(Array.from({ length: 5 }, () => target.email))
    expect(statuses).toEqual([403, 403, 403, 403, 429])
  })

  test('however the name is spelled', async () => {
    const { email } = await addNamed(server, 'stra\u00dfe.jos\u00e9@example.com')
    const spellings = [
      email.toUpperCase().replace('SS', '\u00df'),
      ` ${email} `,
      email.normalize('NFD'),
      email.replace('\u00df', '\u1e9e'),
      `\ufeff${email}\u3000`,
    ]
    expect(await exhaust(spellings)).toEqual([403, 403, 403, 403, 429])
    const right = await attempt(email, `the password of ${email}`, { 'x-forwarded-for': freshAddress() })
    expect(right.status).toBe(429)
  })

  test("and signing in to an account of one's own does not allow more of them", async () => {
    const [target, own, address] = [await server.addUser(), await server.addUser(), freshAddress()]
    for (let count = 0; count < 3; count += 1) {
      expect((await guess(target.email, address)).status).toBe(403)
      await guess(`${count}@example.com`, address)
      await attempt(own.email, own.password, { 'x-forwarded-for': address })
    }
    expect((await guess('one.more@example.com', address)).status).toBe(429)
  })
})

describe('guesses from one address are counted together, whatever the account', () => {
  const statusOf = async (forwardedFor: string, headers: Record<string, string> = {}): Promise<number> =>
    (
      await fetchJson(server, '/oauth/token', {
        method: 'POST',
        headers: { 'x-forwarded-for': forwardedFor, ...headers },
        body: formBody({ grant_type: 'client_credentials', client_id: 'nobody', client_secret: 'x' }),
      })
    ).status

  const statusesOf = async (addresses: readonly string[]): Promise<readonly number[]> => {
    const statuses = []
    for (const address of addresses) statuses.push(await statusOf(address))
    return statuses
  }

  const SIX_THEN_NO_MORE = [401, 401, 401, 401, 401, 401, 429]

  test('across an IPv6 /64', async () => {
    const addresses = Array.from({ length: 7 }, (_, index) => `2001:db8:1:2:${index}:${index}:0:${index + 1}`)
    expect(await statusesOf(addresses)).toEqual(SIX_THEN_NO_MORE)
    expect(await statusOf('2001:db8:1:3::1')).toBe(401)
  })

  test('in every spelling of an IPv6 address', async () => {
    const spellings = [
      '2001:db8:aaaa::1',
      '2001:DB8:AAAA::1',
      '2001:0db8:aaaa:0000:0000:0000:0000:0001',
      '[2001:db8:aaaa::1]',
      '[2001:db8:aaaa::1]:4711',
      ' 2001:db8:aaaa:0::1 ',
      '2001:db8:aaaa::0.0.0.1',
    ]
    expect(await statusesOf(spellings)).toEqual(SIX_THEN_NO_MORE)
  })

  test('in every spelling of an IPv4 address', async () => {
    const spellings = [
      '203.0.113.7',
      '203.0.113.7:80',
      '::ffff:203.0.113.7',
      '::FFFF:203.0.113.7',
      '::ffff:cb00:7107',
      '0:0:0:0:0:ffff:203.0.113.7',
      '[::ffff:203.0.113.7]:443',
    ]
    expect(await statusesOf(spellings)).toEqual(SIX_THEN_NO_MORE)
  })

  test("whatever is to the left of the proxy's own entry", async () => {
    const forged = ['1.1.1.1', '2.2.2.2, 3.3.3.3', 'unknown', '127.0.0.1', '', '::1', 'x'.repeat(500)]
    expect(await statusesOf(forged.map((text) => `${text}, 192.0.2.77`))).toEqual(SIX_THEN_NO_MORE)
  })

  test('whatever other headers say', async () => {
    const names = [
      'x-real-ip',
      'forwarded',
      'cf-connecting-ip',
      'true-client-ip',
      'x-client-ip',
      'fastly-client-ip',
      'x-cluster-client-ip',
    ]
    const statuses = []
    for (const [index, name] of names.entries())
      statuses.push(
        await statusOf('192.0.2.78', {
          [name]: name === 'forwarded' ? `for=9.9.9.${index}` : `9.9.9.${index}`,
        }),
      )
    expect(statuses).toEqual(SIX_THEN_NO_MORE)
  })
})

describe('names that look alike', () => {
  let count = 0
  const replaced = (letter: string, by: string) => (email: string) => email.replace(letter, by)

  test.each<[string, (email: string) => string]>([
    ['in another alphabet', replaced('e', '\u0435')],
    ['in full width', replaced('m', '\uff4d')],
    ['with a dotless i', replaced('i', '\u0131')],
    ['with a long s', replaced('s', '\u017f')],
    ['with an accent', replaced('i', 'i\u0301')],
    ['with the Kelvin sign', replaced('k', '\u212a')],
    ['in upper case', (email) => email.toUpperCase()],
    ['with a trailing space', (email) => `${email}\u2003`],
    ['with a byte order mark', (email) => `\ufeff${email}`],
    ['with a zero-width joiner', replaced('k', 'k\u200d')],
    ['with a direction override', (email) => `\u202e${email}`],
    ['with a soft hyphen', replaced('k', 'k\u00ad')],
  ])('%s: are one account or two, and the password of one never opens the other', async (_, change) => {
    count += 1
    const mike = await addNamed(server, `mike-s-${count}@example.com`)
    const lookalike = change(mike.email)
    const theirs = await addNamed(server, lookalike).catch(() => ({ user: undefined }))
    const open = (email: string, password: string) =>
      attempt(email, password, { 'x-forwarded-for': freshAddress() })
    const page = await open(lookalike, `the password of ${lookalike}`)
    expect(page.status).toBe(theirs.user ? 200 : 403)
    expect(page.status === 200 && page.text.includes(mike.email)).toBe(false)
    expect((await open(mike.email, mike.password)).text).toContain(mike.email)
  })
})

describe('a password', () => {
  test.each(['', ' ', '%', '*', "' or '1'='1", 'null', 'undefined', '[object Object]', 'x'.repeat(2_000)])(
    'that is invalid is rejected: %j',
    async (password) => {
      const target = await server.addUser()
      const page = await attempt(target.email, password, { 'x-forwarded-for': freshAddress() })
      expect(page.status).toBe(403)
    },
  )

  test('must match exactly: not shortened, trimmed or in another case', async () => {
    const target = await server.addUser()
    const { password } = target
    for (const text of [`${password} `, password.toUpperCase(), password.slice(0, -1)])
      expect((await attempt(target.email, text, { 'x-forwarded-for': freshAddress() })).status).toBe(403)
    expect((await attempt(target.email, password, { 'x-forwarded-for': freshAddress() })).status).toBe(200)
  })
})
