import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { secretsFromDirectory } from '../../src/index.ts'
import { sha256 } from '../../src/lib/hash.ts'
import { consulate, emptyDirectory } from '../cli/run.ts'
import { callApi, getTokens, refresh } from '../support/oauth-client.ts'
import { createLaravel, laravelTime, type Laravel, type LaravelRow } from '../support/passport.ts'
import { startServer, type TestServer } from '../support/server.ts'

const SECRET = 'Wb3xIoXG9n1kzkVQvD5pJ0mY7tqR2sLcA8uEhF4a'
const SCOPES = 'orders:read=See your orders;orders:create=Place orders'
const CALLBACK = 'https://app.example/callback'
const HASH = '$2y$04$zAkROYJk60Wc8jaWgqACpOxaIt7kv/cws9Jys9KWoOhhdTN6a3yNy'

const directory = emptyDirectory(afterAll)
let laravel: Laravel
let server: TestServer

interface Report {
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly skipped: readonly {
    readonly kind: string
    readonly reason: string
    readonly ids: readonly string[]
  }[]
  readonly changed: readonly {
    readonly kind: string
    readonly reason: string
    readonly ids: readonly string[]
  }[]
  readonly missing: readonly string[]
}

async function runImport(from = laravel.file, ...flags: readonly string[]): Promise<Report> {
  const args = ['import', 'passport', '--from', from, '--json', ...flags]
  const { stdout, stderr } = await consulate(directory, args, { env: { CONSULATE_SCOPES: SCOPES } })
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Report
}

const CLIENT = {
  user_id: null,
  secret: SECRET,
  provider: null,
  redirect: CALLBACK,
  personal_access_client: 0,
  password_client: 0,
  revoked: 0,
  created_at: '2026-01-01 00:00:00',
}

const addClient = (id: number, changes: LaravelRow = {}): void =>
  laravel.insert('oauth_clients', { ...CLIENT, id, name: `Client ${id}`, ...changes })

const addUser = (id: number, changes: LaravelRow = {}): void =>
  laravel.insert('users', { id, name: `User ${id}`, email: `u${id}@example.com`, password: HASH, ...changes })

beforeAll(async () => {
  await consulate(directory, ['install'])
  laravel = createLaravel(join(directory, 'database.sqlite'), 12)
  server = await startServer({
    file: join(directory, 'data/consulate.db'),
    secrets: secretsFromDirectory(join(directory, 'data/secrets')),
    passport: { publicKey: laravel.publicKey, appKey: laravel.appKey },
  })
  server.knownSecrets.add('secret', SECRET)
})
afterAll(async () => {
  laravel.close()
  await server.close()
})

describe('the import', () => {
  test('gives the clients of Passport 12 the grants that they had', async () => {
    addUser(1)
    addClient(1)
    addClient(2, { redirect: '' })
    addClient(3, { redirect: '', password_client: 1 })
    addClient(4, { personal_access_client: 1, redirect: 'http://localhost' })
    addClient(5, { secret: null })
    addClient(6, { user_id: 1 })
    addClient(7)
    laravel.issue({ clientId: '7' })
    await runImport()
    const clients = await server.store.clients.list()
    expect(Object.fromEntries(clients.map(({ id, grantTypes }) => [id, grantTypes]))).toEqual({
      'passport-1': ['authorization_code', 'refresh_token'],
      'passport-2': ['client_credentials'],
      'passport-3': ['password', 'refresh_token'],
      'passport-5': ['authorization_code', 'refresh_token'],
      'passport-6': ['authorization_code', 'refresh_token'],
      'passport-7': ['authorization_code', 'refresh_token', 'client_credentials'],
    })
    expect(clients[0]?.secrets).toEqual([{ hash: sha256(SECRET), expiresAt: null }])
    expect(clients.map(({ type, ownerId }) => [type, ownerId])).toContainEqual(['confidential', '1'])
  })

  test('keeps the number of a client working, also in its tokens', async () => {
    const { accessToken, refreshToken } = laravel.issue({ clientId: '1', userId: 1 })
    await runImport()
    const client = { id: '1', secret: SECRET, redirectUri: CALLBACK }
    expect((await callApi(server, '/me', accessToken)).body).toMatchObject({ client: { id: 'passport-1' } })
    expect((await refresh({ server, client }, refreshToken)).status).toBe(200)
    const machine = { ...client, id: '2' }
    const tokens = await getTokens(server, machine, {
      grant_type: 'client_credentials',
      scope: 'orders:read',
    })
    expect((await callApi(server, '/machine', tokens.access_token)).body).toMatchObject({
      client: { id: 'passport-2' },
    })
    expect((await callApi(server, '/me', tokens.access_token)).status).toBe(401)
  })

  test('skips users that cannot be, or that collide with others, and says which', async () => {
    addUser(10, { email: 'not an address' })
    addUser(11, { email: 'U1@Example.com' })
    addUser(12, { name: 'a\u0000b' })
    const own = { passwordHash: '', name: 'Own', createdAt: 0, disabledAt: null }
    await server.store.users.insert({ ...own, id: '13', email: 'someone@else.example' })
    addUser(13)
    const taken = laravel.issue({ clientId: '1', userId: 13 })
    const { skipped } = await runImport()
    const reasons = skipped.filter(({ kind }) => kind === 'users').map(({ reason, ids }) => [reason, ids])
    expect(reasons).toEqual([
      ['its email is missing or malformed', ['10']],
      ['another user has this email', ['11']],
      ['its name is too long or has control characters', ['12']],
      ['another user has this ID: it has another email', ['13']],
    ])
    expect((await callApi(server, '/me', taken.accessToken)).status).toBe(401)
  })

  test('skips clients that cannot be, or that collide with others, and their tokens', async () => {
    addClient(20, { redirect: 'http://app.example/callback' })
    addClient(21, { provider: 'admins' })
    addClient(22, { revoked: 1 })
    addClient(23)
    addClient(24, { redirect: `${CALLBACK},http://app.example/callback` })
    await runImport()
    laravel.run("update oauth_clients set created_at = '2025-05-05 05:05:05' where id = 23")
    const { accessToken } = laravel.issue({ clientId: '23', userId: 1 })
    const { skipped, changed } = await runImport()
    const reasons = skipped.filter(({ kind }) => kind === 'clients').map(({ reason, ids }) => [reason, ids])
    expect(reasons).toEqual([
      ['redirectUris must contain at least one URI for the authorization code grant', ['20']],
      ['its provider is not configured', ['21']],
      ['it is revoked', ['22']],
      ['another client has this ID: it was created at another time', ['23']],
    ])
    expect(changed).toContainEqual(expect.objectContaining({ kind: 'clients', ids: ['20', '24'] }))
    expect((await server.store.clients.find('passport-24'))?.redirectUris).toEqual([CALLBACK])
    expect((await callApi(server, '/me', accessToken)).status).toBe(401)
  })

  test('skips tokens that are revoked, expired or malformed, and drops unknown scopes', async () => {
    const dead = [
      laravel.issue({ clientId: '1', userId: 1, revoked: true }),
      laravel.issue({ clientId: '1', userId: 1, lifetime: -10, refreshLifetime: -5 }),
      laravel.issue({ clientId: '1', userId: 404 }),
    ]
    const row = { user_id: 1, client_id: '1', revoked: 0, expires_at: laravelTime(Date.now() + 1e6) }
    laravel.insert('oauth_access_tokens', { ...row, id: "x'); drop table oauth_clients; --", scopes: '[]' })
    laravel.insert('oauth_access_tokens', { ...row, id: 'ab'.repeat(40), scopes: 'nonsense' })
    laravel.insert('oauth_access_tokens', {
      ...row,
      id: 'cd'.repeat(40),
      scopes: '[]',
      expires_at: '0000-00-00 00:00:00',
    })
    const wide = laravel.issue({ clientId: '1', userId: 1, scopes: ['orders:read', 'removed', '*'] })
    const { skipped } = await runImport()
    const reasons = skipped.filter(({ kind }) => kind === 'accessTokens').map(({ reason }) => reason)
    expect(reasons.toSorted()).toEqual([
      'it has expired',
      'it is revoked',
      'its ID is malformed',
      'its client was not imported',
      'its expiration is missing or malformed',
      'its scopes are malformed',
      'its user was not found',
    ])
    for (const { accessToken } of dead) expect((await callApi(server, '/me', accessToken)).status).toBe(401)
    const { body } = await callApi(server, '/me', wide.accessToken)
    expect(body['scopes']).toEqual(['orders:read', '*'])
  })

  test('takes a new password of a user who has not signed in here yet', async () => {
    const other = HASH.replace(/.$/, 'z')
    laravel.run('update users set password = ? where id = 1', other)
    await runImport()
    expect((await server.store.users.find('1'))?.passwordHash).toBe(other)
    await server.store.users.update('1', { passwordHash: '$argon2id$new' })
    await runImport()
    expect((await server.store.users.find('1'))?.passwordHash).toBe('$argon2id$new')
  })

  test('says that users cannot sign in without a function that verifies their hashes', async () => {
    laravel.run('update users set password = ? where id = 1', HASH)
    const hint = 'To let users sign in with their passwords, set `builtInUsers({ verifyLegacyHash })`.'
    await server.store.users.update('1', { passwordHash: HASH })
    expect((await runImport()).missing).toContain(hint)
    const path = (file: string): string => JSON.stringify(resolve(file))
    writeFileSync(
      join(directory, 'legacy.config.mts'),
      `import { authorizationCode, builtInUsers } from ${path('src/index.ts')}
import { sqlite } from ${path('src/store/sqlite.ts')}
export default {
  issuer: 'http://127.0.0.1',
  secrets: { description: 'none', load: async () => { throw new Error('not needed') } },
  store: sqlite(${path(join(directory, 'data/consulate.db'))}),
  users: builtInUsers({ verifyLegacyHash: async () => true }),
  scopes: { 'orders:read': 'See your orders' },
  grants: [authorizationCode()],
}`,
    )
    const { missing } = await runImport(laravel.file, '--config', 'legacy.config.mts')
    expect(missing).not.toContain(hint)
  })

  test('says that a file is missing', async () => {
    const { code, stderr } = await consulate(directory, ['import', 'passport', '--from', 'missing.sql'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('Cannot read missing.sql')])
  })
})
