import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEVICE_GRANT } from '../../src/model/device-code.ts'
import { openBrowser } from '../support/browser.ts'
import { addDeviceClient, decideDevice, startDevice } from '../support/device.ts'
import {
  approvalFields,
  callApi,
  requestToken,
  authorizationUrl,
  getCode,
  getTokens,
} from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { decodeToken, signToken } from '../support/forge.ts'

const server = await startServer()
const user = await server.addUser()
const web = await server.addClient()
/** A client with the ID of a user, so that only the kind of the token differs. */
const namesake = await server.addClient({
  id: user.id,
  grantTypes: ['client_credentials'],
  scopes: ['orders:read'],
})
const tv = await addDeviceClient(server)
const browser = openBrowser(server)
const visit = { server, browser, client: web, user }
afterAll(server.close)

/** One of every kind of secret. */
const kinds = new Map<string, string>()
const names = [
  'an access token',
  "a client's access token",
  'a refresh token',
  'an authorization code',
  'a device code',
  'a session cookie',
  'a browser cookie',
  'an anti-forgery token',
  'a sealed consent form',
  'a client secret',
  'a client id',
  'an authorization id',
] as const
const kind = (name: (typeof names)[number]): string => kinds.get(name) ?? ''

beforeAll(async () => {
  const { exchange } = await getCode(visit)
  const tokens = await getTokens(server, web, exchange)
  const machine = await getTokens(server, namesake, {
    grant_type: 'client_credentials',
    scope: 'orders:read',
  })
  const consent = await browser.open(authorizationUrl(server, web, { scope: 'profile', prompt: 'consent' }))
  const device = await startDevice(server, tv)
  await decideDevice(browser, device, user)
  const { deviceCode } = device
  const found = [
    tokens.access_token,
    machine.access_token,
    tokens.refresh_token,
    (await getCode(visit, { code_challenge: undefined, code_challenge_method: undefined })).code,
    deviceCode,
    browser.cookies.get('consulate_session'),
    browser.cookies.get('consulate_browser'),
    approvalFields(consent)['csrf'],
    approvalFields(consent)['consent'],
    web.secret,
    web.id,
    String(decodeToken(tokens.access_token).payload['azn']),
  ]
  for (const [index, name] of names.entries()) kinds.set(name, found[index] ?? '')
  expect([...kinds.values()].every((text) => text.length >= 20)).toBe(true)
})

const others = (...allowed: readonly string[]) => names.filter((name) => !allowed.includes(name))

describe('is not accepted as a user token:', () => {
  test.each(others('an access token'))('%s', async (name) => {
    expect((await callApi(server, '/me', kind(name))).status).toBe(401)
    expect((await callApi(server, '/me', kind('an access token'))).status).toBe(200)
  })
})

describe('is not accepted as a machine token:', () => {
  test.each(others("a client's access token"))('%s', async (name) => {
    expect((await callApi(server, '/machine', kind(name))).status).toBe(401)
    expect((await callApi(server, '/machine', kind("a client's access token"))).status).toBe(200)
  })
})

describe('is not accepted as a code:', () => {
  test.each(others('an authorization code'))('%s', async (name) => {
    const exchange = { grant_type: 'authorization_code', code: kind(name), redirect_uri: web.redirectUri }
    expect((await requestToken(server, web, exchange)).body['error']).toBe('invalid_grant')
  })
})

describe('is not accepted as a device code:', () => {
  test.each(others('a device code'))('%s', async (name) => {
    const grant = { grant_type: DEVICE_GRANT, device_code: kind(name) }
    expect((await requestToken(server, tv, grant)).body['error']).toBe('invalid_grant')
  })
})

describe('is not accepted as a refresh token:', () => {
  test.each(others('a refresh token'))('%s', async (name) => {
    const grant = { grant_type: 'refresh_token', refresh_token: kind(name) }
    expect((await requestToken(server, web, grant)).body['error']).toBe('invalid_grant')
  })
})

describe('is not accepted as a session:', () => {
  test.each(others('a session cookie'))('%s', async (name) => {
    const thief = openBrowser(server)
    thief.setCookie('consulate_session', kind(name))
    expect((await thief.open(server.endpoint('/login'))).text).not.toContain(user.email)
  })
})

describe('is not accepted as a client secret:', () => {
  test.each(others('a client secret'))('%s', async (name) => {
    const { body } = await requestToken(
      server,
      { ...web, secret: kind(name) },
      { grant_type: 'refresh_token' },
    )
    expect(body['error']).toBe('invalid_client')
  })
})

describe('is not accepted as a consent form:', () => {
  test.each(others('a sealed consent form'))('%s', async (name) => {
    const page = await browser.open(authorizationUrl(server, web, { scope: 'profile', prompt: 'consent' }))
    const response = await browser.press(page, 'Allow', { consent: kind(name) })
    expect([response.status, response.url.origin]).toEqual([400, server.origin])
  })
})

describe('a client with the ID of a user', () => {
  test('gets tokens with the same subject that are not user tokens', async () => {
    const { payload } = decodeToken(kind("a client's access token"))
    expect(payload['sub']).toBe(decodeToken(kind('an access token')).payload['sub'])
    expect((await callApi(server, '/me', kind("a client's access token"))).status).toBe(401)
    expect((await callApi(server, '/anyone', kind("a client's access token"))).body).toMatchObject({
      kind: 'machine',
    })
  })

  test('is not revoked with the user, nor the user with it', async () => {
    await using own = await startServer()
    const newUser = await own.addUser()
    const twin = await own.addClient({ id: newUser.id, grantTypes: ['client_credentials'] })
    const app = await own.addClient()
    const machine = await getTokens(own, twin, { grant_type: 'client_credentials' })
    await own.server.users.signOutEverywhere(newUser)
    expect((await callApi(own, '/machine', machine.access_token)).status).toBe(200)
    const theirs = { server: own, browser: openBrowser(own), client: app, user: newUser }
    const tokens = await getTokens(own, app, (await getCode(theirs)).exchange)
    await own.server.clients.revoke(twin.id)
    expect((await callApi(own, '/machine', machine.access_token)).status).toBe(401)
    expect((await callApi(own, '/me', tokens.access_token)).status).toBe(200)
  })
})

describe('a token of another type is not an access token, even if our own key signed it:', () => {
  test.each([
    'JWT',
    'jwt',
    'session+jwt',
    'logout+jwt',
    'refresh+jwt',
    'AT+JWT',
    'application/at+jwt',
    '',
    undefined,
  ])('typ %j', async (typ) => {
    const { header, payload } = decodeToken(kind('an access token'))
    expect((await callApi(server, '/me', signToken({ header: { ...header, typ }, payload }))).status).toBe(
      401,
    )
    expect((await callApi(server, '/me', signToken({ header, payload }))).status).toBe(200)
  })
})
