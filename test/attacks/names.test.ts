import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import {
  callApi,
  requestToken,
  authorizationUrl,
  authorize,
  codeIn,
  formBody,
  getTokens,
  getCodeFlowTokens,
} from '../support/oauth-client.ts'
import type { Parameters } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

/** Names that every JavaScript object has, or that change it. */
const INHERITED = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
]

/** The tests make more failures than one address is allowed. */
const server = await startServer({ throttle: { perAddress: { failures: 100_000, window: '1m' } } })
const user = await server.addUser()
const client = await server.addClient()
const machine = await server.addClient({ grantTypes: ['client_credentials'] })
const grant = { grant_type: 'client_credentials' }
const browser = openBrowser(server)
afterAll(server.close)

describe.each(INHERITED)('%s', (name) => {
  test.each<[string, Parameters, string]>([
    ['grant type', { grant_type: name }, 'unsupported_grant_type'],
    ['scope', { ...grant, scope: name }, 'invalid_scope'],
    ['resource', { ...grant, resource: name }, 'invalid_target'],
  ])('is not a %s', async (_, parameters, error) => {
    expect((await requestToken(server, machine, parameters)).body['error']).toBe(error)
  })

  test.each<[string, Parameters, string]>([
    ['scope', { scope: name }, 'invalid_scope'],
    ['response type', { response_type: name }, 'unsupported_response_type'],
    ['response mode', { response_mode: name }, 'invalid_request'],
    ['resource', { resource: name }, 'invalid_target'],
    ['challenge', { code_challenge: name, code_challenge_method: 'S256' }, 'invalid_request'],
    ['challenge method', { code_challenge: 'a'.repeat(43), code_challenge_method: name }, 'invalid_request'],
  ])('is not a %s of an authorization request', async (_, parameters, error) => {
    const page = await browser.open(authorizationUrl(server, client, parameters))
    expect(page.url.searchParams.get('error')).toBe(error)
  })

  test('matches nothing: no client, user, code, refresh token or session', async () => {
    const namesake = { ...machine, id: name }
    expect((await requestToken(server, namesake, grant)).body['error']).toBe('invalid_client')
    expect((await requestToken(server, { ...namesake, secret: undefined }, grant)).body['error']).toBe(
      'invalid_client',
    )
    expect((await openBrowser(server).open(authorizationUrl(server, namesake))).status).toBe(400)
    const code = { grant_type: 'authorization_code', code: name }
    expect((await requestToken(server, client, code)).body['error']).toBe('invalid_grant')
    const refreshing = { grant_type: 'refresh_token', refresh_token: name }
    expect((await requestToken(server, client, refreshing)).body['error']).toBe('invalid_grant')
    const guest = openBrowser(server)
    guest.setCookie('consulate_session', name)
    const login = await guest.open(server.endpoint('/login'))
    expect((await guest.signIn(login, { email: name, password: name })).status).toBe(403)
    expect((await callApi(server, '/me', name)).status).toBe(401)
  })

  test('as a parameter name has no effect', async () => {
    const polluting = { [name]: 'polluted', [`${name}[polluted]`]: 'yes', [`${name}.polluted`]: 'yes' }
    const tokens = await getTokens(server, machine, { ...grant, ...polluting })
    expect(tokens.scope).toBe('')
    const url = authorizationUrl(server, client, { scope: 'profile', ...polluting })
    expect(codeIn(await authorize(browser, url, user))).toBeTruthy()
    const login = `/login?${formBody(polluting).toString()}`
    expect((await browser.open(server.endpoint(login))).status).toBe(200)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('can be the id of a client like any other', async () => {
    const odd = await server.addClient({ id: name })
    const theirs = { server, browser, client: odd, user }
    const { access_token: token } = await getCodeFlowTokens(theirs)
    expect((await callApi(server, '/me', token)).body).toMatchObject({ client: { id: name } })
    await server.server.clients.revoke(name)
    expect((await callApi(server, '/me', token)).body['error_description']).toBe('Token revoked')
  })
})

describe('very long input is rejected quickly and breaks nothing', () => {
  const long = 'a'.repeat(15_000)
  const isQuick = async (work: () => Promise<unknown>): Promise<boolean> => {
    const start = performance.now()
    await work()
    return performance.now() - start < 3_000
  }

  test.each([
    'client_id',
    'client_secret',
    'scope',
    'resource',
    'code',
    'code_verifier',
    'redirect_uri',
    'refresh_token',
    'grant_type',
    'x',
  ])('%s at the token endpoint', async (name) => {
    for (const text of [
      long.repeat(4),
      `${'a '.repeat(30_000)}b`,
      '%'.repeat(9_000),
      '\u0301'.repeat(9_000),
    ]) {
      const parameters = { grant_type: 'authorization_code', code: 'x', [name]: text }
      const quick = await isQuick(async () => {
        const { status } = await requestToken(server, client, parameters)
        expect(status).toBeGreaterThanOrEqual(400)
        expect(status).toBeLessThan(500)
      })
      expect(quick).toBe(true)
    }
  })

  test.each([
    'client_id',
    'redirect_uri',
    'scope',
    'prompt',
    'resource',
    'code_challenge',
    'response_type',
    'response_mode',
  ])('%s at the authorization endpoint', async (name) => {
    const address = `http://127.0.0.1:${'1'.repeat(9_000)}/`
    for (const text of [long, `${long}!`, 'a '.repeat(7_000), address]) {
      const request = new Request(authorizationUrl(server, client, { state: 's', [name]: text }))
      const quick = await isQuick(async () => {
        expect([303, 400]).toContain((await server.server.fetch(request)).status)
      })
      expect(quick).toBe(true)
    }
  })

  test.each(['username', 'password', 'csrf', 'return_to'])('%s at the sign-in page', async (name) => {
    for (const text of [
      long.repeat(4),
      '\ufdfa'.repeat(6_000),
      '@'.repeat(60_000),
      `${'a@'.repeat(20_000)}\u0301`,
    ]) {
      const guest = openBrowser(server)
      const login = await guest.open(server.endpoint('/login'))
      const fields = { username: 'x@example.com', password: 'wrong password', [name]: text }
      const quick = await isQuick(async () => {
        expect([400, 403, 413, 429]).toContain((await guest.press(login, 'Sign in', fields)).status)
      })
      expect(quick).toBe(true)
    }
  })

  test.each(['cookie', 'authorization', 'user-agent', 'accept', 'origin', 'x-forwarded-for'])(
    'the header %s, in ten parallel requests',
    async (name) => {
      for (const filler of [' ', '\t', ';', '=', ',', '.', 'a ', '127.0.0.1,']) {
        const value = `Basic a=${filler.repeat(14_000 / filler.length)}b`
        const ask = async (): Promise<void> => {
          const response = await fetch(server.endpoint('/login'), { headers: { [name]: value } })
          expect(response.status).toBe(200)
          await response.text()
        }
        expect(await isQuick(() => Promise.all(Array.from({ length: 10 }, ask)))).toBe(true)
      }
    },
  )

  test('a thousand parameters', async () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`p${index}`, 'x']))
    expect((await requestToken(server, machine, { ...grant, ...many })).status).toBe(200)
  })
})
