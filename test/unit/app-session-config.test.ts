import { describe, expect, test } from 'vitest'
import {
  authorizationCode,
  builtInUsers,
  createAuthorizationServer,
  passwordGrant,
  signIn,
} from '../../src/index.ts'
import { configProblems, REQUIRED } from '../support/config.ts'
import { sqlite } from '../../src/store/sqlite.ts'

const find = async (): Promise<undefined> => undefined
const current = (): undefined => undefined
const usersWith = (appSession: unknown, more: object = {}): object => ({
  users: { find, appSession, ...more },
})

describe('the option appSession', () => {
  test.each([
    ['a path', { signInUrl: '/sign-in', current }],
    ['a URL', { signInUrl: 'https://shop.example/sign-in?tenant=1', signOutUrl: '/sign-out', current }],
    ['http on a loopback address', { signInUrl: 'http://localhost:3000/sign-in' }],
  ])('accepts %s, and needs no functions for passwords', (_, appSession) => {
    expect(configProblems(usersWith(appSession))).toEqual([])
    expect(configProblems({ providers: { members: { find, appSession } } })).toEqual([])
  })

  test.each([
    ['nothing', {}, 'users.appSession.signInUrl: must be a URL, or a path'],
    ['text', 'https://shop.example', 'users.appSession: must be an object'],
    ['a relative path', { signInUrl: 'sign-in' }, 'users.appSession.signInUrl: must be a URL, or a path'],
    ['another host as a path', { signInUrl: '//evil.example' }, 'users.appSession.signInUrl: must be a URL'],
    ['http', { signInUrl: 'http://shop.example/' }, 'users.appSession.signInUrl: must use https'],
    ['a script', { signInUrl: 'javascript:alert(1)' }, 'users.appSession.signInUrl: must be a URL'],
    [
      'a user name',
      { signInUrl: 'https://a@shop.example/' },
      'users.appSession.signInUrl: must not have a user',
    ],
    ['a fragment', { signInUrl: '/sign-in#a' }, 'users.appSession.signInUrl: must not have a user name'],
    [
      'a return_to',
      { signInUrl: '/in?return_to=x' },
      'users.appSession.signInUrl: must not have the parameter',
    ],
    ['a page of the server', { signInUrl: '/login' }, 'users.appSession.signInUrl: is a page of the server'],
    [
      'a sign-out page of the server',
      { signInUrl: '/sign-in', signOutUrl: 'https://id.example.com/logout' },
      'users.appSession.signOutUrl: is a page of the server: /logout',
    ],
    [
      'no function',
      { signInUrl: '/sign-in', current: 'ada' },
      'users.appSession.current: must be a function',
    ],
    [
      'a misspelled option',
      { signInURL: '/sign-in' },
      'users.appSession.signInURL: unknown option. Did you mean',
    ],
  ])('rejects %s', (_, appSession, problem) => {
    expect(configProblems(usersWith(appSession))[0]).toContain(problem)
  })

  test.each([
    ['signIn()', { grants: [signIn()] }, ['findByUsername', 'verifyPassword']],
    [
      'passwordGrant()',
      { grants: [authorizationCode(), passwordGrant()] },
      ['findByUsername', 'verifyPassword'],
    ],
    ['passwordReset', { passwordReset: { send: () => {} } }, ['findByUsername']],
  ] as const)('requires what %s needs', (feature, changes, names) => {
    const users = usersWith({ signInUrl: '/sign-in', current }, { setPassword: async () => {} })
    expect(configProblems({ ...users, ...changes })).toEqual(
      names.map((name) => `users.${name}: must be a function: ${feature} needs it`),
    )
  })

  test('leaves functions of the password grant to it', () => {
    const functions = { findByUsername: find, verifyPassword: async () => false }
    const grants = [authorizationCode(), passwordGrant(functions)]
    expect(configProblems({ ...usersWith({ signInUrl: '/sign-in' }), grants })).toEqual([])
  })

  test('cannot come from a function that returns the provider', async () => {
    const appSession = { signInUrl: '/sign-in' }
    const server = createAuthorizationServer({
      ...REQUIRED,
      store: sqlite(':memory:'),
      users: (context) => ({ ...builtInUsers()(context), appSession }),
    })
    await expect(server.ready()).rejects.toThrow('users.appSession')
    await server.close()
  })
})

test('server.sessions.isReturnTo accepts our own pages only, also before the server has started', async () => {
  const { issuer } = REQUIRED
  const server = createAuthorizationServer({
    ...REQUIRED,
    store: sqlite(':memory:'),
    users: { find, appSession: { signInUrl: '/sign-in', current } },
  })
  const urls = [`${issuer}/login?return_to=x`, `${issuer}/login`, 'https://evil.example/login?return_to=x']
  expect(urls.map((url) => server.sessions.isReturnTo(url))).toEqual([true, false, false])
  await server.close()
})

test('server.sessions.revokeAppSession rejects providers and IDs that cannot have app sessions', async () => {
  const store = sqlite(':memory:')
  const server = createAuthorizationServer({
    ...REQUIRED,
    store,
    providers: {
      members: { find, appSession: { signInUrl: '/sign-in', current } },
      staff: { find, appSession: { signInUrl: '/sign-in' } },
    },
  })
  const { revokeAppSession } = server.sessions
  await expect(revokeAppSession('one')).rejects.toThrow('has no appSession.current')
  await expect(revokeAppSession('one', { provider: 'staff' })).rejects.toThrow('has no appSession.current')
  const provider = 'members'
  for (const id of ['', 'x'.repeat(1025), 7, undefined])
    await expect(revokeAppSession(id as string, { provider })).rejects.toThrow('sessionId')
  for (const id of ['one', 'x'.repeat(1024)])
    await expect(revokeAppSession(id, { provider })).resolves.toBe(undefined)
  await server.close()
})
