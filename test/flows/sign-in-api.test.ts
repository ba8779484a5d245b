import { afterAll, describe, expect, test } from 'vitest'
import { signIn } from '../../src/index.ts'
import { commonConfig } from '../support/config.ts'
import { callApi, fetchJson, formBody } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { callSignInApi, logIn, postLogin, postRefresh } from '../support/sign-in-api.ts'

const HOUR = 3600

const server = await startServer({ grants: [...commonConfig().grants, signIn()] })
const user = await server.addUser()
afterAll(server.close)

const me = (token: string) => callApi(server, '/me', token)

describe('a sign-in', () => {
  test('returns an access token of 15 minutes and a refresh token of 12 hours for every scope', async () => {
    const { status, headers, body } = await postLogin(server, user, { device_name: 'Ada’s iPhone' })
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('set-cookie')).toBeNull()
    expect(body).toEqual({
      access_token: expect.any(String) as unknown,
      token_type: 'Bearer',
      expires_in: 900,
      refresh_token: expect.stringMatching(/^cons_rt_/) as unknown,
      refresh_token_expires_in: 12 * HOUR,
      scope: '*',
      session_id: expect.any(String) as unknown,
      device_token: expect.any(String) as unknown,
    })
    const accepted = await me(String(body['access_token']))
    expect(accepted.body).toMatchObject({
      kind: 'user',
      user: { id: user.id },
      client: { id: 'sign-in' },
      sessionId: body['session_id'],
    })
    const [session] = await server.server.sessions.list(user.id)
    expect(session).toMatchObject({
      id: body['session_id'],
      deviceName: 'Ada’s iPhone',
      address: '127.0.0.1',
    })
  })

  test('takes a form too, and names the device after its user agent', async () => {
    const { status, body } = await fetchJson(server, '/auth/login', {
      method: 'POST',
      headers: { 'user-agent': 'TicketShop/3.1' },
      body: formBody({ username: user.email, password: user.password }),
    })
    expect(status).toBe(200)
    const sessions = await server.server.sessions.list(user.id)
    expect(sessions.find(({ id }) => id === body['session_id'])?.deviceName).toBe('TicketShop')
  })

  test('can ask for fewer scopes, which a refresh keeps', async () => {
    const tokens = await logIn(server, user, { scope: 'orders:read' })
    const { body } = await postRefresh(server, tokens.refresh_token)
    expect(body['scope']).toBe('orders:read')
  })
})

describe('a refresh', () => {
  test('returns a new pair for the same session, and the refresh token lives for 12 more hours', async () => {
    const tokens = await logIn(server, user)
    server.clock.advance('11h')
    const first = await postRefresh(server, tokens.refresh_token)
    expect(first.status).toBe(200)
    expect(first.body).toEqual({
      access_token: expect.any(String) as unknown,
      token_type: 'Bearer',
      expires_in: 900,
      refresh_token: expect.stringMatching(/^cons_rt_/) as unknown,
      refresh_token_expires_in: 12 * HOUR,
      scope: '*',
      session_id: tokens.session_id,
    })
    server.clock.advance('11h')
    const second = await postRefresh(server, String(first.body['refresh_token']))
    expect(second.status).toBe(200)
    expect((await me(String(second.body['access_token']))).status).toBe(200)
  })
})

test('a sign-out ends this session only, immediately', async () => {
  const [phone, tablet] = [await logIn(server, user), await logIn(server, user)]
  const signedOut = await callSignInApi(server, '/auth/logout', { token: phone.access_token })
  expect(signedOut.status).toBe(204)
  expect((await me(phone.access_token)).body['error_description']).toBe('Token revoked')
  expect((await postRefresh(server, phone.refresh_token)).body).toEqual({
    error: 'invalid_token',
    error_description: 'Token revoked',
  })
  expect((await me(tablet.access_token)).status).toBe(200)
  expect((await postRefresh(server, tablet.refresh_token)).status).toBe(200)
})
