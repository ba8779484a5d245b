import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { createGuard } from '../../src/guard/standalone.ts'
import { authorizationCode, clientCredentials, deviceCode, refreshToken, signIn } from '../../src/index.ts'
import type { Duration } from '../../src/index.ts'
import { silentLogger } from '../../src/lib/log.ts'
import { startBalanced } from '../support/balancer.ts'
import { openBrowser } from '../support/browser.ts'
import { addDeviceClient, decideDevice, poll, pollOutcome, startDevice } from '../support/device.ts'
import {
  authorizationUrl,
  authorize,
  callApi,
  claimOf,
  codeIn,
  getCodeFlowTokens,
  getTokens,
  refresh,
  requestToken,
} from '../support/oauth-client.ts'
import type { CodeFlow, JsonResponse, Tokens } from '../support/oauth-client.ts'
import { sampleOf } from '../support/dose.ts'
import { createMailbox } from '../support/password-reset.ts'
import { createToken, signInToTokenApi } from '../support/personal-tokens.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { callSignInApi, logIn, postRefresh } from '../support/sign-in-api.ts'

const HALF = '15s'
/** For a busy machine. */
const SLOW = { timeout: 30_000 }

const mailbox = createMailbox()
/** Two nodes whose clocks are 30 seconds apart. Each request goes to the other node than the one before. */
const balanced = await startBalanced({
  grants: [authorizationCode(), refreshToken(), clientCredentials(), deviceCode(), signIn()],
  revocations: { pollInterval: '20ms', maxStaleness: '1m' },
  passwordReset: mailbox.passwordReset,
})
const { server, nodes, startWith } = balanced
const [ahead, behind] = nodes
ahead.clock.advance(HALF)
behind.clock.turnBack(HALF)
const [user, client] = [await server.addUser(), await server.addClient()]
mailbox.watch(server.knownSecrets)
afterAll(balanced.close)

const advanceBoth = (duration: Duration): void => {
  for (const { clock } of nodes) clock.advance(duration)
}
const newVisit = (changes: Partial<CodeFlow> = {}): CodeFlow => ({
  server,
  browser: openBrowser(server),
  client,
  user,
  ...changes,
})
const tokenIn = ({ body }: JsonResponse): string => String(body['refresh_token'])
const outcomeAt = async (node: TestServer, token: string): Promise<unknown> => {
  const { status, body } = await callApi(node, '/me', token)
  return status === 200 ? 200 : body['error_description']
}
const outcomes = (token: string): Promise<unknown[]> =>
  Promise.all(nodes.map((node) => outcomeAt(node, token)))

describe.each([
  ['the node that is ahead', 0],
  ['the node that is behind', 1],
])('in turns, starting with %s,', (_, first) => {
  test('a user signs in, allows a client, which refreshes many times, and signs out', async () => {
    startWith(first)
    const visit = newVisit()
    const tokens: { -readonly [Name in keyof Tokens]: Tokens[Name] } = await getCodeFlowTokens(visit)
    for (let turn = 0; turn < 6; turn += 1) {
      expect(await outcomes(tokens.access_token)).toEqual([200, 200])
      const next = await refresh({ server, client }, tokens.refresh_token)
      expect(next.status).toBe(200)
      tokens.access_token = String(next.body['access_token'])
      tokens.refresh_token = tokenIn(next)
    }
    const { browser } = visit
    await browser.press(await browser.open('/logout'), 'Sign out')
    await expect.poll(() => outcomes(tokens.access_token), SLOW).toEqual(['Token revoked', 'Token revoked'])
    expect((await refresh({ server, client }, tokens.refresh_token)).body['error']).toBe('invalid_grant')
  })

  test('a user who is signed in signs in again for prompt=login', async () => {
    startWith(first)
    const { browser } = newVisit()
    await authorize(browser, authorizationUrl(server, client, { scope: 'profile' }), user)
    const again = authorizationUrl(server, client, { scope: 'profile', prompt: 'login' })
    const page = await browser.open(again)
    expect(page.url.pathname).toBe('/login')
    expect(codeIn(await browser.signIn(page, user))).not.toBe('')
  })

  test('a refresh that is repeated within a short grace window is never a replay', async () => {
    const brief = await server.addClient({ graceWindow: '10s' })
    const visit = newVisit({ client: brief })
    const { refresh_token: token } = await getCodeFlowTokens(visit)
    startWith(first)
    const rotated = await refresh({ server, client: brief }, token)
    advanceBoth('9s')
    const repeated = await refresh({ server, client: brief }, token)
    expect([repeated.status, tokenIn(repeated)]).toEqual([200, tokenIn(rotated)])
    // The window, the tolerance and the difference.
    advanceBoth('2m')
    startWith(first + 1)
    expect((await refresh({ server, client: brief }, token)).body['error']).toBe('invalid_grant')
    expect((await refresh({ server, client: brief }, tokenIn(rotated))).body['error']).toBe('invalid_grant')
  })

  test('a repeated refresh without a grace window is a replay', async () => {
    const strict = await server.addClient({ graceWindow: 0 })
    const { refresh_token: token } = await getCodeFlowTokens(newVisit({ client: strict }))
    startWith(first)
    expect((await refresh({ server, client: strict }, token)).status).toBe(200)
    expect((await refresh({ server, client: strict }, token)).body['error']).toBe('invalid_grant')
  })

  test.each(['0s', '27s'] as const)(
    'a device that keeps its interval is never told to slow down, if the clocks are %s closer',
    async (closer) => {
      ahead.clock.turnBack(closer)
      onTestFinished(() => ahead.clock.advance(closer))
      const device = await startDevice(server, await addDeviceClient(server))
      startWith(first)
      for (let turn = 0; turn < 10; turn += 1) {
        expect(await pollOutcome(server, device)).toBe('authorization_pending')
        advanceBoth('5s')
      }
      await decideDevice(openBrowser(server), device, user)
      expect(await pollOutcome(server, device)).toBe('200')
    },
  )

  test('a device that polls too often gets slow_down', async () => {
    const device = await startDevice(server, await addDeviceClient(server))
    startWith(first)
    const errors = []
    for (let turn = 0; turn < 3; turn += 1) errors.push((await poll(nodes[0], device)).body['error'])
    expect(errors).toEqual(['authorization_pending', 'slow_down', 'slow_down'])
  })

  test('a personal access token that was just generated works everywhere, without another password', async () => {
    startWith(first)
    const api = await signInToTokenApi(server, user)
    const { accessToken } = await createToken(api)
    expect(await outcomes(accessToken)).toEqual([200, 200])
  })

  test('an app signs in, refreshes, lists devices and signs out by the API', async () => {
    startWith(first)
    const tokens = await logIn(server, user)
    for (let turn = 0; turn < 4; turn += 1) {
      expect(await outcomes(tokens.access_token)).toEqual([200, 200])
      const { status, body } = await postRefresh(server, tokens.refresh_token)
      expect(status).toBe(200)
      Object.assign(tokens, body)
    }
    const { access_token: token } = tokens
    const { status, body } = await callSignInApi(server, '/auth/devices', { method: 'GET', token })
    expect([status, JSON.stringify(body)]).toEqual([200, expect.stringContaining(tokens.session_id)])
    expect((await callSignInApi(server, '/auth/logout', { token })).status).toBe(204)
    await expect.poll(() => outcomes(token), SLOW).toEqual(['Token revoked', 'Token revoked'])
  })

  test('a link for a forgotten password works for 29 of its 30 minutes, once', async () => {
    const forgetful = await server.addUser()
    startWith(first)
    await callSignInApi(server, '/auth/forgot-password', { body: { username: forgetful.email } })
    const { token } = await mailbox.newest(forgetful.email)
    advanceBoth('29m')
    const password = server.knownSecrets.add('password', 'battery staple correct')
    const reset = () => callSignInApi(server, '/auth/reset-password', { body: { token, password } })
    expect([(await reset()).status, (await reset()).status]).toEqual([200, 400])
    expect((await logIn(server, { ...forgetful, password })).session_id).not.toBe('')
  })

  test('both secrets of a client work during their overlap', async () => {
    const machine = await server.addClient({ grantTypes: ['client_credentials'] })
    const node = nodes[first] ?? ahead
    const rotated = await node.server.clients.rotateSecret(machine.id, { overlap: '1h' })
    server.knownSecrets.add('client secret', rotated?.secret ?? '')
    for (const secret of [machine.secret, rotated?.secret])
      for (const each of nodes) {
        const response = await requestToken(
          each,
          { ...machine, secret },
          { grant_type: 'client_credentials' },
        )
        expect(response.status).toBe(200)
      }
  })

  test('a refused request is explained by the other node', async () => {
    const refused = await requestToken(nodes[first] ?? ahead, client, { grant_type: 'refresh_token' })
    const requestId = refused.headers.get('x-request-id') ?? ''
    const other = nodes[1 - first] ?? behind
    await expect.poll(async () => (await other.server.audit.find(requestId)).length, SLOW).toBe(1)
  })
})

describe('a revocation', () => {
  const REVOKERS = [
    ['ahead', ahead],
    ['behind', behind],
  ] as const

  test.each(sampleOf(REVOKERS))(
    'by a node that is %s lasts until every node and guard has expired the token, also after a purge',
    async (_, revoker) => {
      const pair = await startBalanced({ revocations: { pollInterval: '20ms', maxStaleness: '1m' } })
      onTestFinished(pair.close)
      const [fast, slow] = pair.nodes
      fast.clock.advance(HALF)
      slow.clock.turnBack(HALF)
      const follower = await pair.server.addClient({ followsRevocations: true, redirectUris: [] })
      const visit = { server: pair.server, browser: openBrowser(pair.server) }
      const tokens = await getCodeFlowTokens({
        ...visit,
        client: await pair.server.addClient(),
        user: await pair.server.addUser(),
      })
      const issuedAt = Number(claimOf(tokens.access_token, 'iat'))
      const expiresAt = Number(claimOf(tokens.access_token, 'exp'))
      await (revoker === ahead ? fast : slow).server.sessions.revoke(claimOf(tokens.access_token, 'sid'))
      await expect.poll(() => outcomeAt(slow, tokens.access_token), SLOW).toBe('Token revoked')
      // The newest entry would stay in the feed and in the store anyway.
      await fast.server.tokens.revoke({ tokenId: 'newest', expiresAt: (expiresAt + 3600) * 1000 })
      // The last seconds in which the slower clock has not expired the token, and the other one has.
      const elapsed: Duration = `${expiresAt - issuedAt - 20}s`
      fast.clock.advance(elapsed)
      slow.clock.advance(elapsed)
      for (const node of [fast, slow]) await node.server.purge({ hours: 0 })
      // Time for a sweep, which must not drop the entry.
      await new Promise((resolve) => setTimeout(resolve, 1500))
      expect(await outcomeAt(fast, tokens.access_token)).toBe('Token expired')
      expect(await outcomeAt(slow, tokens.access_token)).toBe('Token revoked')
      const clock = { now: () => slow.clock.now() }
      const late = await startServer({ issuer: pair.server.issuer, file: fast.file, clock })
      onTestFinished(late.close)
      expect(await outcomeAt(late, tokens.access_token)).toBe('Token revoked')
      const guard = createGuard({
        issuer: pair.server.issuer,
        revocations: { clientId: follower.id, clientSecret: follower.secret ?? '' },
        clock,
        logger: silentLogger,
      })
      onTestFinished(guard.close)
      // The feed of the node that is ahead.
      pair.startWith(0)
      const headers = { authorization: `Bearer ${tokens.access_token}` }
      const response = await guard.user()(new Request('http://localhost/', { headers }))
      expect(response instanceof Response && (await response.json())).toMatchObject({
        error_description: 'Token revoked',
      })
    },
  )

  test('of a user leaves alone who signs in right after it at the other node', async () => {
    for (const [one, other] of [nodes, nodes.toReversed()] as const) {
      const target = await server.addUser()
      const before = await getCodeFlowTokens(newVisit({ user: target }))
      await (one ?? ahead).server.users.signOutEverywhere(target.id)
      startWith(nodes.indexOf(other ?? behind))
      const after = await getCodeFlowTokens(newVisit({ user: target }))
      await expect.poll(() => outcomes(before.access_token), SLOW).toEqual(['Token revoked', 'Token revoked'])
      expect(await outcomes(after.access_token)).toEqual([200, 200])
      expect((await refresh({ server, client }, after.refresh_token)).status).toBe(200)
    }
  })

  test('of a machine token by its ID is known to both nodes until it expires', async () => {
    const machine = await server.addClient({ grantTypes: ['client_credentials'] })
    const { access_token: token } = await getTokens(server, machine, { grant_type: 'client_credentials' })
    const expiresAt = Number(claimOf(token, 'exp')) * 1000
    await ahead.server.tokens.revoke({ tokenId: claimOf(token, 'jti'), expiresAt })
    const atMachine = async (node: TestServer) =>
      (await callApi(node, '/machine', token)).body['error_description']
    await expect
      .poll(() => Promise.all(nodes.map(atMachine)), SLOW)
      .toEqual(['Token revoked', 'Token revoked'])
  })
})
