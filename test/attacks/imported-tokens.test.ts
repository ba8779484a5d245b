import { createHmac, generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { secretsFromDirectory } from '../../src/index.ts'
import { consulate, emptyDirectory } from '../cli/run.ts'
import { callApi, introspectToken, refresh, revokeToken } from '../support/oauth-client.ts'
import {
  createLaravel,
  laravelTime,
  passportClaims,
  signPassportToken,
  type Laravel,
  type PassportTokens,
} from '../support/passport.ts'
import { recordStatements } from '../support/statements.ts'
import { startServer, type ServerOptions, type TestClient, type TestServer } from '../support/server.ts'

const SHOP = '9c3b1f6e-6a0f-4c55-9a57-0d1d7f4d0b11'
const OTHER = '9c3b1f6e-6a0f-4c55-9a57-0d1d7f4d0b12'
const CALLBACK = 'https://app.example/callback'
const ENV = { CONSULATE_SCOPES: 'orders:read=See your orders;orders:create=Place orders' }

const directory = emptyDirectory(afterAll)
let laravel: Laravel
let server: TestServer
let user: PassportTokens
let machine: PassportTokens
let edited: PassportTokens

const config = (): ServerOptions => ({
  file: join(directory, 'data/consulate.db'),
  secrets: secretsFromDirectory(join(directory, 'data/secrets')),
  passport: { publicKey: laravel.publicKey, appKey: laravel.appKey },
  resources: ['https://files.example'],
})

const shop: TestClient = { id: SHOP, secret: undefined, redirectUri: CALLBACK }
const claims = (changes: object = {}): object => ({
  ...passportClaims({
    id: user.id,
    clientId: SHOP,
    sub: '1',
    scopes: ['orders:read'],
    expiresAt: Date.now() + 3_600_000,
  }),
  ...changes,
})

beforeAll(async () => {
  await consulate(directory, ['install'])
  laravel = createLaravel(join(directory, 'database.sqlite'))
  for (const id of [1, 2])
    laravel.insert('users', { id, name: `User ${id}`, email: `u${id}@example.com`, password: 'x' })
  const common = { name: 'App', secret: null, revoked: 0, redirect_uris: JSON.stringify([CALLBACK]) }
  const grants = '["authorization_code","refresh_token"]'
  laravel.insert('oauth_clients', { ...common, id: SHOP, grant_types: grants })
  laravel.insert('oauth_clients', { ...common, id: OTHER, grant_types: grants })
  user = laravel.issue({ clientId: SHOP, userId: 1 })
  machine = laravel.issue({ clientId: OTHER })
  edited = laravel.issue({ clientId: SHOP, userId: 1, lifetime: 60 })
  laravel.run(
    'update oauth_access_tokens set expires_at = ? where id = ?',
    laravelTime(Date.now() + 9e8),
    edited.id,
  )
  await consulate(directory, ['import', 'passport', '--from', laravel.file, '--json'], { env: ENV })
  server = await startServer(config())
})
afterAll(async () => {
  laravel.close()
  await server.close()
})

const statusOf = async (token: string, path = '/me'): Promise<number> =>
  (await callApi(server, path, token)).status

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')

describe('an imported access token', () => {
  test('works, so the other tests are meaningful', async () => {
    expect(await statusOf(signPassportToken(claims()))).toBe(200)
  })

  test.each([
    ['without a signature', () => `${encode({ typ: 'JWT', alg: 'none' })}.${encode(claims())}.`],
    [
      'with a MAC whose secret is the public key',
      () => {
        const input = `${encode({ typ: 'JWT', alg: 'HS256' })}.${encode(claims())}`
        return `${input}.${createHmac('sha256', laravel.publicKey).update(input).digest('base64url')}`
      },
    ],
    [
      'signed by another key',
      () => {
        const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
        const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
        return signPassportToken(claims(), undefined, pem)
      },
    ],
    [
      'that names a key of ours',
      () => signPassportToken(claims(), { typ: 'JWT', alg: 'RS256', kid: 'passport' }),
    ],
    ['that claims to be one of ours', () => signPassportToken(claims(), { typ: 'at+jwt', alg: 'RS256' })],
    [
      'with a critical header',
      () => signPassportToken(claims(), { typ: 'JWT', alg: 'RS256', crit: ['b64'] }),
    ],
    ['whose row was not imported', () => signPassportToken(claims({ jti: 'ab'.repeat(40) }))],
    ['for another user than its row', () => signPassportToken(claims({ sub: '2' }))],
    ['for another client than its row', () => signPassportToken(claims({ aud: OTHER }))],
    ['without scopes', () => signPassportToken(claims({ scopes: undefined }))],
    ['with a scope that is not text', () => signPassportToken(claims({ scopes: [{}] }))],
    ['that has expired', () => signPassportToken(claims({ exp: Date.now() / 1000 - 1 }))],
    ['that is not valid yet', () => signPassportToken(claims({ nbf: Date.now() / 1000 + 60 }))],
    ['with a start that is not a number', () => signPassportToken(claims({ nbf: 'soon' }))],
    ['with a time of issue that is not a number', () => signPassportToken(claims({ iat: 'now' }))],
    ['that never expires', () => signPassportToken(claims({ exp: undefined }))],
    [
      "of a machine, in a user's name",
      () => signPassportToken(claims({ jti: machine.id, aud: OTHER, sub: '1' })),
    ],
  ])('%s is rejected', async (_, forge) => {
    expect(await statusOf(forge())).toBe(401)
  })

  test('has no scope that its row does not have, whatever it says', async () => {
    const token = signPassportToken(claims({ scopes: ['orders:read', 'orders:create', '*'] }))
    expect((await callApi(server, '/me', token)).body['scopes']).toEqual(['orders:read'])
  })

  test('lives no longer because its row was edited', async () => {
    expect(await statusOf(edited.accessToken)).toBe(200)
    server.clock.advance('61s')
    expect(await statusOf(edited.accessToken)).toBe(401)
    server.clock.turnBack('61s')
  })

  test('is not accepted for another resource than the default one', async () => {
    const api = await server.addClient({ introspects: true, grantTypes: [] })
    const token = signPassportToken(claims())
    const other = await introspectToken(server, api, token, { resource: 'https://files.example' })
    expect(other.body).toEqual({ active: false })
  })

  test.each([
    ['is verified', () => claims({ iat: 1 }), ['authorizations']],
    [
      'without a row is rejected',
      () => claims({ jti: 'cd'.repeat(40) }),
      ['authorizations', 'imported_tokens'],
    ],
  ])('%s with one query of each table once, and with none from then on', async (_, payload, tables) => {
    const statements = recordStatements()
    await using other = await startServer(config())
    const token = signPassportToken(payload())
    const call = () => callApi(other, '/me', token)
    const queries = async (): Promise<readonly string[]> =>
      (await statements.during(other, call)).filter((text) => /authorizations|imported/.test(text))
    expect([await queries(), await queries()]).toEqual([tables.map((table) => `select ${table}`), []])
  })

  test('is accepted within ten seconds of a later import', async () => {
    const late = laravel.issue({ clientId: SHOP, userId: 1 })
    expect(await statusOf(late.accessToken)).toBe(401)
    await consulate(directory, ['import', 'passport', '--from', laravel.file, '--json'], { env: ENV })
    server.clock.advance('10s')
    expect(await statusOf(late.accessToken)).toBe(200)
  })
})

describe('an imported refresh token', () => {
  test('is rejected if it was changed, for another client, and as an access token', async () => {
    const { refreshToken } = user
    const changed = refreshToken.slice(0, -1) + (refreshToken.endsWith('0') ? '1' : '0')
    const other = { server, client: { ...shop, id: OTHER } }
    expect((await refresh({ server, client: shop }, changed)).body['error']).toBe('invalid_grant')
    expect((await refresh(other, refreshToken)).body['error']).toBe('invalid_grant')
    expect(await statusOf(refreshToken)).toBe(401)
    expect((await refresh({ server, client: shop }, refreshToken)).status).toBe(200)
  })

  test('cannot get more scopes than it had', async () => {
    const { body } = await refresh({ server, client: shop }, edited.refreshToken, { scope: 'orders:create' })
    expect(body['error']).toBe('invalid_scope')
  })

  test('that is made up is not opened for an API that asks about it', async () => {
    const api = await server.addClient({ introspects: true, grantTypes: [] })
    const responses = await Promise.all(
      Array.from({ length: 120 }, async (_, index) => introspectToken(server, api, forged(index))),
    )
    expect(new Set(responses.map(({ body }) => JSON.stringify(body)))).toEqual(new Set(['{"active":false}']))
  })

  test('is opened once, however often it is presented', async () => {
    const responses = await Promise.all(
      Array.from({ length: 120 }, async () => refresh({ server, client: shop }, edited.refreshToken)),
    )
    expect(responses.filter(({ status }) => status === 503)).toEqual([])
  })

  test('that is made up is counted for the address of a public client, which is then refused', async () => {
    const statuses: (readonly number[])[] = []
    for (let attempt = 0; attempt < 32; attempt += 1) {
      const refreshed = await refresh({ server, client: shop }, forged(attempt))
      const revoked = await revokeToken(server, shop, forged(attempt))
      statuses.push([refreshed.status, revoked.status])
    }
    expect([statuses[0], statuses.at(-1)]).toEqual([
      [400, 200],
      [429, 429],
    ])
  })
})

const forged = (index: number): string => `def50200${index.toString(16).padStart(400, '0')}`
