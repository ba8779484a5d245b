import { expect, onTestFinished, test } from 'vitest'
import { signIn } from '../../src/index.ts'
import { appRequest } from '../support/app-request.ts'
import { openBrowser } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import {
  callApi,
  authorizationUrl,
  codeIn,
  getCode,
  getTokens,
  getCodeFlowTokens,
  createPkce,
  introspectToken,
  refresh,
  revokeToken,
} from '../support/oauth-client.ts'
import { startServer, type ServerOptions } from '../support/server.ts'
import { logIn, postLogin, postRefresh } from '../support/sign-in-api.ts'
import { recordStatements } from '../support/statements.ts'

/** Starts a server that queries its database for requests only. */
async function startRecorded(options: ServerOptions = {}) {
  const statements = recordStatements()
  const revocations = { pollInterval: '1h', maxStaleness: '2h' } as const
  const grants = [...commonConfig().grants, signIn()]
  const server = await startServer({ grants, revocations, purge: 'manual', audit: 'off', ...options })
  onTestFinished(server.close)
  const [user, client] = [await server.addUser(), await server.addClient()]
  const visit = { server, browser: openBrowser(server), client, user }
  return { statements, server, client, visit, tokens: await getCodeFlowTokens(visit) }
}

test('a machine token needs no query if the client is cached', async () => {
  const { statements, server } = await startRecorded()
  const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
  const ask = () => getTokens(server, machine, { grant_type: 'client_credentials' })
  expect(await statements.during(server, ask)).toEqual(['select clients'])
  expect(await statements.during(server, ask)).toEqual([])
})

test('the guard needs no query for a new, known or revoked token', async () => {
  const { statements, server, tokens } = await startRecorded()
  const call = () => callApi(server, '/me', tokens.access_token)
  expect(await statements.during(server, call)).toEqual([])
  expect(await statements.during(server, call)).toEqual([])
  const { body } = await call()
  await server.server.authorizations.revoke(String(body['authorizationId']))
  expect(await statements.during(server, call)).toEqual([])
  expect((await call()).body['error_description']).toBe('Token revoked')
})

test('the guard looks up the user of a personal access token every 15 minutes, and otherwise needs no query', async () => {
  const { statements, server, visit } = await startRecorded()
  const { accessToken, token } = await server.server.personalTokens.create(visit.user.id, {
    name: 'Backup',
  })
  server.clock.advance('1m')
  const call = () => callApi(server, '/me', accessToken)
  for (const expected of [['select authorizations', 'select users'], []]) {
    expect(await statements.during(server, call)).toEqual(expected)
    expect(await statements.during(server, call)).toEqual([])
    server.clock.advance(expected.length > 0 ? '14m' : '1m')
  }
  expect(await statements.during(server, call)).toEqual(['select authorizations', 'select users'])
  await server.server.personalTokens.revoke(token.id)
  expect(await statements.during(server, call)).toEqual([])
  expect((await call()).body['error_description']).toBe('Token revoked')
})

test('introspection needs no query for an access token, and one for a refresh token', async () => {
  const { statements, server, tokens } = await startRecorded()
  const api = await server.addClient({ redirectUris: [], introspects: true })
  const ask = (token: string) => () => introspectToken(server, api, token)
  expect((await ask(tokens.access_token)()).body).toMatchObject({ active: true })
  for (const token of [tokens.access_token, `${tokens.access_token}x`, `${tokens.refresh_token}x`])
    expect(await statements.during(server, ask(token))).toEqual([])
  expect(await statements.during(server, ask(tokens.refresh_token))).toEqual(['select authorizations'])
})

test('a revocation needs six queries, five of them in its transaction, and none for a forged or revoked token', async () => {
  const { statements, server, client, tokens } = await startRecorded()
  const revoke = (token: string) => () => revokeToken(server, client, token)
  expect(await statements.during(server, revoke(`${tokens.refresh_token}x`))).toEqual([])
  expect(await statements.during(server, revoke(tokens.refresh_token))).toEqual([
    'select authorizations',
    'update authorizations',
    'select authorizations',
    'select revocations',
    'insert revocations',
    'select revocations',
  ])
  expect(await statements.during(server, revoke(tokens.access_token))).toEqual([])
})

test('server.sessions.current needs one query beside the one that finds the user', async () => {
  const { statements, server, visit } = await startRecorded()
  const current = () => server.server.sessions.current(appRequest(visit.browser))
  expect(await current()).toMatchObject({ user: { id: visit.user.id } })
  expect(await statements.during(server, current)).toEqual(['select sessions', 'select users'])
})

test('a refresh needs one query for a built-in user', async () => {
  const { statements, server, visit, tokens } = await startRecorded()
  const act = () => refresh(visit, tokens.refresh_token)
  expect(await statements.during(server, act)).toEqual(['update authorizations'])
})

const READ_FIRST = ['select authorizations', 'select users', 'update authorizations']

test('a refresh reads what it may refuse before it rotates the token', async () => {
  const { statements, server, visit, tokens } = await startRecorded()
  const narrow = () => refresh(visit, tokens.refresh_token, { scope: 'orders:read' })
  expect(await statements.during(server, narrow)).toEqual(READ_FIRST)
  const repeat = () => refresh(visit, tokens.refresh_token)
  expect(await statements.during(server, repeat)).toEqual(['update authorizations', ...READ_FIRST])
})

test('a refresh asks tokenClaims before it rotates the token', async () => {
  let isBroken = false
  const tokenClaims = () => {
    if (isBroken) throw new Error('The database of the claims is down')
    return {}
  }
  const { statements, server, visit, tokens } = await startRecorded({ tokenClaims })
  isBroken = true
  expect((await refresh(visit, tokens.refresh_token)).status).toBe(500)
  server.clock.advance('2m')
  isBroken = false
  const act = () => refresh(visit, tokens.refresh_token)
  expect(await statements.during(server, act)).toEqual([
    'select authorizations',
    'select users',
    ...READ_FIRST.slice(1),
  ])
})

test('a forged refresh token needs no query', async () => {
  const { statements, server, visit, tokens } = await startRecorded()
  const forged = tokens.refresh_token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
  expect(await statements.during(server, () => refresh(visit, forged))).toEqual([])
})

test('the exchange of a code needs three queries for a built-in user, two of them in its transaction', async () => {
  const { statements, server, client, visit } = await startRecorded()
  const { exchange } = await getCode(visit)
  expect(await statements.during(server, () => getTokens(server, client, exchange))).toEqual([
    'select codes',
    'update codes',
    'insert authorizations',
  ])
})

test('the devices page needs three queries, however many devices there are', async () => {
  const { statements, server, visit } = await startRecorded()
  const page = server.endpoint('/account/devices')
  // The list of sessions begins with the last uses of their authorizations.
  const queries = ['select sessions', 'select users', 'select authorizations']
  expect(await statements.during(server, () => visit.browser.open(page))).toEqual(queries)
  const other = openBrowser(server)
  await other.signIn(await other.open(server.endpoint('/login')), visit.user)
  expect(await statements.during(server, () => visit.browser.open(page))).toEqual(queries)
})

test('the list of connected apps needs three queries, its page five and a disconnect eight, however many apps there are', async () => {
  const { statements, server, visit } = await startRecorded()
  const { connections } = server.server
  for (const count of [0, 3]) {
    for (let index = 0; index < count; index += 1)
      await getCodeFlowTokens({ ...visit, client: await server.addClient({ isThirdParty: true }) })
    const list = async () => expect(await connections.list(visit.user)).toHaveLength(count + 1)
    const queries = ['select authorizations', 'select consents', 'select clients']
    expect(await statements.during(server, list)).toEqual(queries)
  }
  const page = () => visit.browser.open(server.endpoint('/account/apps'))
  const queries = [
    'select sessions',
    'select users',
    'select authorizations',
    'select consents',
    'select clients',
  ]
  expect(await statements.during(server, page)).toEqual(queries)
  const disconnect = () => connections.disconnect(visit.user, visit.client.id)
  expect(await statements.during(server, disconnect)).toHaveLength(8)
})

test('an authorization request with session and consent needs eight queries, and reads the consent again at the end', async () => {
  const { statements, server, client, visit } = await startRecorded()
  const { challenge } = createPkce()
  const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
  const url = authorizationUrl(server, client, { scope: 'orders:read', ...pkce })
  const ask = async () => codeIn(await visit.browser.open(url))
  expect(await statements.during(server, ask)).toEqual([
    'select sessions',
    'select users',
    'select consents',
    'select epochs',
    'select clients',
    'select sessions',
    'insert codes',
    'select consents',
  ])
})

test('the sign-in API needs nine queries for a login and one for a refresh', async () => {
  const { statements, server, visit } = await startRecorded()
  const tokens = await logIn(server, visit.user)
  expect(await statements.during(server, () => logIn(server, visit.user))).toEqual([
    'select users',
    'select epochs',
    'select users',
    'select users',
    'select users',
    'select epochs',
    'select epochs',
    'insert sessions',
    'insert authorizations',
  ])
  expect(await statements.during(server, () => postRefresh(server, tokens.refresh_token))).toEqual([
    'update authorizations',
  ])
})

test('a failed login needs the same queries whether or not the account exists', async () => {
  const { statements, server, visit } = await startRecorded()
  const disabled = await server.addUser()
  await server.store.users.update(disabled.id, { disabledAt: 1 })
  const { device_token: token } = await logIn(server, visit.user)
  for (const device of [undefined, token]) {
    const queriesFor = (email: string) =>
      statements.during(server, () =>
        postLogin(server, { email, password: 'wrong' }, { device_token: device }),
      )
    const ofKnown = await queriesFor(visit.user.email)
    expect(ofKnown).toContain('select users')
    for (const email of ['unknown@example.com', disabled.email])
      expect(await queriesFor(email), email).toEqual(ofKnown)
  }
})
