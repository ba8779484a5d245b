import { join } from 'node:path'
import { compare, hash } from 'bcryptjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { builtInUsers, secretsFromDirectory } from '../../src/index.ts'
import { sha256 } from '../../src/lib/hash.ts'
import { importedTokenId } from '../../src/model/imported-token.ts'
import { consulate, emptyDirectory } from '../cli/run.ts'
import { openBrowser } from '../support/browser.ts'
import {
  authorizationUrl,
  authorize,
  callApi,
  codeIn,
  getTokens,
  introspectToken,
  refresh,
  revokeToken,
} from '../support/oauth-client.ts'
import { createLaravel, type Laravel } from '../support/passport.ts'
import { startServer, type TestClient, type TestServer } from '../support/server.ts'

const SHOP = '9c3b1f6e-6a0f-4c55-9a57-0d1d7f4d0b11'
const CALENDAR = '9c3b1f6e-6a0f-4c55-9a57-0d1d7f4d0b12'
const MACHINE = '9c3b1f6e-6a0f-4c55-9a57-0d1d7f4d0b13'
const PERSONAL = '9c3b1f6e-6a0f-4c55-9a57-0d1d7f4d0b14'
const CALLBACK = 'https://app.example/callback'
const SECRET = 'Wb3xIoXG9n1kzkVQvD5pJ0mY7tqR2sLcA8uEhF4a'
const PASSWORD = 'correct horse battery'
const SCOPES = 'orders:read=See your orders;orders:create=Place orders;profile=See your name'

const directory = emptyDirectory(afterAll)
const file = join(directory, 'data/consulate.db')
let laravel: Laravel
let server: TestServer

/** Runs the import, and returns its report. */
async function runImport(...flags: string[]): Promise<{ readonly [Name in string]: unknown }> {
  const args = ['import', 'passport', '--from', laravel.file, '--json', ...flags]
  const { code, stdout, stderr } = await consulate(directory, args, { env: { CONSULATE_SCOPES: SCOPES } })
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as { readonly [Name in string]: unknown }
}

const counts = (imported: number, others: object = {}) => ({
  imported,
  existing: 0,
  revoked: 0,
  skipped: 0,
  ...others,
})

const client = (id: string, secret?: string): TestClient => ({ id, secret, redirectUri: CALLBACK })

beforeAll(async () => {
  await consulate(directory, ['install'])
  laravel = createLaravel(join(directory, 'database.sqlite'))
  const bcrypt = await hash(PASSWORD, 4)
  for (const id of [1, 2, 3]) {
    const email = `User${id}@Example.com`
    laravel.insert('users', {
      id,
      name: `User ${id}`,
      email,
      password: bcrypt,
      created_at: '2026-01-01 00:00:00',
    })
  }
  const common = { revoked: 0, created_at: '2026-01-01 00:00:00', provider: null, owner_id: null }
  const code = {
    redirect_uris: JSON.stringify([CALLBACK]),
    grant_types: '["authorization_code","refresh_token"]',
  }
  const none = { redirect_uris: '[]' }
  const hashed = await hash(SECRET, 4)
  laravel.insert('oauth_clients', { ...common, ...code, id: SHOP, name: 'Shop', secret: hashed })
  laravel.insert('oauth_clients', {
    ...common,
    ...code,
    id: CALENDAR,
    name: 'Calendar',
    secret: null,
    owner_id: 2,
  })
  laravel.insert('oauth_clients', {
    ...common,
    ...none,
    id: MACHINE,
    name: 'Job',
    secret: SECRET,
    grant_types: '["client_credentials"]',
  })
  laravel.insert('oauth_clients', {
    ...common,
    ...none,
    id: PERSONAL,
    name: 'Personal',
    secret: hashed,
    grant_types: '["personal_access"]',
  })
})

beforeAll(async () => {
  server = await startServer({
    file,
    users: builtInUsers({ verifyLegacyHash: compare }),
    secrets: secretsFromDirectory(join(directory, 'data/secrets')),
    passport: { publicKey: laravel.publicKey, appKey: laravel.appKey, verifyLegacyHash: compare },
  })
  for (const secret of [SECRET, PASSWORD]) server.knownSecrets.add('secret', secret)
})
afterAll(async () => {
  laravel.close()
  await server.close()
})

/** Issues tokens in Laravel and imports them. */
async function importTokens(grant: Parameters<Laravel['issue']>[0]) {
  const tokens = laravel.issue(grant)
  server.knownSecrets.add('access token', tokens.accessToken)
  if (tokens.refreshToken) server.knownSecrets.add('refresh token', tokens.refreshToken)
  await runImport()
  return tokens
}

describe('consulate import passport', () => {
  test('reports what it would import, and changes nothing, in a dry run', async () => {
    laravel.issue({ clientId: SHOP, userId: 1 })
    laravel.issue({ clientId: PERSONAL, userId: 1, name: 'CI' })
    laravel.issue({ clientId: MACHINE })
    const expected = {
      refreshTokens: 1,
      counts: {
        clients: counts(3),
        users: counts(3),
        accessTokens: counts(1),
        personalTokens: counts(1),
        machineTokens: counts(1),
      },
    }
    expect(await runImport('--dry-run')).toMatchObject({ dryRun: true, ...expected })
    expect(await runImport('--dry-run')).toMatchObject({ dryRun: true, ...expected })
    expect(await runImport()).toMatchObject({ dryRun: false, ...expected })
    const { stdout } = await consulate(directory, ['audit', '--json'])
    const acts = JSON.parse(stdout) as readonly { readonly event: string; readonly detail: string }[]
    expect(acts.map(({ event, detail }) => [event, detail.split('; run by')[0]])).toEqual([
      [
        'import.completed',
        'imported 3 clients, 3 users, 1 access tokens, 1 personal tokens, 1 machine tokens; revoked nothing',
      ],
    ])
  })

  test('adds nothing a second time', async () => {
    expect(await runImport()).toMatchObject({
      refreshTokens: 0,
      counts: {
        clients: counts(0, { existing: 3 }),
        users: counts(0, { existing: 3 }),
        accessTokens: counts(0, { existing: 1 }),
        personalTokens: counts(0, { existing: 1 }),
        machineTokens: counts(0, { existing: 1 }),
      },
    })
  })
})

describe('after the import', () => {
  test('an access token works at a guard until it expires, with its scopes', async () => {
    const { id, accessToken } = await importTokens({ clientId: SHOP, userId: 1, lifetime: 600 })
    const { status, body } = await callApi(server, '/orders', accessToken)
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({
        kind: 'user',
        client: { id: SHOP },
        user: { id: '1', provider: 'users', sub: '1' },
        authorizationId: importedTokenId(id),
        scopes: ['orders:read'],
      }),
    ])
    expect((await callApi(server, '/machine', accessToken)).status).toBe(401)
    server.clock.advance('601s')
    const expired = await callApi(server, '/orders', accessToken)
    server.clock.turnBack('601s')
    expect([expired.status, expired.body['error_description']]).toEqual([401, 'Token expired'])
  })

  test('a refresh token is exchanged once, and a replay revokes what it gave', async () => {
    const { accessToken, refreshToken } = await importTokens({ clientId: SHOP, userId: 2 })
    const flow = { server, client: client(SHOP, SECRET) }
    expect((await callApi(server, '/orders', accessToken)).status).toBe(200)
    const first = await refresh(flow, refreshToken)
    expect(first.status).toBe(200)
    const next = String(first.body['refresh_token'])
    expect(next).toMatch(/^cons_rt_/)
    expect((await callApi(server, '/orders', String(first.body['access_token']))).status).toBe(200)
    expect((await refresh(flow, refreshToken)).body['refresh_token']).toBe(next)
    server.clock.advance('61s')
    const replay = await refresh(flow, refreshToken)
    expect([replay.status, replay.body['error']]).toEqual([400, 'invalid_grant'])
    expect((await refresh(flow, next)).status).toBe(400)
    expect((await callApi(server, '/orders', accessToken)).body['error_description']).toBe('Token revoked')
  })

  test('a client authenticates with its old secret, whose hash is replaced by ours', async () => {
    const tokens = await getTokens(server, client(MACHINE, SECRET), { grant_type: 'client_credentials' })
    expect((await callApi(server, '/machine', tokens.access_token)).status).toBe(200)
    const { refreshToken } = await importTokens({ clientId: SHOP, userId: 3 })
    const wrong = await refresh({ server, client: client(SHOP, `${SECRET}x`) }, refreshToken)
    expect([wrong.status, wrong.body['error']]).toEqual([401, 'invalid_client'])
    expect((await refresh({ server, client: client(SHOP, SECRET) }, refreshToken)).status).toBe(200)
    expect((await server.store.clients.find(SHOP))?.secrets).toEqual([
      { hash: sha256(SECRET), expiresAt: null },
    ])
  })

  test('a user signs in with the old password, whose hash is renewed, and sees no consent page for what they allowed', async () => {
    await importTokens({ clientId: SHOP, userId: 3, scopes: ['orders:read', 'profile'] })
    const url = authorizationUrl(server, client(SHOP), { scope: 'profile' })
    const page = await authorize(openBrowser(server), url, { email: 'user3@example.com', password: PASSWORD })
    expect(codeIn(page)).toMatch(/^[\w-]{43}$/)
    expect((await server.store.users.find('3'))?.passwordHash).toMatch(/^\$argon2id\$/)
  })

  test('a personal access token works, is listed, and can be revoked', async () => {
    const { id, accessToken } = await importTokens({
      clientId: PERSONAL,
      userId: 1,
      name: 'Backup',
      lifetime: 9000,
    })
    const { body } = await callApi(server, '/orders', accessToken)
    expect(body).toMatchObject({ client: { id: 'personal-access' }, user: { id: '1' } })
    const list = await server.server.personalTokens.list('1')
    expect(list.map(({ name }) => name)).toContain('Backup')
    await server.server.authorizations.revoke(importedTokenId(id))
    expect((await callApi(server, '/orders', accessToken)).status).toBe(401)
  })

  test("a client's own token is a machine's, even if the client's ID is that of a user", async () => {
    const { accessToken } = await importTokens({ clientId: MACHINE })
    expect((await callApi(server, '/machine/orders', accessToken)).body).toMatchObject({
      kind: 'machine',
      client: { id: MACHINE },
    })
    expect((await callApi(server, '/me', accessToken)).status).toBe(401)
    const revoked = await revokeToken(server, client(MACHINE, SECRET), accessToken)
    expect(revoked.status).toBe(200)
    expect((await callApi(server, '/machine', accessToken)).body['error_description']).toBe('Token revoked')
  })

  test('tokens end with a sign-out everywhere, a disconnected app, and a revocation by the client', async () => {
    const [everywhere, app, byClient] = [
      await importTokens({ clientId: SHOP, userId: 1 }),
      await importTokens({ clientId: CALENDAR, userId: 2 }),
      await importTokens({ clientId: SHOP, userId: 3 }),
    ]
    for (const { accessToken } of [everywhere, app, byClient])
      expect((await callApi(server, '/me', accessToken)).status).toBe(200)
    await server.server.users.signOutEverywhere('1')
    await server.server.connections.disconnect('2', CALENDAR)
    await revokeToken(server, client(SHOP, SECRET), byClient.refreshToken)
    for (const { accessToken, refreshToken } of [everywhere, app, byClient]) {
      expect((await callApi(server, '/me', accessToken)).body['error_description']).toBe('Token revoked')
      const owner = refreshToken === app.refreshToken ? client(CALENDAR) : client(SHOP, SECRET)
      expect((await refresh({ server, client: owner }, refreshToken)).status).toBe(400)
    }
  })

  test('what Passport has revoked since the last run is revoked by the next one', async () => {
    const { id, accessToken } = await importTokens({ clientId: SHOP, userId: 2 })
    expect((await callApi(server, '/me', accessToken)).status).toBe(200)
    laravel.run('update oauth_access_tokens set revoked = 1 where id = ?', id)
    expect(await runImport()).toMatchObject({ counts: { accessTokens: { revoked: 1 } } })
    await expect.poll(async () => (await callApi(server, '/me', accessToken)).status).toBe(401)
    expect(await runImport()).toMatchObject({ counts: { accessTokens: { revoked: 0 } } })
  })

  test('introspection describes an imported token with our claims', async () => {
    const { accessToken } = await importTokens({ clientId: SHOP, userId: 2 })
    const api = await server.addClient({ introspects: true, grantTypes: [] })
    const { body } = await introspectToken(server, api, accessToken)
    expect(body).toMatchObject({ active: true, sub: '2', client_id: SHOP, scope: 'orders:read' })
    expect(body['scopes']).toBe(undefined)
  })

  test('a public client of a user exchanges its refresh token without a secret', async () => {
    const { refreshToken } = await importTokens({ clientId: CALENDAR, userId: 3 })
    const { status } = await refresh({ server, client: client(CALENDAR) }, refreshToken, {
      scope: 'orders:read',
    })
    expect(status).toBe(200)
    expect((await server.store.clients.find(CALENDAR))?.ownerId).toBe('2')
  })
})
