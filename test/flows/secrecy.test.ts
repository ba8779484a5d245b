import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signIn } from '../../src/index.ts'
import { redis } from '../../src/broadcast/redis.ts'
import { openBrowser } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import { eventually } from '../support/cluster.ts'
import { addDeviceClient, decideDevice, poll, startDevice, enterCode } from '../support/device.ts'
import { dumpTables, findLeaks } from '../support/known-secrets.ts'
import {
  callApi,
  requestToken,
  authorizationUrl,
  getCode,
  getCodeFlowTokens,
  refresh,
} from '../support/oauth-client.ts'
import { createMailbox } from '../support/password-reset.ts'
import { createToken, signInToTokenApi, tokenInPage } from '../support/personal-tokens.ts'
import { hasRedis, startRedis } from '../support/redis.ts'
import { startServer } from '../support/server.ts'
import { callSignInApi, logIn, postLogin, postRefresh } from '../support/sign-in-api.ts'

const redisServer = hasRedis ? await startRedis() : undefined
const mailbox = createMailbox()
/** Every command that Redis received. */
const redisCommands = (await redisServer?.watch()) ?? []
const server = await startServer({
  grants: [...commonConfig().grants, signIn()],
  passwordReset: mailbox.passwordReset,
  ...(redisServer && { broadcast: redis(redisServer.url) }),
})
mailbox.watch(server.knownSecrets)
const user = await server.addUser()
const client = await server.addClient()
const machine = await server.addClient({ grantTypes: ['client_credentials'] })
const visit = { server, browser: openBrowser(server), client, user }
afterAll(async () => {
  await server.close()
  await redisServer?.stop()
})

/** Does everything that users and clients can do, rightly and wrongly, so that every log line and row is written. */
beforeAll(async () => {
  const { exchange } = await getCode(visit)
  const { body } = await requestToken(server, client, exchange)
  await requestToken(server, client, exchange)
  const tokens = await getCodeFlowTokens(visit)
  const next = await refresh(visit, tokens.refresh_token)
  await refresh(visit, tokens.refresh_token)
  server.clock.advance('2m')
  await refresh(visit, tokens.refresh_token)
  await refresh(visit, String(next.body['refresh_token']))
  await requestToken(server, machine, { grant_type: 'client_credentials' })
  await failInEveryWay(String(body['access_token']))
  await goWithDevices()
  await goWithPersonalTokens()
  await signInByApi()
  await goWithApps()
  await changePasswords()
  await resetPasswords()
  await getCode(visit)
  const question = await visit.browser.open(server.endpoint('/logout'))
  await visit.browser.press(question, 'Sign out')
  await getCodeFlowTokens(visit)
})

/** Approves one device, denies one and leaves one pending. Sends their codes to wrong places too. */
async function goWithDevices(): Promise<void> {
  const tv = await addDeviceClient(server)
  const [allowed, denied, waiting] = [
    await startDevice(server, tv),
    await startDevice(server, tv),
    await startDevice(server, tv),
  ]
  await decideDevice(visit.browser, allowed, user)
  await decideDevice(visit.browser, denied, user, "Don't allow")
  for (const device of [allowed, allowed, denied, waiting, waiting]) await poll(server, device)
  await poll(server, { ...waiting, client })
  await enterCode(visit.browser, allowed, user)
  await openBrowser(server).open(waiting.completeUri)
  await callApi(server, '/me', waiting.deviceCode)
}

/** Creates personal access tokens in every way, and sends one to wrong places. */
async function goWithPersonalTokens(): Promise<void> {
  const made = await server.server.personalTokens.create(user.id, { name: 'Backup', scopes: ['*'] })
  const token = server.knownSecrets.add('personal access token', made.accessToken)
  await callApi(server, '/orders', token)
  const api = await signInToTokenApi(server, user)
  await createToken(api, { name: 'More', scopes: ['orders:read'] })
  await api.create({ name: '', scopes: [] })
  await api.create({ name: 'a' }, { 'x-csrf-token': token, 'content-type': 'application/json' })
  await api.revoke(token)
  await api.revoke(made.token.id)
  const form = await api.browser.open(server.endpoint('/account/tokens'))
  tokenInPage(server, await api.browser.press(form, 'Generate token', { name: 'By form' }))
  await api.browser.press(form, 'Generate token', { name: 'By form' })
  await callApi(server, '/orders', token)
  await requestToken(server, client, { grant_type: 'refresh_token', refresh_token: token })
}

/** Uses the sign-in API on three devices, and sends each of their tokens to wrong places. */
async function signInByApi(): Promise<void> {
  const phone = await logIn(server, user, { device_name: 'Phone' })
  const tablet = await logIn(server, user, { device_token: phone.device_token })
  const desktop = await logIn(server, user, { device_token: 'not a device token', scope: 'orders:read' })
  const wrong = server.knownSecrets.add('wrong password', 'wrong password sent by an app')
  await postLogin(server, { ...user, password: wrong }, { device_token: phone.device_token })
  await postLogin(server, user, { device_name: '', device_token: phone.device_token })
  for (const wrongToken of [phone.access_token, phone.device_token, phone.session_id]) {
    await postRefresh(server, wrongToken)
    await callSignInApi(server, '/auth/logout', { body: { refresh_token: wrongToken } })
  }
  for (const wrongToken of [phone.refresh_token, phone.device_token]) {
    await callApi(server, '/me', wrongToken)
    await callSignInApi(server, '/auth/devices', { token: wrongToken, method: 'GET' })
    await callSignInApi(server, `/auth/devices/${wrongToken}`, {
      token: phone.access_token,
      method: 'DELETE',
    })
  }
  const next = await postRefresh(server, phone.refresh_token)
  server.clock.advance('2m')
  await postRefresh(server, phone.refresh_token)
  await postRefresh(server, String(next.body['refresh_token']))
  await callSignInApi(server, `/auth/devices/${desktop.session_id}`, {
    token: tablet.access_token,
    method: 'DELETE',
  })
  await callSignInApi(server, '/auth/logout', { body: { refresh_token: tablet.refresh_token } })
  await callApi(server, '/me', tablet.access_token)
}

/** Changes the password of another user, with new and old tokens. */
async function changePasswords(): Promise<void> {
  const other = await server.addUser()
  const { access_token: token } = await logIn(server, other)
  const password = server.knownSecrets.add('password', 'changed by an app')
  server.clock.advance('16m')
  const { access_token: old } = await logIn(server, other)
  await callSignInApi(server, '/auth/password', { token, body: { password } })
  await callSignInApi(server, '/auth/password', { token: old, body: { password: 'short' } })
  const changed = await callSignInApi(server, '/auth/password', {
    token: old,
    body: { password, current_password: other.password },
  })
  if (changed.status !== 200) throw new Error(`The password was not changed: ${changed.status}`)
  await callSignInApi(server, '/auth/password', { token: old, body: { password: other.password } })
}

/** Signs in by the API in every way, and sends each token to wrong places. */
async function goWithApps(): Promise<void> {
  const [phone, tablet] = [
    await logIn(server, user, { device_name: 'Phone' }),
    await logIn(server, user, { scope: 'profile' }),
  ]
  const valuesOf = (device: object): readonly string[] => Object.values<unknown>({ ...device }).map(String)
  const tokens = valuesOf(phone)
  for (const token of [...tokens, ...valuesOf(tablet)]) {
    await callSignInApi(server, '/auth/devices', { method: 'GET', token })
    await postRefresh(server, token)
    await postLogin(server, { email: user.email, password: token }, { device_token: token, scope: token })
    await postLogin(server, { email: token, password: 'wrong' }, { device_token: token })
    await callSignInApi(server, '/auth/login', { body: token })
  }
  server.clock.advance('2m')
  await postRefresh(server, phone.refresh_token)
  for (const token of tokens) await callSignInApi(server, '/auth/logout', { token })
  for (const token of tokens) await callSignInApi(server, '/auth/logout', { body: { refresh_token: token } })
}

/** Resets a password by the API and on the page, and sends the tokens of the links to wrong places. */
async function resetPasswords(): Promise<void> {
  const other = await server.addUser()
  const { access_token: token } = await logIn(server, other)
  const requestLink = async (count: number) => {
    await callSignInApi(server, '/auth/forgot-password', { body: { username: other.email } })
    return mailbox.newest(other.email, count)
  }
  const first = await requestLink(1)
  await callApi(server, '/me', first.token)
  await postRefresh(server, first.token)
  await callSignInApi(server, `/auth/devices/${first.token}`, { token, method: 'DELETE' })
  const reset = (password: string) =>
    callSignInApi(server, '/auth/reset-password', { body: { token: first.token, password } })
  const password = server.knownSecrets.add('password', 'reset by an app')
  const statuses = [
    (await reset('short')).status,
    (await reset(password)).status,
    (await reset(password)).status,
  ]
  expect(statuses).toEqual([400, 200, 400])
  const second = await requestLink(2)
  const browser = openBrowser(server)
  await browser.open(first.url)
  const page = await browser.open(second.url)
  for (const text of ['short', server.knownSecrets.add('password', 'reset on the page')])
    await browser.press(page, 'Change password', { new_password: text })
  await browser.open(second.url)
}

/** Sends each secret to a wrong place. */
async function failInEveryWay(token: string): Promise<void> {
  const other = await server.addClient({ type: 'public' })
  const { exchange } = await getCode(visit)
  await requestToken(server, other, exchange)
  await requestToken(server, client, { ...exchange, code_verifier: 'a'.repeat(43) })
  await requestToken(server, { ...client, secret: machine.secret }, exchange)
  await requestToken(server, client, { grant_type: 'refresh_token', refresh_token: token })
  await callApi(server, '/me', machine.secret ?? '')
  const browser = openBrowser(server)
  const login = await browser.open(authorizationUrl(server, client, { scope: 'profile', prompt: 'consent' }))
  await browser.signIn(login, {
    ...user,
    password: server.knownSecrets.add('wrong password', 'wrong password typed'),
  })
  const consent = await browser.signIn(login, user)
  await browser.press(consent, 'Allow', { csrf: '' })
  await browser.press(consent, "Don't allow")
}

const secrets = () => [...server.knownSecrets.entries.keys()]
const kinds = () => new Set(server.knownSecrets.entries.values())

test('every kind of secret was issued', () => {
  expect([...kinds()].sort()).toEqual([
    'access token',
    'authorization code',
    'client secret',
    'code verifier',
    'consent',
    'cookie',
    'csrf',
    'device code',
    'device token',
    'password',
    'personal access token',
    'refresh token',
    'reset token',
    'seed of a refresh token',
    'user code',
    'wrong password',
  ])
  expect(secrets().length).toBeGreaterThan(30)
  expect(server.logs.length).toBeGreaterThan(5)
  expect(server.events.length).toBeGreaterThan(20)
})

describe('no secret is', () => {
  const places = { logs: [], events: [], file: join(server.file, 'none') }

  test('in the log', () => {
    expect(findLeaks(server.knownSecrets, { ...places, logs: server.logs })).toEqual([])
  })

  test('in an event', () => {
    expect(findLeaks(server.knownSecrets, { ...places, events: server.events })).toEqual([])
  })

  test('in any table, nor in the bytes of the file and its journal', () => {
    expect(existsSync(`${server.file}-wal`)).toBe(true)
    expect(findLeaks(server.knownSecrets, { ...places, file: server.file })).toEqual([])
  })

  test.runIf(hasRedis)('in any key, value or message that Redis received', async () => {
    const lastSession = server.events.findLast(({ name }) => name === 'session.ended')
    const isPublished = async () => redisCommands.join('').includes(String(lastSession?.payload['sessionId']))
    expect(await eventually(isPublished)).toBe(true)
    expect(findLeaks(server.knownSecrets, { ...places, logs: redisCommands })).toEqual([])
  })

  test('missed by the search: it finds known values in each place', () => {
    const issued = server.events.find(({ name }) => name === 'token.issued')
    const planted = new Map([
      [String(issued?.payload['authorizationId']), 'authorization id'],
      [user.email, 'email'],
    ])
    const knownSecrets = { ...server.knownSecrets, entries: planted }
    const found = findLeaks(knownSecrets, { logs: [user.email], events: server.events, file: server.file })
    for (const place of ['the tables', 'the bytes of', 'the events', 'the log'])
      expect(found.some((text) => text.includes(place))).toBe(true)
  })
})

test('the database contains hashes instead of secrets', () => {
  const text = dumpTables(server.file)
  expect(text).toContain('$argon2id$')
  expect(text).toContain(user.email)
})

describe('the log', () => {
  test('has one JSON object per line, with time, level and message', () => {
    for (const text of server.logs) {
      expect(text.endsWith('\n')).toBe(true)
      expect(JSON.parse(text)).toMatchObject({
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as unknown,
        level: expect.stringMatching(/^(?:debug|info|warn|error)$/) as unknown,
        message: expect.any(String) as unknown,
      })
    }
  })

  test('says why a request was refused, with the request ID of the response', async () => {
    const { headers, body } = await requestToken(server, machine, { grant_type: 'refresh_token' })
    const id = headers.get('x-request-id')
    const line = server.logs
      .map((text) => JSON.parse(text) as Record<string, unknown>)
      .find((entry) => entry['requestId'] === id)
    expect(body['error_description']).not.toContain(machine.id)
    expect(line).toMatchObject({
      level: 'warn',
      message: 'Request refused',
      method: 'POST',
      path: '/oauth/token',
      status: 400,
      code: 'unauthorized_client',
      detail: `client ${machine.id} lacks the grant refresh_token`,
      address: '127.0.0.1',
    })
    expect(server.events).toContainEqual({
      name: 'request.refused',
      payload: expect.objectContaining({ requestId: id, code: 'unauthorized_client' }) as unknown,
    })
  })

  test('says why a sign-in failed, unlike the page', async () => {
    const browser = openBrowser(server)
    const page = await browser.signIn(await browser.open(server.endpoint('/login')), {
      email: 'nobody@example.com',
      password: 'whatever it is',
    })
    const line = server.logs.find((text) => text.includes(page.headers.get('x-request-id') ?? '?'))
    expect(line).toContain('no such user')
    expect(page.text).not.toContain('no such')
  })
})

test('a leak fails the test that causes it, because every server searches when it closes', async () => {
  const leaky = await startServer()
  await leaky.server.ready()
  leaky.knownSecrets.add('planted', 'planted-in-the-file')
  await leaky.server.clients.create({ name: 'planted-in-the-file', redirectUris: ['https://app.example/'] })
  await expect(leaky.close()).rejects.toThrow('planted in the tables')
})
