import { afterAll, describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { callApi, claimOf, getCodeFlowTokens, requestToken } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { createUserTable } from '../support/user-table.ts'

const server = await startServer()
const { clients, sessions, authorizations, tokens, users } = server.server
const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
afterAll(server.close)

const shop = { name: 'Shop', redirectUris: ['https://shop.example/callback'] }

const grant = { grant_type: 'client_credentials' }

describe('clients.list', async () => {
  for (const id of ['list-a', 'list-b', 'list-c', 'list-d'])
    await server.addClient({ ...shop, id, ownerId: id === 'list-c' ? 'bob' : 'alice' })
  const idsOf = async (options: Parameters<typeof clients.list>[0]) =>
    (await clients.list(options)).map(({ id }) => id)

  test('returns the clients of one owner', async () => {
    expect(await idsOf({ ownerId: 'alice' })).toEqual(['list-a', 'list-b', 'list-d'])
    expect(await idsOf({ ownerId: 'bob' })).toEqual(['list-c'])
    expect(await idsOf({ ownerId: 'carol' })).toEqual([])
  })

  test('returns every client without an owner', async () => {
    expect(await idsOf(undefined)).toEqual(expect.arrayContaining([machine.id, 'list-a', 'list-c']))
  })

  test('returns at most `limit` clients, after the ID `after`', async () => {
    expect(await idsOf({ ownerId: 'alice', limit: 2 })).toEqual(['list-a', 'list-b'])
    expect(await idsOf({ ownerId: 'alice', limit: 2, after: 'list-b' })).toEqual(['list-d'])
    expect(await idsOf({ after: 'list-a', limit: 2 })).toEqual(['list-b', 'list-c'])
  })

  test('returns revoked clients too', async () => {
    expect(await clients.revoke('list-d')).toBe(true)
    const revoked = (await clients.list({ after: 'list-c' })).find(({ id }) => id === 'list-d')
    expect(revoked?.revokedAt).toEqual(expect.any(Number))
  })
})

describe('clients of an owner', () => {
  test('are registered with the user, and listed without revoked ones', async () => {
    const owner = await server.addUser()
    const { client } = await clients.create({ ...shop, owner })
    expect(client).toMatchObject({ ownerId: owner.id, isThirdParty: true, endsWithSession: false })
    const { client: second } = await clients.create({ ...shop, owner: owner.id })
    const ids = (await clients.listByOwner(owner)).map(({ id }) => id)
    expect(ids).toEqual([client.id, second.id].sort())
    expect(await clients.listByOwner(owner, { limit: 1 })).toHaveLength(1)
    await clients.revoke(client.id)
    expect((await clients.listByOwner(owner.id)).map(({ id }) => id)).toEqual([second.id])
    expect(await clients.listByOwner('unknown')).toEqual([])
  })

  test('sign in the users of the provider of their owner, unless they name one', async () => {
    await using both = await startServer({ providers: { customers: createUserTable().provider } })
    const owner = { id: '7', provider: 'customers' }
    const { client } = await both.server.clients.create({ ...shop, owner })
    expect(client).toMatchObject({ ownerId: 'customers:7', provider: 'customers' })
    expect((await both.server.clients.listByOwner(owner)).map(({ id }) => id)).toEqual([client.id])
    expect(await both.server.clients.listByOwner('7')).toEqual([])
    const other = await both.server.clients.create({ ...shop, owner, provider: 'users' })
    expect(other.client).toMatchObject({ ownerId: 'customers:7', provider: 'users' })
  })

  test.each([
    ['a missing user', { owner: undefined }],
    ['an owner beside an owner ID', { owner: 'ada', ownerId: 'bob' }],
    ['an unknown provider', { owner: { id: '7', provider: 'staff' } }],
  ])('are not registered with %s', async (_what, owner) => {
    await expect(clients.create({ ...shop, ...(owner as object) })).rejects.toBeInstanceOf(ConfigError)
    await expect(clients.listByOwner(undefined as never)).rejects.toBeInstanceOf(ConfigError)
  })
})

test('clients.create registers a client for the default user provider, whatever its name', async () => {
  await using staff = await startServer({ provider: 'staff' })
  const { client } = await staff.server.clients.create({ name: 'Intranet' })
  expect(client.provider).toBe('staff')
})

test('authorizations.disconnect leaves other apps connected', async () => {
  const [user, kept, removed] = [await server.addUser(), await server.addClient(), await server.addClient()]
  const browser = openBrowser(server)
  for (const client of [kept, removed]) await getCodeFlowTokens({ server, browser, client, user })
  await authorizations.disconnect(user, removed.id)
  expect((await authorizations.list(user)).map(({ clientId }) => clientId)).toEqual([kept.id])
})

describe('what changes a client takes effect on this node immediately', () => {
  test('revoke', async () => {
    const client = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
    expect((await requestToken(server, client, grant)).status).toBe(200)
    await clients.revoke(client.id)
    expect((await requestToken(server, client, grant)).body['error']).toBe('invalid_client')
  })

  test('update', async () => {
    const request = () => requestToken(server, machine, { ...grant, scope: 'profile' })
    expect((await request()).body['error']).toBe('invalid_scope')
    await clients.update(machine.id, { scopes: ['profile'] })
    expect((await request()).body['scope']).toBe('profile')
  })

  test('rotateSecret', async () => {
    expect((await requestToken(server, machine, grant)).status).toBe(200)
    const rotated = await clients.rotateSecret(machine.id, { overlap: 0 })
    server.knownSecrets.add('client secret', rotated?.secret ?? '')
    expect((await requestToken(server, machine, grant)).status).toBe(401)
    expect((await requestToken(server, { ...machine, secret: rotated?.secret }, grant)).status).toBe(200)
  })
})

describe('revoke', async () => {
  const flow = {
    server,
    browser: openBrowser(server),
    client: await server.addClient(),
    user: await server.addUser(),
  }

  test('tells an existing ID from an unknown one, however often it is called', async () => {
    const { access_token: token } = await getCodeFlowTokens(flow)
    const ids = [
      [authorizations.revoke, claimOf(token, 'azn')],
      [sessions.revoke, claimOf(token, 'sid')],
    ] as const
    for (const [revoke, id] of ids) {
      expect([await revoke(id), await revoke(id), await revoke('unknown')]).toEqual([true, true, false])
    }
    expect(await clients.revoke('unknown')).toBe(false)
  })

  test('of one access token leaves the others alone', async () => {
    const first = await getCodeFlowTokens(flow)
    const second = await getCodeFlowTokens(flow)
    await tokens.revoke({
      tokenId: claimOf(first.access_token, 'jti'),
      expiresAt: server.clock.now() + 60_000,
    })
    const statuses = [first, second].map(({ access_token: token }) => callApi(server, '/me', token))
    expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([401, 200])
  })
})

test.each([
  ['undefined', undefined],
  ['an empty ID', ''],
  ['an object without an ID', {}],
  ['an ID that is an object', { id: {} }],
  ['an unknown provider', { id: '7', provider: 'google' }],
])('a user that is %s is a ConfigError, so that no other user is signed out', async (_what, user) => {
  await expect(users.signOutEverywhere(user as string)).rejects.toThrow(ConfigError)
  await expect(sessions.list(user as string)).rejects.toThrow(ConfigError)
  await expect(authorizations.list(user as string)).rejects.toThrow(ConfigError)
})

test.each([
  ['an expiration in seconds, as in `exp`', { tokenId: 'jti', expiresAt: 1_800_000_000 }],
  ['an expiration that is not a number', { tokenId: 'jti', expiresAt: Number.NaN }],
  ['an expiration that never comes', { tokenId: 'jti', expiresAt: Number.POSITIVE_INFINITY }],
  ['a missing expiration', { tokenId: 'jti' }],
  ['an empty ID', { tokenId: '', expiresAt: 1_800_000_000_000 }],
  ['a missing ID', { expiresAt: 1_800_000_000_000 }],
])('tokens.revoke rejects %s, with which the token would stay valid', async (_, token) => {
  await expect(tokens.revoke(token as Parameters<typeof tokens.revoke>[0])).rejects.toThrow(ConfigError)
})
