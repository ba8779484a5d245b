import { afterAll, describe, expect, test } from 'vitest'
import { type BuiltInUser, ConfigError, signIn as signInApi, type UserProvider } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { type Browser, openBrowser } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import { callApi, requestToken, getCode, getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import { type TestUser, startServer, type TestServer } from '../support/server.ts'
import { postLogin } from '../support/sign-in-api.ts'

const NEW = 'battery staple correct'

const server = await startServer()
const clients = {
  ours: await server.addClient({ name: 'Ours' }),
  'ours, outliving sessions': await server.addClient({ name: 'Phone', endsWithSession: false }),
  theirs: await server.addClient({ name: 'Theirs', ownerId: 'owner' }),
  'theirs, ending with sessions': await server.addClient({ ownerId: 'owner', endsWithSession: true }),
}
afterAll(server.close)

const change = (user: TestUser, options?: { revokeThirdParties: boolean }): Promise<void> =>
  server.server.users.setPassword(user, server.knownSecrets.add('password', NEW), options)

/** Gets tokens of a user for each client, in one browser. */
async function tokensOf(user: TestUser, browser: Browser = openBrowser(server)) {
  const visits = Object.entries(clients).map(
    ([name, client]) => [name, { server, browser, user, client }] as const,
  )
  const owned = []
  for (const [name, visit] of visits)
    owned.push({ name, visit, tokens: await getCodeFlowTokens(visit, { scope: 'profile' }) })
  return owned
}

/** Returns for each client whether its access token works and whether it can refresh. */
async function lifeOf(owned: Awaited<ReturnType<typeof tokensOf>>) {
  const lives: Record<string, readonly [api: number, refresh: number]> = {}
  for (const { name, visit, tokens } of owned) {
    const api = (await callApi(server, '/me', tokens.access_token)).status
    lives[name] = [api, (await refresh(visit, tokens.refresh_token)).status]
  }
  return lives
}

describe('a password change', () => {
  test('revokes every session and first-party tokens; third parties continue after a refresh', async () => {
    const user = await server.addUser()
    const browser = openBrowser(server)
    const owned = await tokensOf(user, browser)
    await change(user)
    expect(await lifeOf(owned)).toEqual({
      ours: [401, 400],
      'ours, outliving sessions': [401, 400],
      theirs: [401, 200],
      'theirs, ending with sessions': [401, 400],
    })
    expect((await browser.open(server.endpoint('/login'))).forms).toHaveLength(1)
    expect(await server.server.sessions.list(user)).toEqual([])
    expect(await server.server.authorizations.list(user)).toMatchObject([{ clientId: clients.theirs.id }])
  })

  test('lets a third party use its new tokens after a refresh', async () => {
    const user = await server.addUser()
    const visit = { server, browser: openBrowser(server), user, client: clients.theirs }
    const tokens = await getCodeFlowTokens(visit, { scope: 'profile' })
    await change(user)
    const { body } = await refresh(visit, tokens.refresh_token)
    expect((await callApi(server, '/me', String(body['access_token']))).status).toBe(200)
    await server.server.users.signOutEverywhere(user)
    expect((await callApi(server, '/me', String(body['access_token']))).status).toBe(401)
  })

  test('revokes third parties too with revokeThirdParties', async () => {
    const user = await server.addUser()
    const owned = await tokensOf(user)
    await change(user, { revokeThirdParties: true })
    for (const life of Object.values(await lifeOf(owned))) expect(life).toEqual([401, 400])
  })

  test('voids pending codes of every client', async () => {
    for (const client of [clients.ours, clients.theirs]) {
      const user = await server.addUser()
      const visit = { server, browser: openBrowser(server), user, client }
      const { exchange } = await getCode(visit, { scope: 'profile' })
      await change(user)
      expect((await requestToken(server, client, exchange)).body['error']).toBe('invalid_grant')
    }
  })

  test('signs in from then on, and the old one does not', async () => {
    const user = await server.addUser()
    await change(user)
    const statuses = []
    for (const password of [user.password, NEW])
      statuses.push(await signIn(server, openBrowser(server), { ...user, password }))
    expect(statuses).toEqual(['refused', 'signed in'])
  })

  test('revokes nothing of other users', async () => {
    const [user, neighbor] = [await server.addUser(), await server.addUser()]
    const owned = await tokensOf(neighbor)
    await change(user)
    for (const life of Object.values(await lifeOf(owned))) expect(life).toEqual([200, 200])
  })

  test('that is rejected revokes nothing', async () => {
    const user = await server.addUser()
    const owned = await tokensOf(user)
    await expect(server.server.users.setPassword(user, 'short')).rejects.toThrow('at least 8 characters')
    for (const life of Object.values(await lifeOf(owned))) expect(life).toEqual([200, 200])
  })
})

async function signIn(to: TestServer, browser: Browser, user: TestUser): Promise<'signed in' | 'refused'> {
  await browser.signIn(await browser.open(to.endpoint('/login')), user)
  const { forms } = await browser.open(to.endpoint('/login'))
  return forms.length === 0 ? 'signed in' : 'refused'
}

interface Row extends BuiltInUser {
  readonly password: string
}

/** The moments of a sign-in at which a password may change. */
type Moment = 'looked up' | 'checked first' | 'checked'

/** A user directory of the app. A user carries the password, as a row carries its hash. */
function ownUsers(interruption: { at: Moment; act: () => Promise<void> }): {
  readonly users: Required<Omit<UserProvider<Row>, 'appSession'>>
  readonly row: () => Row
} {
  let row: Row = { id: '7', name: 'Ada', email: 'ada@example.com', password: 'correct horse' }
  const interrupt = async (at: Moment): Promise<void> => {
    const { act } = interruption
    if (at !== interruption.at) return
    interruption.act = async () => {}
    await act()
  }
  return {
    row: () => row,
    users: {
      signInWith: 'email',
      find: async () => row,
      async findByUsername() {
        const found = row
        await interrupt('looked up')
        return found
      },
      async verifyPassword(user, password) {
        await interrupt('checked first')
        const isRight = user?.password === password
        await interrupt('checked')
        return isRight
      },
      async setPassword(_id, password) {
        row = { ...row, password }
      },
    },
  }
}

describe('a sign-in with the old password that is running during the change', () => {
  test.each<Moment>(['looked up', 'checked first', 'checked'])('fails if the user was %s', async (at) => {
    const interruption: Parameters<typeof ownUsers>[0] = { at, act: async () => {} }
    const { users, row } = ownUsers(interruption)
    await using own = await startServer({ users, grants: [...commonConfig().grants, signInApi()] })
    const user = row()
    interruption.act = () => own.server.users.setPassword('7', NEW)
    expect(await signIn(own, openBrowser(own), user)).toBe('refused')
    expect(row().password).toBe(NEW)
    interruption.act = () => own.server.users.setPassword('7', user.password)
    const byApi = await postLogin(own, { ...user, password: NEW })
    expect([byApi.status, byApi.body['error']]).toEqual([401, 'invalid_credentials'])
    await own.server.users.setPassword('7', NEW)
    expect(await own.server.sessions.list('7')).toEqual([])
    expect(await signIn(own, openBrowser(own), { ...user, password: NEW })).toBe('signed in')
  })
})

test("a third party's refresh that is running during the change succeeds", async () => {
  const interruption = { act: async () => {} }
  const store = sqlite(':memory:')
  const find: typeof store.authorizations.find = async (id) => {
    const row = await store.authorizations.find(id)
    const { act } = interruption
    interruption.act = async () => {}
    await act()
    return row
  }
  await using own = await startServer({
    store: { ...store, authorizations: { ...store.authorizations, find } },
  })
  const user = await own.addUser()
  const client = await own.addClient({ ownerId: 'owner' })
  const visit = { server: own, browser: openBrowser(own), user, client }
  const tokens = await getCodeFlowTokens(visit, { scope: 'profile' })
  interruption.act = () => own.server.users.setPassword(user, own.knownSecrets.add('password', NEW))
  const { status, body } = await refresh(visit, tokens.refresh_token)
  expect(status).toBe(200)
  expect((await callApi(own, '/me', String(body['access_token']))).status).toBe(200)
})

test('fails with a clear error if the provider cannot set passwords', async () => {
  const { find, findByUsername, verifyPassword } = ownUsers({ at: 'checked', act: async () => {} }).users
  await using own = await startServer({ users: { find, findByUsername, verifyPassword } })
  await expect(own.server.users.setPassword('7', NEW)).rejects.toBeInstanceOf(ConfigError)
})
