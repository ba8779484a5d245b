import { afterAll, describe, expect, test } from 'vitest'
import { deviceCode, refreshToken } from '../../src/index.ts'
import { createDerivedKeys } from '../../src/keys/derived.ts'
import { randomBase64url, sha256 } from '../../src/lib/hash.ts'
import { openBrowser } from '../support/browser.ts'
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
import { callApi, requestToken, authorizationUrl, claimOf, refresh } from '../support/oauth-client.ts'
import { lastRequestLine } from '../support/request-log.ts'
import { testSecrets } from '../support/secrets.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'

const server = await startServer({ throttle: { perAddress: { failures: 1_000, window: '1m' } } })
const user = await server.addUser()
const tv = await addDeviceClient(server)
const kiosk = await addDeviceClient(server, { type: 'confidential', name: 'Orchard Kiosk' })
const phone = openBrowser(server)
afterAll(server.close)

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

describe('a device requests codes (RFC 8628 section 3.2)', () => {
  test('and gets the verification URI, the lifetime and the interval', async () => {
    const { status, headers, body } = await requestDeviceCode(server, tv)
    expect(status).toBe(200)
    expect(body).toEqual({
      device_code: expect.stringMatching(/^[\w-]{43}$/) as unknown,
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/) as unknown,
      verification_uri: server.endpoint('/oauth/device'),
      verification_uri_complete: server.endpoint(`/oauth/device?user_code=${String(body['user_code'])}`),
      expires_in: 600,
      interval: 5,
    })
    expect(headers.get('cache-control')).toBe('no-store')
  })

  test('with the configured lifetime and interval', async () => {
    const grants = [deviceCode({ lifetime: '2m', interval: '2500ms' }), refreshToken()]
    await using quick = await startServer({ grants })
    const { body } = await requestDeviceCode(quick, await addDeviceClient(quick))
    expect(body).toMatchObject({ expires_in: 120, interval: 3 })
  })

  test.each([
    [{ scope: 'orders:drop' }, 400, 'invalid_scope'],
    [{ resource: 'https://elsewhere.example' }, 400, 'invalid_target'],
    [{ client_id: 'unknown' }, 401, 'invalid_client'],
    [{ client_id: undefined }, 401, 'invalid_client'],
  ])('and with %j gets an error', async (parameters, status, error) => {
    const response = await requestDeviceCode(server, tv, parameters)
    expect([response.status, response.body['error']]).toEqual([status, error])
  })

  test('a confidential client authenticates with its secret', async () => {
    const without = await requestDeviceCode(server, { ...kiosk, secret: undefined })
    expect([without.status, without.body['error']]).toEqual([401, 'invalid_client'])
    expect((await requestDeviceCode(server, kiosk)).status).toBe(200)
  })

  test('fails for a client without the grant', async () => {
    const response = await requestDeviceCode(server, await server.addClient())
    expect([response.status, response.body['error']]).toEqual([400, 'unauthorized_client'])
  })
})

describe.each([
  ['a public client', tv],
  ['a confidential client', kiosk],
])('%s', (_, client) => {
  test('waits, gets tokens after a user allows it, and refreshes them', async () => {
    const device = await startDevice(server, client)
    expect(await pollOutcome(server, device)).toBe('authorization_pending')
    const question = await enterCode(phone, device, user)
    expect(question.text).toContain(`Is this code on a device in front of you? ${device.userCode}`)
    expect(question.text).toContain('See your orders')
    expect(question.text).toContain('127.0.0.1')
    expect(question.text).toContain(user.email)
    const done = await phone.press(question, 'Allow')
    expect(done.text).toContain('Go back to your device')
    const { status, headers, body } = await poll(server, device)
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'orders:read' })
    const me = await callApi(server, '/orders', String(body['access_token']))
    expect(me.body).toMatchObject({ kind: 'user', user: { id: user.id }, client: { id: client.id } })
    const next = await refresh({ server, client }, String(body['refresh_token']))
    expect(next.status).toBe(200)
    expect((await callApi(server, '/orders', String(next.body['access_token']))).status).toBe(200)
  })

  test('gets access_denied after a user denies it, repeatedly', async () => {
    const device = await startDevice(server, client)
    const done = await decideDevice(phone, device, user, "Don't allow")
    expect(done.text).toContain("wasn't given access")
    const { status, body } = await poll(server, device)
    expect([status, body['error']]).toEqual([400, 'access_denied'])
    expect(await pollOutcome(server, device)).toBe('access_denied')
  })

  test('gets expired_token after its codes expire', async () => {
    const device = await startDevice(server, client)
    server.clock.advance('601s')
    const { status, body } = await poll(server, device)
    expect([status, body['error']]).toEqual([400, 'expired_token'])
  })
})

test('a client without the refresh grant gets no refresh token', async () => {
  const client = await addDeviceClient(server, { grantTypes: [GRANT] })
  const device = await startDevice(server, client)
  await decideDevice(phone, device, user)
  expect((await getDeviceTokens(server, device)).refresh_token).toBe('')
})

test('the resource is the one that the device requested', async () => {
  const api = 'https://api.example/orders'
  await using shop = await startServer({ resources: [api] })
  const [client, newUser] = [await addDeviceClient(shop), await shop.addUser()]
  const device = await startDevice(shop, client, { resource: api })
  await decideDevice(openBrowser(shop), device, newUser)
  const other = await poll(shop, device, { resource: shop.issuer })
  expect(other.body['error']).toBe('invalid_target')
  expect(claimOf((await getDeviceTokens(shop, device)).access_token, 'aud')).toBe(api)
})

describe('a device that polls', () => {
  test('at its interval never gets slow_down, however long it waits', async () => {
    const device = await startDevice(server, tv)
    for (let round = 0; round < 20; round += 1) {
      expect(await pollOutcome(server, device)).toBe('authorization_pending')
      server.clock.advance('5s')
    }
    await decideDevice(phone, device, user)
    expect(await pollOutcome(server, device)).toBe('200')
  })

  test('a little early is accepted, because clocks and networks vary', async () => {
    const device = await startDevice(server, tv)
    expect(await pollOutcome(server, device)).toBe('authorization_pending')
    server.clock.advance('4200ms')
    expect(await pollOutcome(server, device)).toBe('authorization_pending')
  })

  test('too often must wait five seconds longer each time (RFC 8628 section 3.5)', async () => {
    const device = await startDevice(server, tv)
    expect(await pollOutcome(server, device)).toBe('authorization_pending')
    expect(await pollOutcome(server, device)).toBe('slow_down')
    server.clock.advance('5s')
    expect(await pollOutcome(server, device)).toBe('slow_down')
    server.clock.advance('10s')
    expect(await pollOutcome(server, device)).toBe('slow_down')
    server.clock.advance('20s')
    expect(await pollOutcome(server, device)).toBe('authorization_pending')
  })

  test('too often gets its tokens anyway after the user decided', async () => {
    const [allowed, denied] = [await startDevice(server, tv), await startDevice(server, tv)]
    for (const device of [allowed, denied])
      expect(await pollOutcome(server, device)).toBe('authorization_pending')
    await decideDevice(phone, allowed, user)
    await decideDevice(phone, denied, user, "Don't allow")
    expect([await pollOutcome(server, allowed), await pollOutcome(server, denied)]).toEqual([
      '200',
      'access_denied',
    ])
  })

  test('too often causes a warning and an event; waiting causes neither', async () => {
    const device = await startDevice(server, tv)
    const heard = () => server.events.filter(({ name }) => name === 'request.refused').length
    const warned = () => server.logs.filter((line) => line.includes('"warn"')).length
    const before = [heard(), warned()]
    await poll(server, device)
    expect([heard(), warned()]).toEqual(before)
    expect(lastRequestLine(server)).toContain('authorization_pending')
    await poll(server, device)
    expect([heard(), warned()]).toEqual(before.map((count) => count + 1))
  })
})

describe('the page for the code', () => {
  const spellings: readonly [string, (code: string) => string][] = [
    ['in lower case', (code) => code.toLowerCase()],
    ['without a dash', (code) => code.replace('-', '')],
    ['with spaces', (code) => ` ${code.replace('-', '').split('').join(' ')} `],
    ['with other dashes', (code) => code.replace('-', ' – ')],
    ['in full width', (code) => code.replaceAll(/[A-Z]/g, widen)],
  ]
  test.each(spellings)('accepts it %s', async (_, spell) => {
    const device = await startDevice(server, tv)
    const page = await enterCode(phone, { ...device, userCode: spell(device.userCode) }, user)
    expect(page.text).toContain(device.userCode)
    expect((await phone.press(page, 'Allow')).text).toContain('Go back to your device')
  })

  test('rejects an invalid code, and keeps it in the field', async () => {
    const device = await startDevice(server, tv)
    const typo = device.userCode.slice(0, -1)
    const page = await enterCode(phone, { ...device, userCode: typo }, user)
    expect([page.status, page.forms[0]?.fields['user_code']]).toEqual([400, typo])
    expect(page.text).toContain('That code is invalid or has expired')
    const question = await phone.press(page, 'Continue', { user_code: device.userCode })
    expect(question.text).toContain('Allow this device?')
  })

  test('shows the same for a code that has expired, was decided or was used', async () => {
    const [expired, denied, used] = [
      await startDevice(server, tv),
      await startDevice(server, tv),
      await startDevice(server, tv),
    ]
    await decideDevice(phone, denied, user, "Don't allow")
    await decideDevice(phone, used, user)
    await getDeviceTokens(server, used)
    for (const device of [denied, used])
      expect((await enterCode(phone, device, user)).text).toContain('That code is invalid or has expired')
    server.clock.advance('601s')
    expect((await enterCode(phone, expired, user)).text).toContain('That code is invalid or has expired')
  })

  test('logs why a code is rejected, and does not show it on the page', async () => {
    const [expired, revoked] = [await startDevice(server, tv), await addDeviceClient(server)]
    const theirs = await startDevice(server, revoked)
    await server.server.clients.revoke(revoked.id)
    await enterCode(phone, theirs, user)
    await enterCode(phone, { ...theirs, userCode: 'BBBB-BBBB' }, user)
    await enterCode(phone, { ...theirs, userCode: 'nothing' }, user)
    server.clock.advance('601s')
    await enterCode(phone, expired, user)
    const reasons = server.events
      .filter(({ name, payload }) => name === 'request.refused' && payload['path'] === '/oauth/device')
      .map(({ payload }) => [payload['sub'], payload['clientId'], payload['detail']])
    expect(reasons.slice(-4)).toEqual([
      [user.id, revoked.id, 'the user code was revoked'],
      [user.id, null, 'unknown user code'],
      [user.id, null, 'not a user code'],
      [user.id, tv.id, 'the user code has expired'],
    ])
  })

  test('asks guests to sign in first, and keeps the code from the URL', async () => {
    const device = await startDevice(server, tv)
    const guest = openBrowser(server)
    const signIn = await guest.open(device.completeUri)
    expect(signIn.text).toContain('Sign in')
    const page = await guest.signIn(signIn, user)
    expect(page.url.pathname).toBe('/oauth/device')
    expect(page.forms[0]?.fields['user_code']).toBe(device.userCode)
  })

  test('prefills the code from the URL and does nothing with it', async () => {
    const device = await startDevice(server, tv)
    const page = await openDevicePage(phone, device.completeUri, user)
    expect(page.forms[0]?.fields['user_code']).toBe(device.userCode)
    expect(page.text).not.toContain('Allow')
    expect((await server.store.deviceCodes.find(sha256(device.deviceCode)))?.claim).toBeNull()
    expect(await pollOutcome(server, device)).toBe('authorization_pending')
  })

  test('asks every time, whatever was allowed before and even for first-party clients', async () => {
    const trusted = await addDeviceClient(server, { skipsConsent: true })
    for (const client of [tv, trusted]) {
      await decideDevice(phone, await startDevice(server, client), user)
      const question = await enterCode(phone, await startDevice(server, client), user)
      expect(question.text).toContain('Allow this device?')
    }
  })

  test('does not remember consent for other flows', async () => {
    const both = await server.addClient({
      grantTypes: [GRANT, 'authorization_code'],
      redirectUris: ['https://app.example/callback'],
    })
    await decideDevice(phone, await startDevice(server, both), user)
    const page = await phone.open(authorizationUrl(server, both, { scope: 'orders:read' }))
    expect(page.text).toContain('Allow access?')
  })

  test('keeps the first decision after a double click', async () => {
    const device = await startDevice(server, tv)
    const question = await enterCode(phone, device, user)
    expect((await phone.press(question, 'Allow')).text).toContain('Go back to your device')
    expect((await phone.press(question, 'Allow')).text).toContain('Go back to your device')
    expect((await phone.press(question, "Don't allow")).text).toContain('Go back to your device')
    expect(await pollOutcome(server, device)).toBe('200')
    expect((await phone.press(question, 'Allow')).text).toContain('Go back to your device')
  })

  test('lets another account sign in, with the code prefilled', async () => {
    const [device, other] = [await startDevice(server, tv), await server.addUser()]
    const browser = openBrowser(server)
    const question = await enterCode(browser, device, user)
    const signIn = await browser.press(question, 'Not you? Use another account')
    expect(signIn.text).toContain('Sign in Email Password')
    const page = await browser.signIn(signIn, other)
    expect(page.forms[0]?.fields['user_code']).toBe(device.userCode)
    const again = await browser.press(page, 'Continue')
    expect(again.text).toContain(other.email)
    await browser.press(again, 'Allow')
    expect(claimOf((await getDeviceTokens(server, device)).access_token, 'sub')).toBe(other.id)
  })

  test('emits an event for each decision', async () => {
    const [yes, no] = [await startDevice(server, tv), await startDevice(server, tv)]
    const before = server.events.length
    await decideDevice(phone, yes, user)
    await decideDevice(phone, no, user, "Don't allow")
    await phone.press(await enterCode(phone, await startDevice(server, tv), user), 'Allow')
    const about = { clientId: tv.id, sub: user.id }
    const responses = server.events.slice(before).filter(({ name }) => name.startsWith('consent.'))
    expect(responses).toMatchObject([
      { name: 'consent.given', payload: { ...about, scopes: ['orders:read'], resources: [] } },
      { name: 'consent.denied', payload: about },
      { name: 'consent.given' },
    ])
  })

  test('works without the authorization code grant', async () => {
    await using shop = await startServer({ grants: [deviceCode()] })
    const metadata = (await (
      await fetch(`${shop.origin}/.well-known/oauth-authorization-server`)
    ).json()) as object
    expect(metadata).toMatchObject({
      device_authorization_endpoint: shop.endpoint('/oauth/device/code'),
      grant_types_supported: [GRANT],
    })
    expect(metadata).not.toHaveProperty('authorization_endpoint')
    const [client, newUser] = [await addDeviceClient(shop), await shop.addUser()]
    const device = await startDevice(shop, client)
    await decideDevice(openBrowser(shop), device, newUser)
    expect((await getDeviceTokens(shop, device)).refresh_token).toBe('')
  })
})

describe('an approved device', () => {
  const agent = { headers: { 'user-agent': 'OrchardTV/2.1' } }
  const { revoke: revokeAuthorization, disconnect } = server.server.authorizations
  const begin = async (at: TestServer, registration = {}) => {
    const [client, newUser] = [await addDeviceClient(at, registration), await at.addUser()]
    const device = await startDevice(at, client)
    const browser = openBrowser(at)
    await decideDevice(browser, device, newUser)
    const body = new URLSearchParams({
      grant_type: GRANT,
      device_code: device.deviceCode,
      client_id: client.id,
    })
    const response = await fetch(at.endpoint('/oauth/token'), { method: 'POST', body, ...agent })
    const { access_token: access, refresh_token: next } = (await response.json()) as Record<string, string>
    const tokens = { access: at.knownSecrets.add('access token', access ?? ''), next: next ?? '' }
    return { client, newUser, browser, device, tokens }
  }

  test('is listed as a session beside the browser, and can be signed out there', async () => {
    const { client, newUser, tokens } = await begin(server)
    const sessions = await server.server.sessions.list(newUser)
    expect(sessions.map(({ deviceName }) => deviceName).sort()).toEqual(['Firefox on Linux', 'OrchardTV'])
    const session = sessions.find(({ id }) => id === claimOf(tokens.access, 'sid'))
    expect(session).toMatchObject({ address: '127.0.0.1', userAgent: agent.headers['user-agent'] })
    await server.server.sessions.revoke(session?.id ?? '')
    expect((await callApi(server, '/me', tokens.access)).status).toBe(401)
    expect((await refresh({ server, client }, tokens.next)).body['error']).toBe('invalid_grant')
    expect(await server.server.sessions.list(newUser)).toHaveLength(1)
  })

  test.each<[string, (of: Awaited<ReturnType<typeof begin>>) => Promise<unknown>]>([
    ['its authorization was revoked', ({ tokens }) => revokeAuthorization(claimOf(tokens.access, 'azn'))],
    ['its app was disconnected', ({ newUser, client }) => disconnect(newUser, client.id)],
    ['its client was revoked', ({ client }) => server.server.clients.revoke(client.id)],
    ['a replay of its code', ({ device }) => poll(server, device)],
  ])('is no longer listed after %s', async (_, end) => {
    const allowed = await begin(server)
    await end(allowed)
    expect((await callApi(server, '/me', allowed.tokens.access)).status).toBe(401)
    const names = (await server.server.sessions.list(allowed.newUser)).map(({ deviceName }) => deviceName)
    expect(names).toEqual(['Firefox on Linux'])
  })

  test('stays listed as long as it refreshes', async () => {
    await using own = await startServer()
    const { client, newUser, tokens } = await begin(own)
    let next = tokens.next
    for (let count = 0; count < 3; count += 1) {
      own.clock.advance('20d')
      next = String((await refresh({ server: own, client }, next)).body['refresh_token'])
      const [device, ...others] = await own.server.sessions.list(newUser)
      expect([device?.deviceName, others]).toEqual(['OrchardTV', []])
    }
    own.clock.advance('31d')
    expect(await own.server.sessions.list(newUser)).toEqual([])
  })

  test('stays signed in when the user signs out of the browser', async () => {
    const { browser, tokens } = await begin(server)
    await browser.press(await browser.open(server.endpoint('/logout')), 'Sign out')
    expect((await callApi(server, '/me', tokens.access)).status).toBe(200)
  })

  test('works for a user who was signed out everywhere before', async () => {
    const newUser = await server.addUser()
    await server.server.users.signOutEverywhere(newUser)
    const device = await startDevice(server, tv)
    await decideDevice(openBrowser(server), device, newUser)
    const { access_token: token } = await getDeviceTokens(server, device)
    expect((await callApi(server, '/me', token)).status).toBe(200)
  })

  test('has no session if its client outlives sessions', async () => {
    const { newUser, tokens } = await begin(server, { endsWithSession: false })
    expect(claimOf(tokens.access, 'sid')).toBe('undefined')
    expect(await server.server.sessions.list(newUser)).toHaveLength(1)
  })
})

test('a code stays valid when the root secret is rotated', async () => {
  const { signingKeys, secrets } = testSecrets
  const next = { value: randomBase64url(32) }
  const before = await startServer({
    secrets: { signingKeys, secrets: [...secrets, { ...next, state: 'next' }] },
  })
  const [client, newUser] = [await addDeviceClient(before), await before.addUser()]
  const device = await startDevice(before, client)
  const { fingerprint } = createDerivedKeys({ secrets: [next] })
  await before.store.fingerprints.add(fingerprint, before.clock.now())
  const retired = secrets.map((secret) => ({ ...secret, state: 'retired' as const }))
  await using after = await startServer({
    issuer: before.issuer,
    file: before.file,
    secrets: { signingKeys, secrets: [next, ...retired] },
  })
  const browser = openBrowser({ ...after, formOrigin: before.origin })
  await decideDevice(browser, { ...device, uri: after.endpoint('/oauth/device') }, newUser)
  expect(await pollOutcome(after, device)).toBe('200')
  await before.close()
})

test('a device gets the scopes that its client has when the tokens are issued', async () => {
  const client = await addDeviceClient(server)
  const device = await startDevice(server, client, { scope: 'orders:read profile' })
  await decideDevice(openBrowser(server), device, user)
  await server.store.clients.update(client.id, { scopes: ['profile'] })
  server.clock.advance('5s')
  expect((await getDeviceTokens(server, device)).scope).toBe('profile')
})

test('a poll without a device code is an invalid_request', async () => {
  const response = await requestToken(server, tv, { grant_type: GRANT })
  expect([response.status, response.body['error']]).toEqual([400, 'invalid_request'])
})

test.each([
  [{ interval: '500ms' }, 'grants[0].interval', 'must be at least 1 second'],
  [{ interval: 'often' }, 'grants[0].interval', 'must be a duration'],
  [{ lifetime: '5s' }, 'grants[0].lifetime', 'must be longer than the interval'],
  [{ lifetime: 0 }, 'grants[0].lifetime', 'must be a duration'],
])('rejects an invalid option at startup: %j', async (options, path, message) => {
  const grant = deviceCode(options as Parameters<typeof deviceCode>[0])
  await expect(startServer({ grants: [grant] })).rejects.toThrow(
    new RegExp(`${path.replaceAll(/[[\].]/g, '\\$&')}: ${message}`),
  )
})

const widen = (letter: string): string => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0)
