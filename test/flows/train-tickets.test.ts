import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signIn } from '../../src/index.ts'
import { commonConfig } from '../support/config.ts'
import { callApi } from '../support/oauth-client.ts'
import { startServer, type TestServer, type TestUser } from '../support/server.ts'
import { callSignInApi, logIn, postLogin, postRefresh, type DeviceTokens } from '../support/sign-in-api.ts'

/*
 * A shop for train tickets. Its users sign in with a user name and password, and use it on a phone, a tablet and a desktop.
 */

const grants = [...commonConfig().grants, signIn()]
const server = await startServer({ grants })
const user = await server.addUser()
afterAll(server.close)

const buyTicket = (token: unknown) => callApi(server, '/me', String(token))
const reasonIn = (response: Awaited<ReturnType<typeof buyTicket>>): string =>
  `${response.status} ${String(response.body['error_description'])}`

describe('an app calls the API and manages its session', () => {
  let accessToken: string
  let refreshToken: string

  test('step 1: the user signs in, and the app gets both tokens and calls the API', async () => {
    const { status, body } = await postLogin(server, user)
    expect(status).toBe(200)
    ;[accessToken, refreshToken] = [String(body['access_token']), String(body['refresh_token'])]
    // 15 minutes and 12 hours.
    expect([body['expires_in'], body['refresh_token_expires_in']]).toEqual([900, 43_200])
    expect((await buyTicket(accessToken)).status).toBe(200)
  })

  test('a wrong password gets no tokens', async () => {
    const { status, body } = await postLogin(server, { ...user, password: 'a wrong password' })
    expect([status, Object.keys(body)]).toEqual([401, ['error', 'error_description']])
  })

  test('step 2: the access token expires after 15 minutes, and the API answers 401', async () => {
    server.clock.advance('15m')
    expect(reasonIn(await buyTicket(accessToken))).toBe('401 Token expired')
  })

  test('step 3: the app gets a new access token with the refresh token, without the password', async () => {
    const { status, body } = await postRefresh(server, refreshToken)
    expect(status).toBe(200)
    expect(body['refresh_token']).not.toBe(refreshToken)
    ;[accessToken, refreshToken] = [String(body['access_token']), String(body['refresh_token'])]
  })

  test('step 4: it continues to call the API, and this repeats for days', async () => {
    for (let turn = 0; turn < 12; turn += 1) {
      expect((await buyTicket(accessToken)).status).toBe(200)
      server.clock.advance('6h')
      expect(reasonIn(await buyTicket(accessToken))).toBe('401 Token expired')
      const { body } = await postRefresh(server, refreshToken)
      ;[accessToken, refreshToken] = [String(body['access_token']), String(body['refresh_token'])]
    }
  })

  test('after 12 hours without a refresh, or without its refresh token, it must ask for the password', async () => {
    server.clock.advance('12h')
    expect(reasonIn(await postRefresh(server, refreshToken))).toBe('401 Token expired')
    expect((await buyTicket((await logIn(server, user)).access_token)).status).toBe(200)
  })
})

describe('one user on many devices', () => {
  let [iPhone, iPad, iMac]: DeviceTokens[] = []
  const isIn = async (device: DeviceTokens | undefined): Promise<boolean> =>
    (await buyTicket(device?.access_token)).status === 200

  beforeAll(async () => {
    ;[iPhone, iPad, iMac] = [
      await logIn(server, user, { device_name: 'iPhone' }),
      await logIn(server, user, { device_name: 'iPad' }),
      await logIn(server, user, { device_name: 'iMac' }),
    ]
  })

  test('each sign-in has tokens of its own', () => {
    const tokens = [iPhone, iPad, iMac].flatMap((device) => [device?.access_token, device?.refresh_token])
    expect(new Set(tokens).size).toBe(6)
  })

  test('signing out on the iPhone leaves the iPad and the iMac signed in', async () => {
    const signedOut = await callSignInApi(server, '/auth/logout', { token: iPhone?.access_token ?? '' })
    expect(signedOut.status).toBe(204)
    expect(await Promise.all([iPhone, iPad, iMac].map(isIn))).toEqual([false, true, true])
  })

  test('a token that was leaked before the sign-out is worth nothing, although it has not expired', async () => {
    expect(reasonIn(await buyTicket(iPhone?.access_token))).toBe('401 Token revoked')
    expect(reasonIn(await postRefresh(server, iPhone?.refresh_token ?? ''))).toBe('401 Token revoked')
  })

  test('the others can still refresh', async () => {
    for (const device of [iPad, iMac])
      expect((await postRefresh(server, device?.refresh_token ?? '')).status).toBe(200)
  })

  test('a token that was changed is invalid', async () => {
    expect(reasonIn(await buyTicket(`${iPad?.access_token}x`))).toBe('401 Invalid token')
  })

  test('the iPhone can sign in again', async () => {
    iPhone = await logIn(server, user, { device_name: 'iPhone' })
    expect(await Promise.all([iPhone, iPad, iMac].map(isIn))).toEqual([true, true, true])
  })
})

describe('one device at a time, as the shop began', () => {
  let early: TestServer
  let traveler: TestUser
  beforeAll(async () => {
    early = await startServer({ grants, maxSessions: 1 })
    traveler = await early.addUser()
  })
  afterAll(() => early.close())

  test('a sign-in on the iPad ends the one on the iPhone', async () => {
    const iPhone = await logIn(early, traveler)
    const iPad = await logIn(early, traveler)
    const first = await callApi(early, '/me', iPhone.access_token)
    expect(reasonIn(first)).toBe('401 Token revoked')
    expect((await callApi(early, '/me', iPad.access_token)).status).toBe(200)
  })
})
