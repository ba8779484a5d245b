import { afterAll, describe, expect, test } from 'vitest'
import { type BuiltInUser, ConfigError, type UserProvider } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { type Browser, openBrowser } from '../support/browser.ts'
import { askApi, askToken, getCode, getVisitTokens, refresh } from '../support/oauth-client.ts'
import { type Person, startServer, type TestServer } from '../support/server.ts'

const NEW = 'battery staple correct'

const server = await startServer()
const clients = {
  ours: await server.addClient({ name: 'Ours' }),
  'ours, outliving sessions': await server.addClient({ name: 'Phone', endsWithSession: false }),
  theirs: await server.addClient({ name: 'Theirs', ownerId: 'somebody' }),
  'theirs, ending with sessions': await server.addClient({ ownerId: 'somebody', endsWithSession: true }),
}
afterAll(server.close)

const change = (person: Person, options?: { revokeThirdParties: boolean }): Promise<void> =>
  server.server.users.setPassword(person, server.hoard.keep('password', NEW), options)

/** Tokens of a person for each of the clients, all from one browser. */
async function tokensOf(person: Person, browser: Browser = openBrowser(server)) {
  const visits = Object.entries(clients).map(
    ([name, client]) => [name, { server, browser, person, client }] as const,
  )
  const owned = []
  for (const [name, visit] of visits)
    owned.push({ name, visit, tokens: await getVisitTokens(visit, { scope: 'profile' }) })
  return owned
}

/** For each client, whether its access token works and whether it can refresh. */
async function lifeOf(owned: Awaited<ReturnType<typeof tokensOf>>) {
  const lives: Record<string, readonly [api: number, refresh: number]> = {}
  for (const { name, visit, tokens } of owned) {
    const api = (await askApi(server, '/me', tokens.access_token)).status
    lives[name] = [api, (await refresh(visit, tokens.refresh_token)).status]
  }
  return lives
}

describe('a changed password', () => {
  test('ends every session and what is our own; third parties refresh and go on', async () => {
    const person = await server.addPerson()
    const browser = openBrowser(server)
    const owned = await tokensOf(person, browser)
    await change(person)
    expect(await lifeOf(owned)).toEqual({
      ours: [401, 400],
      'ours, outliving sessions': [401, 400],
      theirs: [401, 200],
      'theirs, ending with sessions': [401, 400],
    })
    expect((await browser.open(server.endpoint('/login'))).forms).toHaveLength(1)
    expect(await server.server.sessions.list(person)).toEqual([])
    expect(await server.server.authorizations.list(person)).toMatchObject([
      { clientId: clients.theirs.id, revokedAt: null },
    ])
  })

  test('leaves a third party with tokens that work, once it has refreshed', async () => {
    const person = await server.addPerson()
    const visit = { server, browser: openBrowser(server), person, client: clients.theirs }
    const tokens = await getVisitTokens(visit, { scope: 'profile' })
    await change(person)
    const { body } = await refresh(visit, tokens.refresh_token)
    expect((await askApi(server, '/me', String(body['access_token']))).status).toBe(200)
    await server.server.users.signOutEverywhere(person)
    expect((await askApi(server, '/me', String(body['access_token']))).status).toBe(401)
  })

  test('ends third parties too where everything is to end', async () => {
    const person = await server.addPerson()
    const owned = await tokensOf(person)
    await change(person, { revokeThirdParties: true })
    for (const life of Object.values(await lifeOf(owned))) expect(life).toEqual([401, 400])
  })

  test('voids codes that are on their way, whoever they are for', async () => {
    for (const client of [clients.ours, clients.theirs]) {
      const person = await server.addPerson()
      const visit = { server, browser: openBrowser(server), person, client }
      const { exchange } = await getCode(visit, { scope: 'profile' })
      await change(person)
      expect((await askToken(server, client, exchange)).body['error']).toBe('invalid_grant')
    }
  })

  test('is the one that signs in from then on, and the old one is not', async () => {
    const person = await server.addPerson()
    await change(person)
    const statuses = []
    for (const password of [person.password, NEW])
      statuses.push(await signIn(server, openBrowser(server), { ...person, password }))
    expect(statuses).toEqual(['refused', 'signed in'])
  })

  test('ends nothing of anybody else', async () => {
    const [person, neighbor] = [await server.addPerson(), await server.addPerson()]
    const owned = await tokensOf(neighbor)
    await change(person)
    for (const life of Object.values(await lifeOf(owned))) expect(life).toEqual([200, 200])
  })

  test('that is refused ends nothing', async () => {
    const person = await server.addPerson()
    const owned = await tokensOf(person)
    await expect(server.server.users.setPassword(person, 'short')).rejects.toThrow('at least 8 characters')
    for (const life of Object.values(await lifeOf(owned))) expect(life).toEqual([200, 200])
  })
})

async function signIn(to: TestServer, browser: Browser, person: Person): Promise<'signed in' | 'refused'> {
  await browser.signIn(await browser.open(to.endpoint('/login')), person)
  const { forms } = await browser.open(to.endpoint('/login'))
  return forms.length === 0 ? 'signed in' : 'refused'
}

interface Row extends BuiltInUser {
  readonly password: string
}

/** Moments of a sign-in at which somebody may change the password. */
type Moment = 'looked up' | 'checked first' | 'checked'

/** A table of one's own: who is found carries the password, as a row carries its hash. */
function ownUsers(intrusion: { at: Moment; act: () => Promise<void> }): {
  readonly users: Required<UserProvider<Row>>
  readonly row: () => Row
} {
  let row: Row = { id: '7', name: 'Ada', email: 'ada@example.com', password: 'correct horse' }
  const strike = async (at: Moment): Promise<void> => {
    const { act } = intrusion
    if (at !== intrusion.at) return
    intrusion.act = async () => {}
    await act()
  }
  return {
    row: () => row,
    users: {
      find: async () => row,
      async findByUsername() {
        const found = row
        await strike('looked up')
        return found
      },
      async verifyPassword(person, password) {
        await strike('checked first')
        const isRight = person?.password === password
        await strike('checked')
        return isRight
      },
      async setPassword(_id, password) {
        row = { ...row, password }
      },
    },
  }
}

describe('a sign-in with the old password that is under way while it is changed', () => {
  test.each<Moment>(['looked up', 'checked first', 'checked'])('is void: the person was %s', async (at) => {
    const intrusion: Parameters<typeof ownUsers>[0] = { at, act: async () => {} }
    const { users, row } = ownUsers(intrusion)
    await using own = await startServer({ users })
    const person = row()
    intrusion.act = () => own.server.users.setPassword('7', NEW)
    expect(await signIn(own, openBrowser(own), person)).toBe('refused')
    expect(row().password).toBe(NEW)
    expect(await own.server.sessions.list('7')).toEqual([])
    expect(await signIn(own, openBrowser(own), { ...person, password: NEW })).toBe('signed in')
  })
})

test('a refresh of a third party that is under way while the password is changed goes on', async () => {
  const intrusion = { act: async () => {} }
  const store = sqlite(':memory:')
  const find: typeof store.authorizations.find = async (id) => {
    const row = await store.authorizations.find(id)
    const { act } = intrusion
    intrusion.act = async () => {}
    await act()
    return row
  }
  await using own = await startServer({
    store: { ...store, authorizations: { ...store.authorizations, find } },
  })
  const person = await own.addPerson()
  const client = await own.addClient({ ownerId: 'somebody' })
  const visit = { server: own, browser: openBrowser(own), person, client }
  const tokens = await getVisitTokens(visit, { scope: 'profile' })
  intrusion.act = () => own.server.users.setPassword(person, own.hoard.keep('password', NEW))
  const { status, body } = await refresh(visit, tokens.refresh_token)
  expect(status).toBe(200)
  expect((await askApi(own, '/me', String(body['access_token']))).status).toBe(200)
})

test('where the provider cannot set passwords, that is said', async () => {
  const { find, findByUsername, verifyPassword } = ownUsers({ at: 'checked', act: async () => {} }).users
  await using own = await startServer({ users: { find, findByUsername, verifyPassword } })
  await expect(own.server.users.setPassword('7', NEW)).rejects.toBeInstanceOf(ConfigError)
})
