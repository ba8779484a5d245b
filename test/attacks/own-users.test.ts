import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  authorizationCode,
  type BuiltInUser,
  ConfigError,
  type Grant,
  OAuthError,
  passwordGrant,
  permit,
  refuse,
  type UserProvider,
} from '../../src/index.ts'
import { openBrowser, type Page } from '../support/browser.ts'
import { callApi, requestToken, type JsonResponse } from '../support/oauth-client.ts'
import { lastRequestLine } from '../support/request-log.ts'
import { startServer, type TestClient } from '../support/server.ts'

const ADA: BuiltInUser = { id: '7', email: 'ada@example.com', name: 'Ada' }
const PASSWORD = 'the password of Ada'

/** A correct lookup. */
const right: UserProvider<BuiltInUser> = {
  find: async (id) => (id === ADA.id ? ADA : undefined),
  findByUsername: async (name) => (name === ADA.email ? ADA : undefined),
  verifyPassword: async (user, password) => user !== undefined && password === PASSWORD,
}
let present = right
/** Overrides for a test. Types do not hold at run time. */
const mistake = (changes: Partial<Record<keyof UserProvider, unknown>>): void =>
  void (present = { ...right, ...changes } as typeof right)
const users: typeof right = {
  find: (id) => present.find(id),
  findByUsername: (name) => present.findByUsername(name),
  verifyPassword: (user, password) => present.verifyPassword(user, password),
}

/** Accepts any user id, as the assertion of another system would. */
const ASSERTION = 'https://example.com/grants/assertion'
const assertion: Grant = {
  type: ASSERTION,
  async decide({ client, form }, { userDirectory }) {
    const ref = { provider: client.provider, userId: form.get('user') ?? '' }
    const user = await userDirectory.load(ref, client.id)
    return user ? permit({ client, user, scopes: [] }) : refuse(new OAuthError('invalid_grant', 'Nobody'))
  },
}

const server = await startServer({ users, grants: [authorizationCode(), passwordGrant(), assertion] })
let client: TestClient
beforeAll(async () => {
  server.knownSecrets.add('password', PASSWORD)
  client = await server.addClient({ grantTypes: ['password', ASSERTION] })
})
afterEach(() => {
  present = right
  server.clock.advance('16m')
})
afterAll(server.close)

const ask = (password = PASSWORD, username = ADA.email): Promise<JsonResponse> =>
  requestToken(server, client, { grant_type: 'password', username, password })

async function signIn(password = PASSWORD): Promise<Page> {
  const browser = openBrowser(server)
  return browser.signIn(await browser.open(server.endpoint('/login')), { ...ADA, password })
}

const isIn = ({ text }: Page): boolean => text.includes("You're signed in")

/** Returns the number of sessions and authorizations of all users that a lookup could return. */
async function written(...ids: readonly unknown[]): Promise<number> {
  const lists = ['', ADA.id, ...ids].map(async (id) => {
    const [user, now] = [{ provider: 'users', userId: String(id) }, server.clock.now()]
    const { sessions, authorizations } = server.store
    return [...(await sessions.listByUser(user, now)), ...(await authorizations.listByUser(user, now))]
  })
  return (await Promise.all(lists)).flat().length
}

describe('an id', () => {
  test.each<[string, string | number | bigint]>([
    ['nought', 0],
    ['a negative number', -1],
    ['a bigint', 7n],
    ['a negative bigint', -1n],
    ['a bigint that a number cannot hold', 2n ** 53n + 1n],
    ['the largest BIGINT of databases', 2n ** 63n - 1n],
    ['the smallest BIGINT of databases', -(2n ** 63n)],
    ['another alphabet', 'Ада Лавлейс'],
    ['200 characters', 'x'.repeat(200)],
  ])('can be %s', async (_, id) => {
    const ada = { ...ADA, id }
    mistake({ findByUsername: async () => ada, find: async (asked: string) => asked === String(id) && ada })
    const { access_token: token } = (await ask()).body
    expect((await callApi(server, '/me', String(token))).body['user']).toMatchObject({ id: String(id) })
    expect(isIn(await signIn())).toBe(true)
  })

  test.each<[string, unknown]>([
    ['missing', undefined],
    ['null', null],
    ['empty', ''],
    ['blank', ' '],
    ['an object', { oid: 1 }],
    ['an array', [7]],
    ['an unsafe integer', 2 ** 53],
    ['a bigint of 201 digits', 10n ** 200n],
    ['NaN', Number.NaN],
    ['a fraction', 0.5],
    ['a string with a NUL', '7\0'],
    ['a string with half a surrogate pair', '7\ud800'],
    ['a string of 201 characters', 'x'.repeat(201)],
  ])('that is %s does not sign in, and the log has the reason', async (_, id) => {
    const before = await written(id)
    const ada = { ...ADA, id }
    mistake({ findByUsername: async () => ada, find: async () => ada })
    const [tokens, page] = [await ask(), await signIn()]
    expect([tokens.status, tokens.body['error'], page.status]).toEqual([500, 'server_error', 500])
    expect(JSON.stringify(tokens.body) + page.text).not.toContain('integers')
    expect(lastRequestLine(server)).toContain('users: must have ids that are integers')
    expect(await written(id)).toBe(before)
  })

  test('that a database treats as another one matches no user', async () => {
    mistake({ find: async (id: string) => ({ ...ADA, id: Number.parseInt(id, 10) }) })
    const letIn = (user: string) => requestToken(server, client, { grant_type: ASSERTION, user })
    expect((await letIn('7')).status).toBe(200)
    for (const alias of ['7abc', '07', ' 7', '7.0']) {
      expect((await letIn(alias)).body).toMatchObject({ error: 'invalid_grant' })
    }
  })
})

describe('a user with a bigint as id', () => {
  const [id, neighbor] = [2n ** 53n, 2n ** 53n + 1n]

  test('is a string in tokens, events and responses', async () => {
    const ada = { ...ADA, id: neighbor }
    mistake({
      findByUsername: async () => ada,
      find: async (asked: string) => asked === String(neighbor) && ada,
    })
    const subjects: unknown[] = []
    const stop = server.server.on('token.issued', (event) => void subjects.push(event.sub))
    const { access_token: token } = (await ask()).body
    stop()
    const [, payload = ''] = String(token).split('.')
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      sub: '9007199254740993',
    })
    expect(subjects).toEqual(['9007199254740993'])
  })

  test('shares no token or session with the neighbor that a number could not tell apart', async () => {
    const { personalTokens, users: accounts } = server.server
    mistake({ find: async (asked: string) => ({ ...ADA, id: BigInt(asked) }) })
    await personalTokens.create({ id }, { name: 'mine' })
    await personalTokens.create({ id: neighbor }, { name: 'theirs' })
    await accounts.signOutEverywhere({ id })
    const names = async (of: bigint) => (await personalTokens.list({ id: of })).map(({ name }) => name)
    expect(await names(id)).toEqual([])
    expect(await names(neighbor)).toEqual(['theirs'])
  })
})

test.each<unknown>([undefined, '', {}, Number.NaN, 10n ** 200n])(
  'of %s cannot be signed out everywhere',
  async (id) => {
    const invalid = { id } as typeof ADA
    await expect(server.server.users.signOutEverywhere(invalid)).rejects.toThrow(ConfigError)
  },
)

describe('a password', () => {
  test.each<unknown>([{ isRight: false }, 1, 'yes', [], Promise.resolve])(
    'is not correct if the result is %j',
    async (response) => {
      mistake({ verifyPassword: async () => response })
      expect((await ask()).body).toMatchObject({ error: 'invalid_grant' })
      expect(isIn(await signIn())).toBe(false)
    },
  )

  test('is not checked for a user if the lookup returns null', async () => {
    const checked: unknown[] = []
    mistake({
      findByUsername: async () => null,
      find: async () => null,
      verifyPassword: async (user: unknown) => checked.push(user) > 0,
    })
    expect((await ask()).body).toMatchObject({ error: 'invalid_grant' })
    expect(isIn(await signIn())).toBe(false)
    expect(checked).toEqual([undefined, undefined])
  })
})

describe('a lookup that fails', () => {
  const gone = (): Promise<never> => Promise.reject(new Error('the user table does not exist'))

  test.each(['findByUsername', 'verifyPassword'] as const)(
    'in %s is a server error: it has no effect and does not count as a guess',
    async (name) => {
      const before = await written()
      mistake({ [name]: gone })
      for (let tries = 0; tries < 6; tries += 1) {
        expect([(await ask()).status, (await signIn()).status]).toEqual([500, 500])
      }
      present = right
      expect(await written()).toBe(before)
      expect((await ask()).status).toBe(200)
    },
  )

  test('after a correct password returns no token and has no effect', async () => {
    const before = await written()
    mistake({ find: gone })
    const { status, body } = await ask()
    expect([status, body['error']]).toEqual([500, 'server_error'])
    expect(JSON.stringify(body)).not.toContain('table')
    present = right
    expect(await written()).toBe(before)
  })

  test('to respond does not block an account for good', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    mistake({ verifyPassword: () => promise })
    const tries = Array.from({ length: 11 }, () => ask())
    expect((await Promise.race(tries)).status).toBe(429)
    present = right
    expect((await ask()).status).toBe(429)
    server.clock.advance('30m')
    expect((await ask()).status).toBe(200)
    resolve(false)
    const late = (await Promise.all(tries)).filter(({ status }) => status === 400)
    expect(late).toHaveLength(10)
  })
})
