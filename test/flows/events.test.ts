import { afterAll, describe, expect, test } from 'vitest'
import { EVENT_NAMES } from '../../src/event-map.ts'
import {
  authorizationCode,
  clientCredentials,
  deviceCode,
  implicitGrant,
  passwordGrant,
  refreshToken,
  signIn,
} from '../../src/index.ts'
import { DEVICE_GRANT } from '../../src/model/device-code.ts'
import { openBrowser } from '../support/browser.ts'
import { addDeviceClient, decideDevice, enterCode, startDevice } from '../support/device.ts'
import {
  authorizationUrl,
  authorize,
  claimOf,
  getCode,
  getCodeFlowTokens,
  requestToken,
  revokeToken,
} from '../support/oauth-client.ts'
import type { Parameters } from '../support/oauth-client.ts'
import { createMailbox } from '../support/password-reset.ts'
import { callSignInApi, logIn, postLogin } from '../support/sign-in-api.ts'
import { CALLBACK, startServer } from '../support/server.ts'
import type { RecordedEvent, TestClient } from '../support/server.ts'

const mailbox = createMailbox()
const server = await startServer({
  passwordReset: mailbox.passwordReset,
  grants: [
    authorizationCode(),
    refreshToken(),
    clientCredentials(),
    deviceCode(),
    passwordGrant(),
    implicitGrant(),
    signIn(),
  ],
  throttle: { perAccount: { failures: 2, window: '15m' }, perAddress: { failures: 1000, window: '1m' } },
})
mailbox.watch(server.knownSecrets)
afterAll(server.close)

const user = await server.addUser()
const browser = openBrowser(server)
const redirectUris = [CALLBACK]
const web = await server.addClient({
  grantTypes: ['authorization_code', 'refresh_token', 'password'],
  redirectUris,
})
const app = await server.addClient({ type: 'public', grantTypes: ['implicit'], redirectUris })
const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
const tv = await addDeviceClient(server)
const flow = { server, browser, client: web, user }

/** Returns the events that an action emits, in order. */
async function eventsOf(action: () => Promise<unknown>): Promise<readonly RecordedEvent[]> {
  const before = server.events.length
  await action()
  return server.events.slice(before)
}

const namesOf = async (action: () => Promise<unknown>): Promise<readonly string[]> =>
  (await eventsOf(action)).map(({ name }) => name)

interface Issued {
  readonly accessToken: string
  readonly refreshGeneration?: number | null
  readonly requestId: string | null
}

async function issue(client: TestClient, parameters: Parameters): Promise<Issued> {
  const { status, headers, body } = await requestToken(server, client, parameters)
  expect(status).toBe(200)
  return { ...issuedBy(body), requestId: headers.get('x-request-id') }
}

/** A refresh token names its generation. */
const issuedBy = (body: Readonly<Record<string, unknown>>) => {
  const { refresh_token: token } = body
  const [, , generation] = typeof token === 'string' ? token.split('.') : []
  const refreshGeneration = generation === undefined ? null : Number(generation)
  return { accessToken: String(body['access_token']), refreshGeneration }
}

async function implicitToken(): Promise<Issued> {
  const url = authorizationUrl(server, app, { response_type: 'token', scope: 'orders:read' })
  const { url: target, headers } = await authorize(browser, url, user)
  const accessToken = new URLSearchParams(target.hash.slice(1)).get('access_token') ?? ''
  return { accessToken, requestId: headers.get('x-request-id') }
}

async function personalToken(): Promise<Issued> {
  const ref = { provider: 'users', id: user.id }
  const { accessToken } = await server.server.personalTokens.create(ref, {
    name: 'Script',
    scopes: ['orders:read'],
  })
  server.knownSecrets.add('access token', accessToken)
  return { accessToken, requestId: expect.any(String) as unknown as string }
}

async function approvedDevice(): Promise<Parameters> {
  const device = await startDevice(server, tv)
  await decideDevice(browser, device, user)
  return { grant_type: DEVICE_GRANT, device_code: device.deviceCode }
}

const password = {
  grant_type: 'password',
  username: user.email,
  password: user.password,
  scope: 'orders:read',
}
const refreshParameters = async (): Promise<Parameters> => ({
  grant_type: 'refresh_token',
  refresh_token: (await getCodeFlowTokens(flow)).refresh_token,
})

describe('a grant emits token.issued, and authorization.created and session.started for what is new:', () => {
  const SESSION = ['token.issued', 'session.started', 'authorization.created']
  const AUTHORIZATION = ['token.issued', 'authorization.created']
  const METHODS: Readonly<Record<string, readonly string[]>> = { password: ['pwd'], sign_in: ['pwd'] }

  // Each row prepares what the request needs, and returns the request.
  test.each<[string, TestClient, readonly string[], () => Promise<() => Promise<Issued>>]>([
    [
      'authorization_code',
      web,
      AUTHORIZATION,
      async () => {
        const { exchange } = await getCode(flow)
        return () => issue(web, exchange)
      },
    ],
    [
      'refresh_token',
      web,
      ['token.issued', 'token.refreshed'],
      async () => {
        const parameters = await refreshParameters()
        return () => issue(web, parameters)
      },
    ],
    [
      DEVICE_GRANT,
      tv,
      [...SESSION, 'device.new'],
      async () => {
        const parameters = await approvedDevice()
        return () => issue(tv, parameters)
      },
    ],
    ['password', web, SESSION, async () => () => issue(web, password)],
    [
      'client_credentials',
      machine,
      ['token.issued'],
      async () => () => issue(machine, { grant_type: 'client_credentials', scope: 'orders:read' }),
    ],
    [
      'implicit',
      app,
      AUTHORIZATION,
      async () => {
        await implicitToken()
        return implicitToken
      },
    ],
    [
      'sign_in',
      { id: 'sign-in', secret: undefined, redirectUri: '' },
      [...SESSION, 'device.new'],
      async () => async () => {
        const { headers, body } = await postLogin(server, user, { scope: 'orders:read' })
        return { ...issuedBy(body), requestId: headers.get('x-request-id') }
      },
    ],
    [
      'personal_access',
      { id: 'personal-access', secret: undefined, redirectUri: '' },
      [...AUTHORIZATION, 'personal-token.created'],
      async () => personalToken,
    ],
  ])('%s', async (grantType, client, names, prepare) => {
    const request = await prepare()
    const before = server.events.length
    const { accessToken, requestId, refreshGeneration = null } = await request()
    const events = server.events.slice(before)
    expect(events.map(({ name }) => name)).toEqual(names)

    const isMachine = client === machine
    const sub = isMachine ? machine.id : user.id
    const authorizationId = isMachine ? null : claimOf(accessToken, 'azn')
    const sid = claimOf(accessToken, 'sid')
    const sessionId = sid === 'undefined' ? null : sid
    const payloads: Readonly<Record<string, object>> = {
      'token.issued': {
        requestId,
        grantType,
        clientId: client.id,
        sub,
        authorizationId,
        jti: claimOf(accessToken, 'jti'),
        scopes: ['orders:read'],
        expiresAt: Number(claimOf(accessToken, 'exp')) * 1000,
        refreshGeneration,
      },
      'token.refreshed': {
        requestId,
        authorizationId,
        clientId: client.id,
        sub,
        generation: refreshGeneration,
        isRepeated: false,
      },
      'personal-token.created': {
        requestId,
        authorizationId,
        sub,
        by: 'app',
        name: 'Script',
        scopes: ['orders:read'],
        expiresAt: Number(claimOf(accessToken, 'exp')) * 1000,
      },
      'authorization.created': { requestId, authorizationId, clientId: client.id, sub, sessionId },
      'session.started': {
        requestId,
        sessionId,
        sub,
        address: '127.0.0.1',
        deviceName: 'node',
        methods: METHODS[grantType] ?? [],
      },
      'device.new': { requestId, sessionId, sub, deviceName: 'node', address: '127.0.0.1' },
    }
    for (const { name, payload } of events) expect([name, payload]).toEqual([name, payloads[name]])
  })
})

test('listeners that throw, reject or never settle delay neither tokens nor the end of the server', async () => {
  const other = await startServer()
  const client = await other.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
  for (const name of EVENT_NAMES) {
    other.server.on(name, () => {
      throw new Error('broken')
    })
    other.server.on(name, async () => Promise.reject(new Error('broken')))
    other.server.on(name, async () => new Promise<void>(() => {}))
  }
  for (let round = 0; round < 10; round += 1) {
    const { status } = await requestToken(other, client, { grant_type: 'client_credentials' })
    expect(status).toBe(200)
  }
  await other.server.close()
  await other.close().catch(() => undefined)
})

describe('other events', () => {
  const freshUser = async () => ({ ...flow, browser: openBrowser(server), user: await server.addUser() })
  const signInAs = async ({ browser: theirs, user: who }: typeof flow, secret = who.password) =>
    theirs.signIn(await theirs.open(server.endpoint('/login?prompt=login')), { ...who, password: secret })

  test('a sign-in emits session.started, and a sign-out session.ended', async () => {
    const theirs = await freshUser()
    const [started, added, ...none] = await eventsOf(() => signInAs(theirs))
    const sessionId = started?.payload['sessionId']
    expect([started?.name, added?.name, ...none]).toEqual(['session.started', 'device.new'])
    expect(added?.payload).toMatchObject({ sessionId, sub: theirs.user.id })
    expect(started?.payload).toEqual({
      requestId: expect.any(String) as unknown,
      sessionId,
      sub: theirs.user.id,
      address: '127.0.0.1',
      deviceName: 'Firefox on Linux',
      methods: ['pwd'],
    })
    const page = await theirs.browser.open(server.endpoint('/logout'))
    const ended = await eventsOf(() => theirs.browser.press(page, 'Sign out'))
    expect(ended).toMatchObject([
      { name: 'revocation.written', payload: { entry: { kind: 'session', subject: sessionId } } },
      { name: 'session.ended', payload: { sessionId, sub: theirs.user.id, reason: 'sign_out' } },
    ])
    expect(ended[0]?.payload['requestId']).toBe(ended[1]?.payload['requestId'])
  })

  test('a sign-in on a device that the user has used before does not emit device.new', async () => {
    const theirs = await freshUser()
    await signInAs(theirs)
    expect(await namesOf(() => signInAs(theirs))).toEqual(['session.started'])
    const { device_token: token } = await logIn(server, theirs.user)
    const again = () => logIn(server, theirs.user, { device_token: token })
    expect(await namesOf(again)).not.toContain('device.new')
    const other = await freshUser()
    expect(await namesOf(() => logIn(server, other.user, { device_token: token }))).toContain('device.new')
  })

  test('a sign-out by the sign-in API emits session.ended once, with its reason', async () => {
    const { user: theirs } = await freshUser()
    const [phone, tablet] = [await logIn(server, theirs), await logIn(server, theirs)]
    const path = `/auth/devices/${tablet.session_id}`
    const remote = () => callSignInApi(server, path, { method: 'DELETE', token: phone.access_token })
    const local = () => callSignInApi(server, '/auth/logout', { token: phone.access_token })
    const ended = { name: 'session.ended', payload: { sub: theirs.id } }
    expect(await eventsOf(remote)).toMatchObject([
      { name: 'revocation.written' },
      { ...ended, payload: { sessionId: tablet.session_id, reason: 'signed_out_by_user' } },
    ])
    expect(await eventsOf(local)).toMatchObject([
      { name: 'revocation.written' },
      { ...ended, payload: { sessionId: phone.session_id, reason: 'sign_out' } },
    ])
    expect(await namesOf(local)).toEqual(['revocation.written'])
  })

  test('a wrong password emits sign-in.failed, and too many of them sign-in.throttled', async () => {
    const theirs = await freshUser()
    const failed = await eventsOf(() => signInAs(theirs, 'a wrong password'))
    expect(failed).toMatchObject([
      { name: 'sign-in.failed', payload: { provider: 'users', address: '127.0.0.1', sub: theirs.user.id } },
    ])
    await signInAs(theirs, 'a wrong password')
    const throttled = await eventsOf(() => signInAs(theirs))
    expect(throttled).toMatchObject([
      { name: 'sign-in.throttled', payload: { provider: 'users', address: '127.0.0.1' } },
    ])
    expect(throttled[0]?.payload['retryAfter']).toBeGreaterThan(800)
  })

  test.each([
    ['Allow', 'consent.given', { scopes: ['profile'], resources: [] }, []],
    ["Don't allow", 'consent.denied', {}, [{ name: 'request.refused', payload: { code: 'access_denied' } }]],
  ] as const)(
    'the answer %s emits %s, at the consent page and for a device',
    async (label, name, more, refusals) => {
      const theirs = await freshUser()
      await signInAs(theirs)
      const page = await theirs.browser.open(authorizationUrl(server, web, { scope: 'profile' }))
      const atConsent = await eventsOf(() => theirs.browser.press(page, label))
      const payload = { sub: theirs.user.id, requestId: expect.any(String) as unknown, ...more }
      expect(atConsent[0]).toEqual({ name, payload: { ...payload, clientId: web.id } })
      expect(atConsent.slice(1)).toMatchObject(refusals)
      const device = await startDevice(server, tv, { scope: 'profile' })
      const question = await enterCode(theirs.browser, device, theirs.user)
      const atDevice = await eventsOf(() => theirs.browser.press(question, label))
      expect(atDevice).toEqual([{ name, payload: { ...payload, clientId: tv.id } }])
    },
  )

  test('a refused request emits request.refused', async () => {
    const [event, ...none] = await eventsOf(() =>
      requestToken(server, web, { grant_type: 'refresh_token', refresh_token: 'unknown' }),
    )
    expect(none).toEqual([])
    expect(event).toEqual({
      name: 'request.refused',
      payload: {
        requestId: expect.any(String) as unknown,
        path: '/oauth/token',
        address: '127.0.0.1',
        clientId: web.id,
        sub: null,
        status: 400,
        code: 'invalid_grant',
        detail: expect.any(String) as unknown,
      },
    })
  })

  test('a replayed code or refresh token emits replay.detected once', async () => {
    const { exchange } = await getCode(flow)
    await issue(web, exchange)
    const used = await refreshParameters()
    await issue(web, used)
    server.clock.advance('61s')
    for (const [credential, parameters] of [
      ['code', exchange],
      ['refresh_token', used],
    ] as const) {
      const events = await eventsOf(() => requestToken(server, web, parameters))
      const authorizationId = events[1]?.payload['authorizationId']
      expect(events).toMatchObject([
        {
          name: 'revocation.written',
          payload: { entry: { kind: 'authorization', subject: authorizationId } },
        },
        { name: 'replay.detected', payload: { credential, authorizationId, clientId: web.id } },
        { name: 'request.refused', payload: { code: 'invalid_grant' } },
      ])
      expect(await namesOf(() => requestToken(server, web, parameters))).toEqual(['request.refused'])
    }
  })

  test('a password change emits password.changed, with who changed it', async () => {
    const person = await server.addUser()
    const password = server.knownSecrets.add('password', 'battery staple correct')
    const { access_token: token } = await logIn(server, person)
    const byUser = await eventsOf(() =>
      callSignInApi(server, '/auth/password', { token, body: { password, keep_other_devices: true } }),
    )
    const byApp = await eventsOf(() => server.server.users.setPassword(person, password))
    expect([...byUser, ...byApp].filter(({ name }) => name === 'password.changed')).toEqual([
      {
        name: 'password.changed',
        payload: { requestId: expect.any(String) as unknown, sub: person.id, by: 'user' },
      },
      { name: 'password.changed', payload: { requestId: null, sub: person.id, by: 'app' } },
    ])
  })

  test('a forgotten password emits password-reset.requested and password.changed, without the token', async () => {
    const person = await server.addUser()
    const names = new Set(['password-reset.requested', 'password.changed'])
    const seen = server.events.length
    await callSignInApi(server, '/auth/forgot-password', { body: { username: person.email } })
    const { token } = await mailbox.newest(person.email)
    const password = server.knownSecrets.add('password', 'battery staple correct')
    await callSignInApi(server, '/auth/reset-password', { body: { token, password } })
    expect(server.events.slice(seen).filter(({ name }) => names.has(name))).toEqual([
      {
        name: 'password-reset.requested',
        payload: { requestId: expect.any(String) as unknown, sub: person.id },
      },
      {
        name: 'password.changed',
        payload: { requestId: expect.any(String) as unknown, sub: person.id, by: 'reset' },
      },
    ])
  })

  test('each change of a client emits an event, with its owner', async () => {
    const { clients } = server.server
    const [app, changes] = [{ name: 'Shop', redirectUris }, { name: 'Shop 2' }]
    const { client: own } = await clients.create(app)
    const events = await eventsOf(async () => {
      const { client } = await clients.create({ ...app, owner: user })
      await clients.update(client.id, changes)
      await clients.update(client.id, changes)
      await clients.rotateSecret(client.id)
      await clients.revoke(client.id)
      await clients.revoke(client.id)
      await clients.update(own.id, changes)
      await clients.update('unknown', changes)
      await clients.revoke('unknown')
    })
    const changed = events.filter(({ name }) => name !== 'revocation.written')
    expect(changed.map(({ name }) => name)).toEqual([
      'client.created',
      'client.updated',
      'client.secret-rotated',
      'client.revoked',
      'client.updated',
    ])
    const clientId = expect.any(String) as unknown
    expect(changed[0]?.payload).toEqual({ requestId: null, clientId, by: 'app', sub: user.id })
    expect(changed.at(-1)?.payload).toEqual({ requestId: null, clientId: own.id, by: 'app', sub: null })
  })

  test('a disconnected app emits app.disconnected', async () => {
    const [person, app] = [await server.addUser(), await server.addClient()]
    await getCodeFlowTokens({ server, browser: openBrowser(server), client: app, user: person })
    const events = await eventsOf(() => server.server.connections.disconnect(person, app.id))
    const payload = { requestId: null, clientId: app.id, sub: person.id, by: 'app' }
    expect(events).toMatchObject([{ name: 'revocation.written' }, { name: 'app.disconnected', payload }])
  })

  test('a refresh with a rotated token within its grace window is repeated', async () => {
    const parameters = await refreshParameters()
    const requests = [parameters, parameters].map((form) => () => issue(web, form))
    const refreshed: unknown[] = []
    for (const request of requests)
      refreshed.push((await eventsOf(request)).find(({ name }) => name === 'token.refreshed')?.payload)
    expect(refreshed).toMatchObject([
      { generation: 1, isRepeated: false },
      { generation: 1, isRepeated: true },
    ])
  })

  /** Returns a user with a session, an app, a token of it and a personal access token. */
  async function fullUser() {
    const [person, app] = [await server.addUser(), await server.addClient()]
    const theirs = openBrowser(server)
    const tokens = await getCodeFlowTokens({ server, browser: theirs, client: app, user: person })
    const { token } = await server.server.personalTokens.create(person, { name: 'CI' })
    const [session] = await server.server.sessions.list(person)
    const authorizationId = claimOf(tokens.access_token, 'azn')
    return { person, app, theirs, tokens, token, sessionId: session?.id ?? '', authorizationId }
  }
  type FullUser = Awaited<ReturnType<typeof fullUser>>

  test.each<[string, string, (user: FullUser) => Promise<unknown>, readonly string[]]>([
    [
      'sessions.revoke',
      'app revoked_by_app',
      ({ sessionId }) => server.server.sessions.revoke(sessionId),
      ['session.ended'],
    ],
    [
      'authorizations.revoke',
      'app authorization_revoked',
      ({ authorizationId }) => server.server.authorizations.revoke(authorizationId),
      [],
    ],
    [
      'personalTokens.revoke',
      'app personal_token_revoked',
      ({ token }) => server.server.personalTokens.revoke(token.id),
      ['personal-token.revoked'],
    ],
    [
      'tokens.revoke',
      'app token_revoked',
      ({ tokens }) =>
        server.server.tokens.revoke({
          tokenId: claimOf(tokens.access_token, 'jti'),
          expiresAt: server.clock.now() + 60_000,
        }),
      [],
    ],
    [
      'users.signOutEverywhere',
      'app signed_out_everywhere',
      ({ person }) => server.server.users.signOutEverywhere(person),
      [],
    ],
    [
      'users.setPassword',
      'app password_changed',
      ({ person }) => server.server.users.setPassword(person, person.password),
      ['password.changed'],
    ],
    [
      'users.forget',
      'app user_forgotten',
      ({ person }) => server.server.users.forget(person),
      ['user.forgotten'],
    ],
    [
      'clients.revoke',
      'app client_revoked',
      ({ app: client }) => server.server.clients.revoke(client.id),
      ['client.revoked'],
    ],
    [
      'the revocation endpoint',
      'client token_revoked',
      ({ app: client, tokens }) => revokeToken(server, client, tokens.refresh_token),
      [],
    ],
    [
      'a sign-in of another user with the same browser',
      'user replaced',
      async ({ theirs }) => signInAs({ ...flow, browser: theirs, user: await server.addUser() }),
      ['session.started', 'device.new', 'session.ended'],
    ],
  ])('%s emits revocation.written with who and why: %s', async (_, cause, act, others) => {
    const full = await fullUser()
    const events = await eventsOf(() => act(full))
    const written = events.filter(({ name }) => name === 'revocation.written')
    expect(written.map(({ payload }) => `${String(payload['by'])} ${String(payload['reason'])}`)).toEqual([
      cause,
    ])
    expect(events.map(({ name }) => name).filter((name) => name !== 'revocation.written')).toEqual(others)
  })

  test('a purge emits purge.completed with its counts, and a dry run nothing', async () => {
    await server.server.purge({ dryRun: true })
    const events = await eventsOf(() => server.server.purge())
    const duration = expect.any(Number) as unknown
    const counts = expect.objectContaining({ sessions: expect.any(Number) as unknown }) as unknown
    expect(events).toEqual([
      { name: 'purge.completed', payload: { requestId: null, isComplete: true, duration, counts } },
    ])
  })

  test('are all covered here, except refresh.ahead and keys.changed, which need more than one server', () => {
    const seen = new Set(server.events.map(({ name }) => name))
    expect(EVENT_NAMES.filter((name) => !seen.has(name))).toEqual(['refresh.ahead', 'keys.changed'])
  })
})
