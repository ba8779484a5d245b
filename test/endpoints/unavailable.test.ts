import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { signIn, StoreUnavailableError } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { appRequest, startInApp } from '../support/app-request.ts'
import { openBrowser } from '../support/browser.ts'
import {
  callApi,
  claimOf,
  fetchJson,
  getTokens,
  getCodeFlowTokens,
  refresh,
} from '../support/oauth-client.ts'
import { createSecrets } from '../support/secrets.ts'
import { startServer } from '../support/server.ts'
import { callSignInApi, logIn, postLogin, postRefresh } from '../support/sign-in-api.ts'
import { APP, createApp, openAppApi } from '../support/user-apps.ts'

const grant = { grant_type: 'client_credentials' }

// Most of the time of these tests is waiting, for a lock or for revocations to become stale.
test.concurrent('a server that cannot start responds with 503 everywhere, and logs why', async () => {
  await using first = await startServer()
  await first.server.ready()
  await using second = await startServer({ issuer: first.issuer, file: first.file, secrets: createSecrets() })
  for (const path of ['/oauth/token', '/oauth/authorize', '/.well-known/jwks.json']) {
    const { status, headers, body } = await fetchJson(second, path)
    expect([status, body['error']]).toEqual([503, 'temporarily_unavailable'])
    expect(headers.get('retry-after')).toBe('5')
  }
  const guarded = await callApi(second, '/me', 'whatever')
  expect([guarded.status, guarded.headers.get('www-authenticate')]).toEqual([503, null])
  expect(second.logs.join('')).toContain('are not those of this database')
})

test.concurrent('a guard that cannot read revocations responds with 503 and Retry-After, never 401', async ({
  expect,
}) => {
  await using server = await startServer({ revocations: { pollInterval: '50ms', maxStaleness: '3s' } })
  const machine = await server.addClient({ grantTypes: ['client_credentials'] })
  const { access_token: token } = await getTokens(server, machine, grant)
  await server.store.close()
  expect((await callApi(server, '/machine', token)).status).toBe(200)
  await expect.poll(async () => (await callApi(server, '/machine', token)).status).toBe(503)
  const { headers, body } = await callApi(server, '/machine', token)
  expect(body['error']).toBe('temporarily_unavailable')
  expect(headers.get('retry-after')).toBe('1')
  expect((await callApi(server, '/machine', 'not a token')).status).toBe(401)
})

test.concurrent('a database that is locked for too long is 503 with Retry-After, and signs out no user', async () => {
  await using home = await startServer()
  await using server = await startServer({
    store: sqlite({ path: home.file, busyTimeout: 200 }),
    file: home.file,
  })
  const [user, client] = [await server.addUser(), await server.addClient()]
  const visit = { server, browser: openBrowser(server), user, client }
  const { refresh_token: refreshToken } = await getCodeFlowTokens(visit)
  const browser = openBrowser(server)
  const login = await browser.open(server.endpoint('/login'))
  const other = new DatabaseSync(server.file)
  other.exec('begin immediate')
  const { status, headers, body } = await refresh(visit, refreshToken)
  expect([status, body['error']]).toEqual([503, 'temporarily_unavailable'])
  expect(headers.get('retry-after')).toBe('1')
  const page = await browser.signIn(login, user)
  expect([page.status, page.headers.get('retry-after')]).toEqual([503, '1'])
  expect(page.text).toContain('Something went wrong')
  other.exec('rollback')
  other.close()
  expect((await refresh(visit, refreshToken)).status).toBe(200)
})

test.concurrent('a disconnect while the database is locked is 503, leaves the app connected and can be repeated', async () => {
  await using home = await startServer()
  await using server = await startServer({
    store: sqlite({ path: home.file, busyTimeout: 200 }),
    file: home.file,
  })
  const [user, client, browser] = [await server.addUser(), await server.addClient(), openBrowser(server)]
  const { access_token: token } = await getCodeFlowTokens({ server, browser, user, client })
  const question = await browser.open(server.endpoint(`/account/apps?disconnect=${client.id}`))
  const lock = new DatabaseSync(server.file)
  lock.exec('begin immediate')
  const page = await browser.press(question, 'Disconnect')
  expect([page.status, page.headers.get('retry-after')]).toEqual([503, '1'])
  lock.exec('rollback')
  lock.close()
  expect(await server.server.connections.list(user)).toHaveLength(1)
  expect((await callApi(server, '/me', token)).status).toBe(200)
  expect((await browser.press(question, 'Disconnect')).text).toContain('was disconnected.')
  expect((await callApi(server, '/me', token)).status).toBe(401)
})

test.concurrent("the app's own sign-in fails with StoreUnavailableError while the database is locked, and can be repeated", async () => {
  await using home = await startServer()
  await using server = await startServer({
    store: sqlite({ path: home.file, busyTimeout: 200 }),
    file: home.file,
  })
  const { sessions } = server.server
  const [user, other] = [await server.addUser(), await server.addUser()]
  const browser = openBrowser(server)
  await startInApp(server, browser, other)
  const request = appRequest(browser)
  const lock = new DatabaseSync(server.file)
  lock.exec('begin immediate')
  await expect(sessions.start(user, { request })).rejects.toThrow(StoreUnavailableError)
  await expect(sessions.end(request)).rejects.toThrow(StoreUnavailableError)
  lock.exec('rollback')
  lock.close()
  expect(await sessions.current(request)).toMatchObject({ user: { id: other.id } })
  await startInApp(server, browser, user)
  expect(await sessions.current(appRequest(browser))).toMatchObject({ user: { id: user.id } })
  expect(await sessions.current(request)).toBe(undefined)
})

test.concurrent('the sign-in API answers 503 with Retry-After while the database is locked, and signs out no device', async () => {
  await using home = await startServer()
  await using server = await startServer({
    grants: [signIn()],
    store: sqlite({ path: home.file, busyTimeout: 200 }),
    file: home.file,
  })
  const user = await server.addUser()
  const tokens = await logIn(server, user)
  const other = new DatabaseSync(server.file)
  other.exec('begin immediate')
  const { access_token: token, refresh_token: refreshToken } = tokens
  for (const response of [
    await postLogin(server, user),
    await postRefresh(server, refreshToken),
    await callSignInApi(server, '/auth/logout', { token }),
    await callSignInApi(server, '/auth/logout-all', { token }),
  ]) {
    expect([response.status, response.body['error']]).toEqual([503, 'temporarily_unavailable'])
    expect(response.headers.get('retry-after')).toBe('1')
  }
  other.exec('rollback')
  other.close()
  expect((await callApi(server, '/me', token)).status).toBe(200)
  expect((await postRefresh(server, refreshToken)).status).toBe(200)
  // The login that failed left nothing behind.
  expect(await server.server.sessions.list(user)).toHaveLength(1)
  expect((await callSignInApi(server, '/auth/logout', { token })).status).toBe(204)
})

test.concurrent('apps can be neither disconnected nor changed while the database is locked, and the answer is 503', async () => {
  await using home = await startServer()
  await using server = await startServer({
    userApps: {},
    store: sqlite({ path: home.file, busyTimeout: 200 }),
    file: home.file,
  })
  const [user, client] = [await server.addUser(), await server.addClient({ isThirdParty: true })]
  const visit = { server, browser: openBrowser(server), user, client }
  const { access_token: token } = await getCodeFlowTokens(visit)
  const api = openAppApi(server, visit.browser)
  const { client_id: id } = await createApp(api)
  const apps = await api.list()
  const question = await visit.browser.open(server.endpoint(`/account/apps?disconnect=${client.id}`))
  const headers = { 'content-type': 'application/json', 'x-csrf-token': await api.csrf() }
  const other = new DatabaseSync(server.file)
  other.exec('begin immediate')
  for (const { status } of [
    await api.request(`/oauth/tokens/${claimOf(token, 'azn')}`, { method: 'DELETE', headers }),
    await visit.browser.press(question, 'Disconnect'),
    await api.create(APP, headers),
    await api.update(id, { client_name: 'Renamed' }, headers),
    await api.rotate(id, {}, headers),
    await api.remove(id, headers),
  ])
    expect(status).toBe(503)
  other.exec('rollback')
  other.close()
  expect((await callApi(server, '/me', token)).status).toBe(200)
  expect(await api.list()).toEqual(apps)
})
