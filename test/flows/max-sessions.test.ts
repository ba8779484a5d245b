import { afterAll, expect, test } from 'vitest'
import { passwordGrant, signIn } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import { addDeviceClient, decideDevice, poll, startDevice } from '../support/device.ts'
import { callApi, requestToken } from '../support/oauth-client.ts'
import { startServer, type TestUser } from '../support/server.ts'
import { logIn, postRefresh } from '../support/sign-in-api.ts'

const server = await startServer({
  maxSessions: 2,
  grants: [...commonConfig().grants, signIn(), passwordGrant()],
})
afterAll(server.close)

const sessionsOf = async ({ id }: TestUser): Promise<readonly string[]> =>
  (await server.server.sessions.list(id)).map(({ id: sessionId }) => sessionId).toSorted()

const endedBy = (reason: string): readonly unknown[] =>
  server.events
    .filter(({ name, payload }) => name === 'session.ended' && payload['reason'] === reason)
    .map(({ payload }) => payload['sessionId'])

test('a new sign-in ends the oldest session, whose tokens stop working immediately', async () => {
  const user = await server.addUser()
  const [first, second, third] = [
    await logIn(server, user),
    await logIn(server, user),
    await logIn(server, user),
  ]
  expect(await sessionsOf(user)).toEqual([second.session_id, third.session_id].toSorted())
  expect(endedBy('max_sessions')).toEqual([first.session_id])
  const refused = await callApi(server, '/me', first.access_token)
  expect([refused.status, refused.body['error_description']]).toEqual([401, 'Token revoked'])
  expect((await postRefresh(server, first.refresh_token)).body['error_description']).toBe('Token revoked')
  for (const { access_token: token } of [second, third])
    expect((await callApi(server, '/me', token)).status).toBe(200)
})

test('browsers, apps with the password grant and devices with a code count too', async () => {
  const user = await server.addUser()
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login')), user)
  const [inBrowser] = await sessionsOf(user)
  const app = await server.addClient({ grantTypes: ['password', 'refresh_token'] })
  const { email: username, password } = user
  const grant = await requestToken(server, app, { grant_type: 'password', username, password })
  const device = await startDevice(server, await addDeviceClient(server))
  await decideDevice(browser, device, user)
  const tv = await poll(server, device)
  expect([grant.status, tv.status]).toEqual([200, 200])
  const remaining = await sessionsOf(user)
  expect(remaining).toHaveLength(2)
  expect(remaining).not.toContain(inBrowser)
  expect((await browser.open(server.endpoint('/login'))).forms.map(({ label }) => label)).toContain('Sign in')
})

test('signing in again in the same browser ends no session', async () => {
  const user = await server.addUser()
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login')), user)
  const phone = await logIn(server, user)
  const before = await sessionsOf(user)
  await browser.signIn(await browser.open(server.endpoint('/login?prompt=login')), user)
  expect(await sessionsOf(user)).toEqual(before)
  expect(before).toContain(phone.session_id)
})

test('other users keep their sessions', async () => {
  const [user, other] = [await server.addUser(), await server.addUser()]
  const kept = await logIn(server, other)
  for (let count = 0; count < 3; count += 1) await logIn(server, user)
  expect(await sessionsOf(other)).toEqual([kept.session_id])
})

test('a sign-in counts as the newest, even if the clock was set back since the others', async () => {
  const user = await server.addUser()
  await logIn(server, user)
  const second = await logIn(server, user)
  server.clock.turnBack('10m')
  const third = await logIn(server, user)
  expect(await sessionsOf(user)).toEqual([second.session_id, third.session_id].toSorted())
  server.clock.advance('10m')
})

test('a session that was signed out or has expired does not count', async () => {
  const user = await server.addUser()
  const [first, second] = [await logIn(server, user), await logIn(server, user)]
  await server.server.sessions.revoke(second.session_id)
  const third = await logIn(server, user)
  expect(await sessionsOf(user)).toEqual([first.session_id, third.session_id].toSorted())
  server.clock.advance('13h')
  const [fourth, fifth] = [await logIn(server, user), await logIn(server, user)]
  expect(await sessionsOf(user)).toEqual([fourth.session_id, fifth.session_id].toSorted())
  expect(endedBy('max_sessions')).not.toContain(third.session_id)
})
