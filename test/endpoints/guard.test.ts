import { generateKeyPairSync, sign } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { callApi, fetchJson, getTokens, getCodeFlowTokens } from '../support/oauth-client.ts'
import { createSecrets } from '../support/secrets.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
const visit = { server, browser: openBrowser(server), client, user }
const { access_token: token, refresh_token: refreshToken } = await getCodeFlowTokens(visit)
afterAll(server.close)

const challengeOf = ({ headers }: { readonly headers: Headers }): string | null =>
  headers.get('www-authenticate')

function encode(header: object, payload: object, signer: (input: string) => Buffer): string {
  const input = [header, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${input}.${signer(input).toString('base64url')}`
}

describe('without a token', () => {
  test.each([
    ['no header', {}],
    ['another scheme', { authorization: `Basic ${btoa('a:b')}` }],
    ['a token in the query, which is ignored', {}, `?access_token=${token}`],
    ['a token in a cookie, which is ignored', { cookie: `access_token=${token}` }],
    ['a scheme that only begins alike', { authorization: `Bearerx ${token}` }],
  ])('there is a challenge without an error: %s', async (_, headers, query = '') => {
    const answer = await fetchJson(server, `/me${query}`, { headers })
    expect(answer.status).toBe(401)
    expect(answer.body).toEqual({ error: 'missing_token', error_description: 'Missing token' })
    expect(challengeOf(answer)).toBe(`Bearer realm="${server.issuer}"`)
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })
})

describe('a token that is of no use', () => {
  const invalid = { error: 'invalid_token', error_description: 'Invalid token' }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const es256 = (input: string): Buffer =>
    sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  const [header, payload] = [decodeProtectedHeader(token), decodeJwt(token)]
  const signature = token.split('.')[2] ?? ''

  test.each([
    ['empty', ''],
    ['no JWT', 'abc'],
    ['a refresh token', refreshToken],
    [
      'with another payload',
      [token.split('.')[0], Buffer.from('{}').toString('base64url'), signature].join('.'),
    ],
    ['without its signature', `${token.split('.').slice(0, 2).join('.')}.`],
    ["with another's signature", encode(header, payload, es256)],
    ['signed with none', encode({ alg: 'none', typ: 'at+jwt' }, payload, () => Buffer.alloc(0))],
    ['with something after it', `${token}, ${token}`],
    ['very long', 'a'.repeat(12_000)],
  ])('%s is refused as invalid', async (_, text) => {
    const answer = await callApi(server, '/me', text)
    expect([answer.status, answer.body]).toEqual([401, invalid])
    expect(challengeOf(answer)).toBe(
      `Bearer realm="${server.issuer}", error="invalid_token", error_description="Invalid token"`,
    )
  })

  test('of another issuer with the same keys is refused', async () => {
    await using twin = await startServer()
    const theirs = await twin.addClient({ grantTypes: ['client_credentials'] })
    const { access_token: foreign } = await getTokens(twin, theirs, { grant_type: 'client_credentials' })
    expect((await callApi(twin, '/machine', foreign)).status).toBe(200)
    expect((await callApi(server, '/machine', foreign)).body).toEqual(invalid)
  })

  test('of the same issuer with other keys is refused', async () => {
    await using twin = await startServer({ issuer: server.issuer, secrets: createSecrets() })
    const theirs = await twin.addClient({ grantTypes: ['client_credentials'] })
    const { access_token: foreign } = await getTokens(twin, theirs, { grant_type: 'client_credentials' })
    expect((await callApi(server, '/machine', foreign)).body).toEqual(invalid)
  })

  test('for another audience is refused', async () => {
    const resource = 'https://api.example'
    await using twin = await startServer({ resources: [resource] })
    const theirs = await twin.addClient({ grantTypes: ['client_credentials'] })
    const grant = { grant_type: 'client_credentials' }
    const { access_token: foreign } = await getTokens(twin, theirs, { ...grant, resource })
    expect(decodeJwt(foreign).aud).toBe(resource)
    expect((await callApi(twin, '/machine', foreign)).body).toEqual(invalid)
  })

  test("of a client is refused where people are expected, and a person's where clients are", async () => {
    const { access_token: own } = await getTokens(server, machine, { grant_type: 'client_credentials' })
    expect((await callApi(server, '/me', own)).body).toEqual(invalid)
    expect((await callApi(server, '/machine', token)).body).toEqual(invalid)
    expect((await callApi(server, '/machine', own)).status).toBe(200)
  })

  test('that expired says so, and expires at the very second', async () => {
    await using brief = await startServer({ accessTokenLifetime: '2m' })
    const theirs = await brief.addClient({ grantTypes: ['client_credentials'] })
    const { access_token: short } = await getTokens(brief, theirs, { grant_type: 'client_credentials' })
    brief.clock.advance('115s')
    expect((await callApi(brief, '/machine', short)).status).toBe(200)
    brief.clock.advance('5s')
    const answer = await callApi(brief, '/machine', short)
    expect([answer.status, answer.body['error_description']]).toEqual([401, 'Token expired'])
  })
})

describe('scopes', () => {
  test('that are missing are named, with 403', async () => {
    const { access_token: lesser } = await getCodeFlowTokens(visit, { scope: 'profile' })
    const answer = await callApi(server, '/orders', lesser)
    expect([answer.status, answer.body]).toEqual([
      403,
      { error: 'insufficient_scope', error_description: 'Insufficient scope' },
    ])
    expect(challengeOf(answer)).toBe(
      `Bearer realm="${server.issuer}", error="insufficient_scope", scope="orders:read"`,
    )
    expect((await callApi(server, '/me', lesser)).status).toBe(200)
  })

  test('may be any of several', async () => {
    const { access_token: creator } = await getCodeFlowTokens(visit, { scope: 'orders:create' })
    const { access_token: lesser } = await getCodeFlowTokens(visit, { scope: 'profile' })
    expect((await callApi(server, '/anyone', creator)).status).toBe(200)
    expect((await callApi(server, '/anyone', lesser)).status).toBe(403)
  })
})

test('the scheme may be written in any case', async () => {
  for (const scheme of ['bearer', 'BEARER', 'bEaReR'])
    expect(
      (await fetchJson(server, '/me', { headers: { authorization: `${scheme} ${token}` } })).status,
    ).toBe(200)
})

test('a guard works on requests of the Fetch standard too', async () => {
  const admit = server.server.user('orders:read')
  const asked = (headers: Record<string, string>) =>
    admit(new Request('http://api.example/orders', { headers }))
  const refused = await asked({})
  expect(refused instanceof Response && refused.status).toBe(401)
  expect(await asked({ authorization: `Bearer ${token}` })).toMatchObject({
    kind: 'user',
    user: { id: user.id },
  })
})
