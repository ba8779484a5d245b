import { afterAll, beforeAll, beforeEach, describe, expect, test as vitest } from 'vitest'
import { signIn } from '../../src/index.ts'
import { startBalanced, type Balanced } from '../support/balancer.ts'
import { linkTo, openBrowser, type Browser } from '../support/browser.ts'
import { eventually } from '../support/cluster.ts'
import { commonConfig } from '../support/config.ts'
import { DATABASES, type OpenDatabase } from '../support/databases.ts'
import { isInSample } from '../support/dose.ts'
import {
  addDeviceClient,
  decideDevice,
  getDeviceTokens,
  pollOutcome,
  startDevice,
} from '../support/device.ts'
import {
  authorizationUrl,
  callApi,
  getCode,
  getCodeFlowTokens,
  introspectToken,
  refresh,
  requestToken,
  revokeToken,
} from '../support/oauth-client.ts'
import { createMailbox } from '../support/password-reset.ts'
import { createToken, signInToTokenApi } from '../support/personal-tokens.ts'
import type { TestClient, TestServer, TestUser } from '../support/server.ts'
import { callSignInApi, logIn, postLogin, postRefresh } from '../support/sign-in-api.ts'

/*
 * Two nodes that share only a database, behind a load balancer: each request goes to the other node than the one before.
 */

const POLL_INTERVAL = '50ms'

/** One of them also the other way round: a flow whose requests all came in pairs would otherwise use one node only. */
const CASES = [
  ...DATABASES.map((kind) => ({ ...kind, start: 0 })),
  ...DATABASES.slice(0, 1).map((kind) => ({ ...kind, start: 1 })),
].filter(({ isAvailable }) => isAvailable)

describe.for(CASES.map((each, index) => ({ ...each, index })))(
  'on $name, beginning at node $start',
  ({ open, start, index }) => {
    let flows = 0
    /** Tests a flow: on one of the databases in `npm test`. */
    const test = (name: string, work: () => Promise<void>): void =>
      vitest.runIf(isInSample(flows++, index, CASES.length))(name, work)
    const mailbox = createMailbox()
    let database: OpenDatabase
    let balanced: Balanced
    let server: TestServer
    let client: TestClient
    let user: TestUser
    let browser: Browser

    beforeAll(async () => {
      database = await open()
      const options = {
        grants: [...commonConfig().grants, signIn()],
        passwordReset: mailbox.passwordReset,
        revocations: { pollInterval: POLL_INTERVAL, maxStaleness: '1m' },
        purge: 'manual',
      } as const
      balanced = await startBalanced(options, database.url)
      server = balanced.server
      mailbox.watch(server.knownSecrets)
      client = await server.addClient()
    })
    afterAll(async () => {
      await balanced.close()
      await database.drop()
    })
    beforeEach(async () => {
      user = await server.addUser()
      browser = openBrowser(server)
      balanced.startWith(start)
    })

    const isAccepted = async (token: string): Promise<boolean> =>
      (await callApi(server, '/me', token)).status === 200
    /** Both nodes, because each call goes to the other one. */
    const isRejected = async (token: string): Promise<boolean> =>
      !(await isAccepted(token)) && !(await isAccepted(token))
    const advance = (): void => {
      for (const { clock } of balanced.nodes) clock.advance('1m')
    }

    test('sign-in, consent, code, API call and refresh, with retries within the grace window', async () => {
      const flow = { server, browser, client, user }
      const tokens = await getCodeFlowTokens(flow)
      expect(await isAccepted(tokens.access_token)).toBe(true)
      const first = await refresh(flow, tokens.refresh_token)
      const retries = [await refresh(flow, tokens.refresh_token), await refresh(flow, tokens.refresh_token)]
      expect([first, ...retries].map(({ status }) => status)).toEqual([200, 200, 200])
      const successor = String(first.body['refresh_token'])
      expect(retries.map(({ body }) => body['refresh_token'])).toEqual([successor, successor])
      expect((await refresh(flow, successor)).status).toBe(200)
      // The consent is remembered.
      const again = await browser.open(authorizationUrl(server, client, { scope: 'orders:read' }))
      expect(again.url.searchParams.has('code')).toBe(true)
    })

    test('a code that is used twice', async () => {
      const { exchange } = await getCode({ server, browser, client, user })
      const { status, body } = await requestToken(server, client, exchange)
      expect(status).toBe(200)
      expect((await requestToken(server, client, exchange)).body['error']).toBe('invalid_grant')
      expect(await eventually(() => isRejected(String(body['access_token'])))).toBe(true)
    })

    test('a device', async () => {
      const device = await startDevice(server, await addDeviceClient(server))
      expect(await pollOutcome(server, device)).toBe('authorization_pending')
      await decideDevice(browser, device, user)
      advance()
      const { access_token: token } = await getDeviceTokens(server, device)
      expect(await isAccepted(token)).toBe(true)
      expect(await pollOutcome(server, device)).toBe('invalid_grant')
    })

    test('the sign-in API', async () => {
      const { access_token: token, refresh_token: refreshToken } = await logIn(server, user)
      const devices = await callSignInApi(server, '/auth/devices', { token, method: 'GET' })
      expect(devices.status).toBe(200)
      const { status, body } = await postRefresh(server, refreshToken)
      expect(status).toBe(200)
      const renewed = String(body['access_token'])
      expect((await callSignInApi(server, '/auth/logout', { token: renewed })).status).toBe(204)
      expect(await eventually(() => isRejected(renewed))).toBe(true)
      expect((await postRefresh(server, String(body['refresh_token']))).status).toBe(401)
    })

    test('a forgotten password', async () => {
      const { access_token: token } = await logIn(server, user)
      const form = await browser.open(
        linkTo(await browser.open(server.endpoint('/login')), 'Forgot password?'),
      )
      await browser.press(form, 'Send link', { username: user.email })
      const { url } = await mailbox.newest(user.email)
      const password = server.knownSecrets.add('password', `battery staple ${user.id}`)
      const done = await browser.press(await browser.open(url), 'Change password', { new_password: password })
      expect(done.text).toContain('Your password was changed')
      expect(await eventually(() => isRejected(token))).toBe(true)
      expect((await postLogin(server, user)).status).toBe(401)
      expect((await postLogin(server, { ...user, password })).status).toBe(200)
    })

    test('a token that is revoked, and checked', async () => {
      const flow = { server, browser, client, user }
      const api = await server.addClient({ redirectUris: [], introspects: true })
      const { access_token: token, refresh_token: refreshToken } = await getCodeFlowTokens(flow)
      expect((await introspectToken(server, api, token)).body['active']).toBe(true)
      expect((await revokeToken(server, client, refreshToken)).status).toBe(200)
      const isInactive = async (): Promise<boolean> =>
        (await introspectToken(server, api, token)).body['active'] === false
      expect(await eventually(async () => (await isInactive()) && (await isInactive()))).toBe(true)
      expect(await eventually(() => isRejected(token))).toBe(true)
      expect((await refresh(flow, refreshToken)).body['error']).toBe('invalid_grant')
    })

    test('a personal access token', async () => {
      const api = await signInToTokenApi(server, user, { browser })
      const { id, accessToken } = await createToken(api)
      expect(await isAccepted(accessToken)).toBe(true)
      expect((await api.list()).map((token) => token.id)).toEqual([id])
      expect((await api.revoke(id)).status).toBe(204)
      expect(await api.list()).toEqual([])
      expect(await eventually(() => isRejected(accessToken))).toBe(true)
    })

    test('signing out in the browser', async () => {
      const flow = { server, browser, client, user }
      const { access_token: token, refresh_token: refreshToken } = await getCodeFlowTokens(flow)
      const page = await browser.press(await browser.open(server.endpoint('/logout')), 'Sign out')
      expect(page.text).toContain("You're signed out")
      for (const _ of balanced.nodes)
        expect((await browser.open(authorizationUrl(server, client))).url.pathname).toBe('/login')
      expect((await refresh(flow, refreshToken)).body['error']).toBe('invalid_grant')
      expect(await eventually(() => isRejected(token))).toBe(true)
    })

    test('a client secret that is rotated, a client that is changed, and one that is revoked', async () => {
      const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
      const ask = (as = machine, form = {}) =>
        requestToken(server, as, { grant_type: 'client_credentials', ...form })
      expect([(await ask()).status, (await ask()).status]).toEqual([200, 200])
      const [node, other] = balanced.nodes
      const rotated = await node.server.clients.rotateSecret(machine.id, { overlap: 0 })
      const renewed = { ...machine, secret: server.knownSecrets.add('client secret', rotated?.secret ?? '') }
      // A node reads a client again before it rejects it.
      expect([(await ask(renewed)).status, (await ask(renewed)).status]).toEqual([200, 200])
      expect((await ask(machine)).status).toBe(401)
      const isChanged = async (): Promise<boolean> =>
        (await ask(renewed, { scope: 'profile' })).status === 200
      expect(await isChanged()).toBe(false)
      await other.server.clients.update(machine.id, { scopes: ['profile'] })
      expect(await eventually(async () => (await isChanged()) && (await isChanged()))).toBe(true)
      await node.server.clients.revoke(machine.id)
      const isRefused = async (): Promise<boolean> => (await ask(renewed)).status === 401
      expect(await eventually(async () => (await isRefused()) && (await isRefused()))).toBe(true)
    })

    test('a user who is disabled at one node', async () => {
      const { access_token: token, refresh_token: refreshToken } = await logIn(server, user)
      const [node] = balanced.nodes
      await node.store.users.update(user.id, { disabledAt: node.clock.now() })
      await node.server.users.signOutEverywhere(user.id)
      expect((await postLogin(server, user)).status).toBe(401)
      expect((await postLogin(server, user)).status).toBe(401)
      expect((await postRefresh(server, refreshToken)).status).toBe(401)
      expect(await eventually(() => isRejected(token))).toBe(true)
    })
  },
)
