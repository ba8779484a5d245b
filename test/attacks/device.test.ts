import { afterAll, describe, expect, test } from 'vitest'
import { sha256 } from '../../src/lib/hash.ts'
import { DEVICE_GRANT, type DeviceCode } from '../../src/model/device-code.ts'
import { formOf, openBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import {
  addDeviceClient,
  decideDevice,
  requestDeviceCode,
  getDeviceTokens,
  openDevicePage,
  poll,
  startDevice,
  enterCode,
  pollOutcome,
} from '../support/device.ts'
import type { Device } from '../support/device.ts'
import { callApi, requestToken, claimOf, refresh } from '../support/oauth-client.ts'
import { startTwoProviders } from '../support/providers.ts'
import { startServer } from '../support/server.ts'
import type { ServerOptions, TestServer } from '../support/server.ts'

/** Many devices wait at one address. */
const server = await startServer({ throttle: { perAddress: { failures: 1_000, window: '1m' } } })
const [ada, eve] = [await server.addUser(), await server.addUser()]
const [tv, imposter] = [await addDeviceClient(server), await addDeviceClient(server, { name: 'Imposter' })]
const kiosk = await addDeviceClient(server, { type: 'confidential' })
const [hers, evil] = [openBrowser(server), openBrowser(server)]
afterAll(server.close)

const WRONG = 'That code is invalid or has expired'
/** A valid code that no device has. */
const UNUSED = 'BBBB-BBBB'

const rowOf = async (at: TestServer, { deviceCode }: Device): Promise<DeviceCode> => {
  const row = await at.store.deviceCodes.find(sha256(deviceCode))
  if (!row) throw new Error('The device code does not exist')
  return row
}

/** The refusals that were reported for the page, oldest first. */
const refusalsAt = ({ events }: TestServer) =>
  events.filter(({ name, payload }) => name === 'request.refused' && payload['path'] === '/oauth/device')

/** Posts form fields as any page or program could, with the cookies of a browser. */
const send = (
  browser: Browser,
  page: Page,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = { origin: page.url.origin, 'sec-fetch-site': 'same-origin' },
): Promise<Page> =>
  browser.open(new URL('/oauth/device', page.url), {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers,
  })

describe("another client's device code", () => {
  test.each([
    ['another public client', imposter],
    ['a confidential client', kiosk],
  ])('is rejected from %s, without harm to the device', async (_, thief) => {
    const device = await startDevice(server, tv)
    for (let count = 0; count < 3; count += 1)
      expect(await pollOutcome(server, { ...device, client: thief })).toBe('invalid_grant')
    expect(await pollOutcome(server, device)).toBe('authorization_pending')
    await decideDevice(hers, device, ada)
    expect(await pollOutcome(server, { ...device, client: thief })).toBe('invalid_grant')
    const tokens = await getDeviceTokens(server, device)
    expect(await pollOutcome(server, { ...device, client: thief })).toBe('invalid_grant')
    expect((await refresh({ server, client: tv }, tokens.refresh_token)).status).toBe(200)
  })

  test('of a confidential client requires its secret', async () => {
    const device = await startDevice(server, kiosk)
    await decideDevice(hers, device, ada)
    expect(await pollOutcome(server, { ...device, client: { ...kiosk, secret: undefined } })).toBe(
      'invalid_client',
    )
    expect(await pollOutcome(server, { ...device, client: { ...kiosk, secret: 'guessed' } })).toBe(
      'invalid_client',
    )
    expect(await pollOutcome(server, device)).toBe('200')
  })
})

describe('a device code', () => {
  test('that is presented twice is rejected, and its tokens are revoked', async () => {
    const device = await startDevice(server, tv)
    await decideDevice(hers, device, ada)
    const tokens = await getDeviceTokens(server, device)
    const unrelated = await startDevice(server, tv)
    await decideDevice(hers, unrelated, ada)
    const others = await getDeviceTokens(server, unrelated)
    expect(await pollOutcome(server, device)).toBe('invalid_grant')
    expect((await callApi(server, '/me', tokens.access_token)).body['error_description']).toBe(
      'Token revoked',
    )
    expect((await refresh({ server, client: tv }, tokens.refresh_token)).body['error']).toBe('invalid_grant')
    expect((await callApi(server, '/me', others.access_token)).status).toBe(200)
    const { payload } = server.events.findLast(({ name }) => name === 'replay.detected') ?? {}
    expect(payload).toMatchObject({ credential: 'device_code', clientId: tv.id })
    const told = (await server.server.audit.find(String(payload?.['requestId']))).map(({ detail }) => detail)
    expect(told.join()).toContain('a device code was used again')
  })

  test('that was allowed in time is rejected after it expired', async () => {
    const device = await startDevice(server, tv)
    await decideDevice(hers, device, ada)
    server.clock.advance('601s')
    expect(await pollOutcome(server, device)).toBe('expired_token')
  })

  test('cannot be allowed after it expired, even if the page was open before', async () => {
    const device = await startDevice(server, tv)
    const question = await enterCode(hers, device, ada)
    server.clock.advance('601s')
    expect((await hers.press(question, 'Allow')).text).toContain(WRONG)
    expect((await rowOf(server, device)).decision).toBeNull()
  })

  test('grants no more scopes than the device requested, whatever the poll says', async () => {
    const device = await startDevice(server, tv, { scope: 'profile' })
    await decideDevice(hers, device, ada)
    const { body } = await poll(server, device, { scope: 'profile orders:create' })
    expect(body['scope']).toBe('profile')
    expect((await callApi(server, '/orders', String(body['access_token']))).status).toBe(403)
  })

  test('cannot be requested with a scope that its client may not have', async () => {
    const modest = await addDeviceClient(server, { scopes: ['profile'] })
    for (const scope of ['orders:read', 'profile orders:read', '*'])
      expect((await requestDeviceCode(server, modest, { scope })).body['error']).toBe('invalid_scope')
  })

  test('is neither issued to a client without the grant nor accepted from one', async () => {
    const web = await server.addClient()
    expect((await requestDeviceCode(server, web)).body['error']).toBe('unauthorized_client')
    const device = await startDevice(server, tv)
    expect(await pollOutcome(server, { ...device, client: web })).toBe('unauthorized_client')
  })

  test('is rejected after its client loses the grant, on the page and at the poll', async () => {
    const demoted = await addDeviceClient(server)
    const [allowed, waiting] = [await startDevice(server, demoted), await startDevice(server, demoted)]
    await decideDevice(hers, allowed, ada)
    await server.store.clients.update(demoted.id, { grantTypes: ['refresh_token'] })
    server.clock.advance('2s')
    expect(await pollOutcome(server, allowed)).toBe('unauthorized_client')
    expect((await enterCode(hers, waiting, ada)).text).toContain(WRONG)
  })

  test('that is guessed counts for the address', async () => {
    await using strict = await startServer({ throttle: { perAddress: { failures: 3, window: '1m' } } })
    const client = await addDeviceClient(strict)
    const device = await startDevice(strict, client)
    const guess = { ...device, deviceCode: 'A'.repeat(43) }
    for (let count = 0; count < 3; count += 1) expect(await pollOutcome(strict, guess)).toBe('invalid_grant')
    expect(await pollOutcome(strict, device)).toBe('too_many_requests')
    expect((await requestDeviceCode(strict, client)).status).toBe(429)
    strict.clock.advance('1m')
    expect(await pollOutcome(strict, device)).toBe('authorization_pending')
  })
})

test("a public client's id is not enough for masses of codes: each address has a limit per minute", async () => {
  await using strict = await startServer({
    throttle: { perAddress: { failures: 3, window: '1m' } },
    trustedProxies: ['127.0.0.1'],
  })
  const [client, trusted] = [
    await addDeviceClient(strict),
    await addDeviceClient(strict, { type: 'confidential' }),
  ]
  const devices = [1, 2, 3].map(() => startDevice(strict, client))
  const [device] = await Promise.all(devices)
  const refused = await requestDeviceCode(strict, client)
  expect([refused.status, refused.body['error']]).toEqual([429, 'too_many_requests'])
  expect(refused.headers.get('retry-after')).toBe('60')
  expect((await requestDeviceCode(strict, trusted)).status).toBe(200)
  // Waiting devices and the users at that address are not blocked.
  if (device) expect(await pollOutcome(strict, device)).toBe('authorization_pending')
  expect((await requestDeviceCode(strict, client, {}, { 'x-forwarded-for': '198.51.100.7' })).status).toBe(
    200,
  )
  strict.clock.advance('1m')
  expect((await requestDeviceCode(strict, client)).status).toBe(200)
})

describe('a device that a user has claimed', () => {
  test('cannot be allowed, denied or released by another user, for whom the code is invalid', async () => {
    const device = await startDevice(server, tv)
    const question = await enterCode(hers, device, ada)
    const page = await openDevicePage(evil, device.uri, eve)
    const { csrf = '' } = formOf(page, 'Continue').fields
    const fields = { csrf, user_code: device.userCode }
    const [unknown, ...responses] = [
      await send(evil, page, { csrf, user_code: UNUSED }),
      await send(evil, page, fields),
      await send(evil, page, { ...fields, intent: 'approve' }),
      await send(evil, page, { ...fields, _method: 'DELETE' }),
    ]
    for (const { status, text } of responses) expect([status, text]).toEqual([400, unknown?.text])
    await send(evil, page, { ...fields, intent: 'switch' })
    expect((await rowOf(server, device)).claim).toMatchObject({ userId: ada.id })
    await hers.press(question, 'Allow')
    const late = await send(evil, page, { ...fields, intent: 'approve' })
    expect([late.status, late.text]).toEqual([400, unknown?.text])
    expect(claimOf((await getDeviceTokens(server, device)).access_token, 'sub')).toBe(ada.id)
  })

  test('can be decided only in the session that claimed it, not in another one of the same user', async () => {
    const device = await startDevice(server, tv)
    const question = await enterCode(hers, device, ada)
    const laptop = openBrowser(server)
    const page = await openDevicePage(laptop, device.uri, ada)
    const fields = { csrf: formOf(page, 'Continue').fields['csrf'] ?? '', user_code: device.userCode }
    expect((await send(laptop, page, { ...fields, intent: 'approve' })).text).toContain(WRONG)
    expect((await rowOf(server, device)).decision).toBeNull()
    const again = await laptop.press(page, 'Continue', fields)
    expect((await hers.press(question, 'Allow')).text).toContain(WRONG)
    await laptop.press(again, 'Allow')
    expect(await pollOutcome(server, device)).toBe('200')
  })

  test('cannot be decided before it is claimed', async () => {
    const device = await startDevice(server, tv)
    const page = await openDevicePage(hers, device.uri, ada)
    const fields = { csrf: formOf(page, 'Continue').fields['csrf'] ?? '', user_code: device.userCode }
    expect((await send(hers, page, { ...fields, intent: 'approve' })).text).toContain(WRONG)
    expect(await pollOutcome(server, device)).toBe('authorization_pending')
  })

  test("is released before another account signs in, so that nobody decides in another user's name", async () => {
    const device = await startDevice(server, tv)
    const browser = openBrowser(server)
    const question = await enterCode(browser, device, eve)
    const signIn = await browser.press(question, 'Not you? Use another account')
    expect((await rowOf(server, device)).claim).toBeNull()
    await browser.signIn(signIn, ada)
    const stale = await browser.press(question, 'Allow')
    expect(stale.status).toBe(403)
    expect((await rowOf(server, device)).decision).toBeNull()
  })

  test('does not stay claimed in a session that another user signed in over', async () => {
    const device = await startDevice(server, tv)
    const browser = openBrowser(server)
    const question = await enterCode(browser, device, eve)
    await browser.signIn(await browser.open('/login?prompt=login'), ada)
    expect((await browser.press(question, 'Allow')).text).not.toContain('Go back to your device')
    expect(await pollOutcome(server, device)).toBe('invalid_grant')
  })
})

describe('a form that is not from our page', () => {
  const foreign: readonly [string, Readonly<Record<string, string>>][] = [
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['a sandboxed frame', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['a sister site', { origin: 'https://sister.example', 'sec-fetch-site': 'same-site' }],
  ]
  test.each(foreign)('but from %s has no effect', async (_, headers) => {
    const [fresh, claimed] = [await startDevice(server, tv), await startDevice(server, tv)]
    const question = await enterCode(hers, claimed, ada)
    const { csrf = '' } = formOf(question, 'Allow').fields
    const code = { csrf, user_code: fresh.userCode }
    const open = { csrf, user_code: claimed.userCode }
    const responses = [
      await send(hers, question, code, headers),
      await send(hers, question, { ...open, intent: 'approve' }, headers),
      await send(hers, question, { ...open, _method: 'DELETE' }, headers),
      await send(hers, question, { ...open, intent: 'switch' }, headers),
    ]
    expect(responses.map(({ status }) => status)).toEqual([403, 403, 403, 403])
    expect(refusalsAt(server).at(-1)?.payload).toMatchObject({ code: 'access_denied', sub: ada.id })
    expect((await rowOf(server, fresh)).claim).toBeNull()
    expect(await rowOf(server, claimed)).toMatchObject({ decision: null, claim: { userId: ada.id } })
  })

  test('without a CSRF token, or with that of another session, has no effect', async () => {
    const device = await startDevice(server, tv)
    const question = await enterCode(hers, device, ada)
    const strange = formOf(await openDevicePage(evil, device.uri, eve), 'Continue').fields['csrf'] ?? ''
    const fields = { user_code: device.userCode, intent: 'approve' }
    for (const csrf of [{}, { csrf: '' }, { csrf: 'made-up' }, { csrf: strange }])
      expect((await send(hers, question, { ...fields, ...csrf })).status).toBe(403)
    expect((await rowOf(server, device)).decision).toBeNull()
  })

  test('redirects guests to sign in, and claims nothing', async () => {
    const device = await startDevice(server, tv)
    const guest = openBrowser(server)
    const page = await guest.open('/login')
    const response = await send(guest, page, { user_code: device.userCode, intent: 'approve' })
    expect(response.url.pathname).toBe('/login')
    expect((await rowOf(server, device)).claim).toBeNull()
  })
})

describe('a link with a code in it', () => {
  test.each([
    ['a script', '"><script>alert(1)</script>'],
    ['an attribute', '" autofocus onfocus="x'],
    ['a style', "'><style>*{}</style>"],
  ])('that is %s is shown as text in a field', async (_, text) => {
    const page = await openDevicePage(hers, `/oauth/device?user_code=${encodeURIComponent(text)}`, ada)
    expect(page.status).toBe(200)
    expect(formOf(page, 'Continue').fields['user_code']).toBe(text)
    for (const markup of ['<script>', '<style>*', 'onfocus="x']) expect(page.body).not.toContain(markup)
  })

  test('that is longer than any code is not prefilled', async () => {
    const page = await openDevicePage(hers, `/oauth/device?user_code=${'B'.repeat(8_000)}`, ada)
    expect(formOf(page, 'Continue').fields['user_code']).toBe('')
    const response = await hers.press(page, 'Continue', { user_code: 'B'.repeat(8_000) })
    expect([response.status, formOf(response, 'Continue').fields['user_code']]).toEqual([400, ''])
  })

  test('claims and decides nothing, whatever else it contains', async () => {
    const device = await startDevice(server, tv)
    const query = `${device.completeUri}&intent=approve&_method=POST&csrf=1`
    const page = await openDevicePage(hers, query, ada)
    expect(page.text).toContain('Connect a device')
    expect(await rowOf(server, device)).toMatchObject({ claim: null, decision: null })
  })

  test('returns guests to the page only', async () => {
    const guest = openBrowser(server)
    const signIn = await guest.open('/oauth/device?user_code=x&return_to=https://evil.example')
    const page = await guest.signIn(signIn, ada)
    expect(page.url.href).toBe(server.endpoint('/oauth/device?user_code=x'))
  })
})

describe('guesses at user codes', () => {
  const strictServer = (throttle: NonNullable<ServerOptions['throttle']>): Promise<TestServer> =>
    startServer({ throttle, trustedProxies: ['127.0.0.1'] })

  /** Opens a browser that guesses from any address. */
  async function openGuesser(at: TestServer) {
    const [user, browser] = [await at.addUser(), openBrowser(at)]
    const page = await openDevicePage(browser, at.endpoint('/oauth/device'), user)
    const csrf = formOf(page, 'Continue').fields['csrf'] ?? ''
    return (userCode: string, from: string): Promise<Page> =>
      send(browser, page, { csrf, user_code: userCode }, { 'x-forwarded-for': from, origin: at.origin })
  }

  test('are limited to ten per user in 15 minutes, from any number of addresses; then even a correct one must wait', async () => {
    await using strict = await strictServer({})
    const guess = await openGuesser(strict)
    const device = await startDevice(strict, await addDeviceClient(strict))
    for (let count = 0; count < 10; count += 1)
      expect((await guess(UNUSED, `203.0.113.${count}`)).status).toBe(400)
    const late = await guess(device.userCode, '198.51.100.7')
    expect([late.status, late.headers.get('retry-after')]).toEqual([429, '900'])
    expect(late.text).toContain('Too many incorrect codes. Try again in 15 minutes')
    expect(formOf(late, 'Continue').fields['user_code']).toBe(device.userCode)
    strict.clock.advance('15m')
    const next = await startDevice(strict, device.client)
    expect((await guess(next.userCode, '198.51.100.7')).text).toContain('Allow this device?')
  })

  test('are not forgotten after correct codes, which anyone can request', async () => {
    await using strict = await strictServer({ perAccount: { failures: 4, window: '15m' } })
    const [guess, client] = [await openGuesser(strict), await addDeviceClient(strict)]
    const statuses: number[] = []
    for (let count = 0; count < 5; count += 1) {
      const own = await startDevice(strict, client)
      statuses.push((await guess(own.userCode, '203.0.113.1')).status)
      statuses.push((await guess(UNUSED, '203.0.113.1')).status)
    }
    expect(statuses).toEqual([200, 400, 200, 400, 200, 400, 200, 400, 429, 429])
  })

  test('are counted for the address, however many users guess from it', async () => {
    await using strict = await strictServer({ perAddress: { failures: 6, window: '1m' } })
    const device = await startDevice(strict, await addDeviceClient(strict))
    const statuses: number[] = []
    for (let count = 0; count < 7; count += 1)
      statuses.push((await (await openGuesser(strict))(UNUSED, '203.0.113.1')).status)
    expect(statuses).toEqual([400, 400, 400, 400, 400, 400, 429])
    const honest = await openGuesser(strict)
    expect((await honest(device.userCode, '198.51.100.7')).status).toBe(200)
  })

  test('sent in parallel cannot exceed the limit', async () => {
    await using strict = await strictServer({ perAccount: { failures: 3, window: '15m' } })
    const guess = await openGuesser(strict)
    const pages = await Promise.all(Array.from({ length: 12 }, () => guess(UNUSED, '203.0.113.1')))
    expect(pages.filter(({ status }) => status === 400)).toHaveLength(3)
    expect(pages.filter(({ status }) => status === 429)).toHaveLength(9)
  })

  test('count for decisions too: allowing an unclaimed device is a guess', async () => {
    await using strict = await strictServer({ perAccount: { failures: 3, window: '15m' } })
    const [newUser, browser] = [await strict.addUser(), openBrowser(strict)]
    const page = await openDevicePage(browser, strict.endpoint('/oauth/device'), newUser)
    const { csrf = '' } = formOf(page, 'Continue').fields
    const fields = { csrf, user_code: UNUSED, intent: 'approve' }
    const statuses: number[] = []
    for (let count = 0; count < 4; count += 1) statuses.push((await send(browser, page, fields)).status)
    expect(statuses).toEqual([400, 400, 400, 429])
  })

  test('count for releases too: the response tells nothing, but its time might', async () => {
    await using strict = await strictServer({ perAccount: { failures: 3, window: '15m' } })
    const [newUser, browser] = [await strict.addUser(), openBrowser(strict)]
    const device = await startDevice(strict, await addDeviceClient(strict))
    const page = await openDevicePage(browser, device.uri, newUser)
    const { csrf = '' } = formOf(page, 'Continue').fields
    for (const userCode of [UNUSED, device.userCode, UNUSED])
      await send(browser, page, { csrf, user_code: userCode, intent: 'switch' })
    expect((await send(browser, page, { csrf, user_code: device.userCode })).status).toBe(429)
    const details = refusalsAt(strict).map(({ payload }) => payload['detail'])
    const notClaimed = 'the user code was not claimed in this session'
    expect(details.slice(0, 3)).toEqual(['unknown user code', notClaimed, 'unknown user code'])
  })

  test('that cannot be codes are not counted: a typo is not an attack', async () => {
    await using strict = await strictServer({ perAccount: { failures: 2, window: '15m' } })
    const guess = await openGuesser(strict)
    for (const text of ['', 'WDJB', 'WDJB-MJH0', 'AEIO-UAEI', 'WDJB-MJHTT'])
      expect((await guess(text, '203.0.113.1')).status).toBe(400)
    const device = await startDevice(strict, await addDeviceClient(strict))
    expect((await guess(device.userCode, '203.0.113.1')).status).toBe(200)
  })

  test('would take long: codes are evenly distributed over 20 letters', async () => {
    const counts = new Map<string, number>()
    const codes = new Set<string>()
    for (let count = 0; count < 200; count += 1) {
      const { userCode } = await startDevice(server, tv)
      codes.add(userCode)
      for (const letter of userCode.replace('-', '')) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    }
    expect(codes.size).toBe(200)
    expect([...counts.keys()].sort().join('')).toBe('BCDFGHJKLMNPQRSTVWXZ')
    // 80 each are expected; fewer than 35 or more than 135 is less likely than one in a million.
    for (const count of counts.values()) expect(count).toSatisfy((many: number) => many > 35 && many < 135)
  })
})

describe("a code for another provider's users", () => {
  test("is invalid on this provider's page; the device shows the right one", async () => {
    await using both = await startTwoProviders()
    const { users, customers } = both.sides
    const shop = await addDeviceClient(both.server, { provider: 'customers' })
    const device = await startDevice(both.server, shop)
    expect(device.uri).toBe(both.server.endpoint('/oauth/device/customers'))
    const browser = openBrowser(both.server)
    const page = await openDevicePage(browser, both.server.endpoint('/oauth/device'), users.user)
    expect((await browser.press(page, 'Continue', { user_code: device.userCode })).text).toContain(WRONG)
    expect((await rowOf(both.server, device)).claim).toBeNull()
    await decideDevice(browser, device, customers.user)
    const { access_token: token } = await getDeviceTokens(both.server, device)
    expect([
      (await users.callApi('/me', token)).status,
      (await customers.callApi('/me', token)).status,
    ]).toEqual([401, 200])
  })
})

/** Ways to revoke everything, for a device that is claimed and one that is allowed. */
const ends: Readonly<
  Record<string, (about: { userId: string; clientId: string; sessionId: string }) => Promise<unknown>>
> = {
  'the client was revoked': ({ clientId }) => server.server.clients.revoke(clientId),
  'the session that allowed it was revoked': ({ sessionId }) => server.server.sessions.revoke(sessionId),
  'the user was signed out everywhere': ({ userId }) => server.server.users.signOutEverywhere(userId),
  'the user changed the password': ({ userId }) =>
    server.server.users.setPassword(userId, server.knownSecrets.add('password', 'staple horse correct')),
  'the user disconnected the client': ({ userId, clientId }) =>
    server.server.authorizations.disconnect(userId, clientId),
  'the user was disabled': ({ userId }) =>
    server.store.users.update(userId, { disabledAt: server.clock.now() }),
  'everything of the issuer was revoked': () =>
    server.store.revocations.revoke({ kind: 'issuer' }, server.clock.now()),
}

describe('is rejected, before and after it is allowed, after', () => {
  test.each(Object.keys(ends))('%s', async (name) => {
    const [newUser, client] = [await server.addUser(), await addDeviceClient(server)]
    const browser = openBrowser(server)
    const [allowed, claimed] = [await startDevice(server, client), await startDevice(server, client)]
    await decideDevice(browser, allowed, newUser)
    const question = await enterCode(browser, claimed, newUser)
    const { sessionId = '' } = (await rowOf(server, claimed)).claim ?? {}
    await ends[name]?.({ userId: newUser.id, clientId: client.id, sessionId })
    const late = await browser.press(question, 'Allow')
    expect(late.text).not.toContain('Go back to your device')
    for (const device of [allowed, claimed]) expect(await pollOutcome(server, device)).not.toBe('200')
    expect(await server.server.authorizations.list(newUser)).toEqual([])
  })
})

test('the grant type is that of RFC 8628', () => {
  expect(DEVICE_GRANT).toBe('urn:ietf:params:oauth:grant-type:device_code')
})

test('the tokens of a device are revoked with its own user only', async () => {
  const [newUser, other] = [await server.addUser(), await server.addUser()]
  const device = await startDevice(server, tv)
  await decideDevice(openBrowser(server), device, newUser)
  const tokens = await getDeviceTokens(server, device)
  await server.server.users.signOutEverywhere(other.id)
  expect((await callApi(server, '/me', tokens.access_token)).status).toBe(200)
  await server.server.users.signOutEverywhere(newUser.id)
  expect((await callApi(server, '/me', tokens.access_token)).status).toBe(401)
  const response = await requestToken(server, tv, {
    grant_type: 'refresh_token',
    refresh_token: tokens.refresh_token,
  })
  expect(response.body['error']).toBe('invalid_grant')
})
