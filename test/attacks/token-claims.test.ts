import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientCredentials } from '../../src/index.ts'
import { requestToken } from '../support/oauth-client.ts'
import { lastRequestLine } from '../support/request-log.ts'
import { startServer, type TestClient, type TestServer } from '../support/server.ts'

/** What the functions return in this test. */
let claims: unknown
let create: (() => unknown) | undefined
let fields: unknown

let server: TestServer
let machine: TestClient
beforeAll(async () => {
  server = await startServer({
    grants: [clientCredentials()],
    tokenClaims: () => (create ? create() : claims) as Record<string, unknown>,
    tokenResponse: () => fields as object,
  })
  machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
})
afterAll(async () => server.close())

const request = async () => {
  const start = server.events.length
  const response = await requestToken(server, machine, { grant_type: 'client_credentials' })
  const [event] = server.events.slice(start)
  return { ...response, event }
}

const nested = (levels: number): object => (levels === 0 ? {} : { next: nested(levels - 1) })

const circular: Record<string, unknown> = {}
circular['self'] = circular

const proxy = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new Error('No keys')
    },
  },
)

/** Results of `tokenClaims` that must not reach a token. */
const HOSTILE: Readonly<Record<string, unknown>> = {
  'the subject': { sub: '1' },
  'another issuer': { iss: 'https://evil.example' },
  'a longer life': { exp: 9_999_999_999 },
  'more scopes': { scope: '*' },
  'another kind of subject': { subject_type: 'user' },
  'the epochs': { epochs: [9, 9, 9] },
  'an authorization': { azn: 'x' },
  'a proof of possession': { cnf: { jkt: 'x' } },
  'an actor': { act: { sub: 'admin' } },
  'the answer of an introspection': { active: true },
  'the subject in capitals': { SUB: '1' },
  'a scope in another case': { Scope: '*' },
  'the subject with a long s': { ſub: '1' },
  'the prototype': JSON.parse('{"__proto__":{"admin":true}}') as object,
  'a nested prototype': { user: JSON.parse('{"__proto__":{"admin":true}}') as object },
  'a constructor': { constructor: { prototype: {} } },
  'an object that contains itself': circular,
  '17 levels': nested(17),
  'a bigint': { balance: 1n },
  'a date': { since: new Date(0) },
  'a function': { tenant: () => 'x' },
  'a symbol': { tenant: Symbol('x') },
  'not a number': { rate: Number.NaN },
  'an infinite number': { rate: Number.POSITIVE_INFINITY },
  'an instance with toJSON': { tenant: { toJSON: () => ({ sub: '1' }), id: 1 } },
  'a map': new Map([['tenant', 'x']]),
  'an array': ['tenant'],
  'a string': 'tenant',
  'a proxy that throws': proxy,
  'a getter that throws': {
    get tenant() {
      throw new Error('No tenant')
    },
  },
  'too many bytes': { text: 'ä'.repeat(2048) },
}

describe('a token is refused, with the reason in the log, if tokenClaims returns', () => {
  test.each(Object.keys(HOSTILE))('%s', async (name) => {
    claims = HOSTILE[name]
    fields = undefined
    const { status, body, event } = await request()
    expect([status, body['error'], body['access_token']]).toEqual([500, 'server_error', undefined])
    expect(event).toMatchObject({ name: 'request.refused', payload: { status: 500, code: 'server_error' } })
    expect(event?.payload['detail']).toMatch(/^tokenClaims failed: /)
    expect(lastRequestLine(server)).not.toContain('ä')
  })
})

/** Results of `tokenResponse` that must not reach a client. */
const HOSTILE_FIELDS: Readonly<Record<string, unknown>> = {
  'another token': { access_token: 'x' },
  'another type': { Token_Type: 'mac' },
  'another token with a Kelvin sign': { 'access_to\u{212a}en': 'x' },
  'a refresh token': { refresh_token: 'x' },
  'a longer life': { expires_in: 1e9 },
  'an error': { error: 'x' },
  'an ID token': { id_token: 'x' },
  'a prototype': JSON.parse('{"__proto__":{}}') as object,
  'too many bytes': { text: 'x'.repeat(4096) },
}

describe('a response is refused if tokenResponse returns', () => {
  test.each(Object.keys(HOSTILE_FIELDS))('%s', async (name) => {
    claims = undefined
    fields = HOSTILE_FIELDS[name]
    const { status, body, event } = await request()
    expect([status, body['error'], body['access_token']]).toEqual([500, 'server_error', undefined])
    expect(event?.payload['detail']).toMatch(/^tokenResponse failed: /)
  })
})

test('changing an object after tokenClaims has returned it changes no token', async () => {
  fields = undefined
  let reads = 0
  create = () => ({
    get tenant() {
      reads += 1
      return reads === 1 ? 'first' : { sub: 'second' }
    },
  })
  const { body } = await request()
  const [, payload = ''] = String(body['access_token']).split('.')
  create = undefined
  expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ tenant: 'first' })
})

test('a handler cannot change the claims that later requests with the same token see', async () => {
  fields = undefined
  claims = { roles: ['reader'], limits: { orders: 1 } }
  const { body } = await request()
  const headers = { authorization: `Bearer ${String(body['access_token'])}` }
  const check = async () => {
    const auth = await server.server.machine()(new Request(server.issuer, { headers }))
    if (auth instanceof Response) throw new Error('The token was refused')
    return auth.claims as { roles: string[]; limits: Record<string, number> }
  }
  const seen = await check()
  expect(() => seen.roles.push('admin')).toThrow(TypeError)
  expect(() => Object.assign(seen.limits, { orders: 99 })).toThrow(TypeError)
  expect(await check()).toEqual({ roles: ['reader'], limits: { orders: 1 } })
})
