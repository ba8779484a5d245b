import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { authorizationCode, clientCredentials, refreshToken, signIn } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import {
  authorizationUrl,
  authorize,
  callApi,
  claimOf,
  codeIn,
  getCode,
  getCodeFlowTokens,
  refresh,
  requestToken,
  revokeToken,
  type Tokens,
} from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { callSignInApi, logIn, postRefresh } from '../support/sign-in-api.ts'

const server = await startServer({
  grants: [authorizationCode(), refreshToken(), clientCredentials(), signIn()],
})
const [user, client] = [await server.addUser(), await server.addClient()]
afterAll(server.close)

/** Returns the entries that are in force. */
const entries = () => server.store.revocations.listSince(0, server.clock.now(), 1000)
const countNew = async (action: () => Promise<unknown>): Promise<number> => {
  const newest = (await entries()).at(-1)?.id ?? 0
  await action()
  return (await entries()).filter(({ id }) => id > newest).length
}

test('a user who signs in and out all the time leaves one entry per sign-in, until its tokens have expired', async () => {
  const added = await countNew(async () => {
    for (let count = 0; count < 5; count += 1) {
      const tokens = await logIn(server, user)
      for (let repeat = 0; repeat < 4; repeat += 1) {
        await callSignInApi(server, '/auth/logout', { token: tokens.access_token })
        await callSignInApi(server, '/auth/logout', { body: { refresh_token: tokens.refresh_token } })
        await postRefresh(server, tokens.refresh_token)
      }
    }
  })
  expect(added).toBe(5)
  server.clock.advance('15m')
  // The newest entry of all stays listed.
  expect((await entries()).length).toBe(1)
})

test('a user who signs in and out in a browser leaves an entry for a minute, if no app has tokens', async () => {
  const browser = openBrowser(server)
  const added = await countNew(async () => {
    for (let count = 0; count < 3; count += 1) {
      await browser.signIn(await browser.open('/login'), user)
      await browser.press(await browser.open('/logout'), 'Sign out')
      await browser.open('/logout')
    }
  })
  expect(added).toBe(3)
  server.clock.advance('61s')
  expect((await entries()).length).toBe(1)
})

test('a client that refreshes and revokes all the time leaves one entry per token, until it has expired', async () => {
  const visit = { server, browser: openBrowser(server), client, user }
  let { access_token: token, refresh_token: refreshToken } = await getCodeFlowTokens(visit)
  const added = await countNew(async () => {
    for (let count = 0; count < 5; count += 1) {
      for (let repeat = 0; repeat < 4; repeat += 1) await revokeToken(server, client, token)
      const { body } = await refresh(visit, refreshToken)
      ;({ access_token: token, refresh_token: refreshToken } = body as unknown as Tokens)
    }
    for (let repeat = 0; repeat < 4; repeat += 1) await revokeToken(server, client, refreshToken)
    await revokeToken(server, client, token)
  })
  expect(added).toBe(6)
  server.clock.advance('16m')
  expect((await entries()).length).toBe(1)
})

test('forged, foreign and expired tokens leave no entry', async () => {
  const { access_token: token, refresh_token: refreshToken } = await logIn(server, user)
  const visit = { server, browser: openBrowser(server), client, user }
  const oauth = await getCodeFlowTokens(visit)
  const added = await countNew(async () => {
    for (const forged of [`${token}x`, token.replace(/.$/, '-'), oauth.access_token, 'x'.repeat(20_000), ''])
      await callSignInApi(server, '/auth/logout', { token: forged })
    for (const forged of [`${refreshToken}x`, oauth.refresh_token, '__proto__', 'x'.repeat(20_000)])
      await callSignInApi(server, '/auth/logout', { body: { refresh_token: forged } })
    for (const forged of [`${token}x`, token, `${refreshToken}x`, refreshToken, 'x'.repeat(20_000)])
      await revokeToken(server, client, forged)
  })
  expect(added).toBe(0)
})

test('a stolen code that is replayed at every turn leaves one entry per authorization', async () => {
  const browser = openBrowser(server)
  await authorize(browser, authorizationUrl(server, client, { scope: 'orders:read' }), user)
  const added = await countNew(async () => {
    const { exchange } = await getCode({ server, browser, client, user })
    for (let count = 0; count < 10; count += 1) await requestToken(server, client, exchange)
    codeIn(await authorize(browser, authorizationUrl(server, client, { scope: 'orders:read' })))
  })
  expect(added).toBe(1)
})

test('a node that starts among many revocations accepts nothing before it knows all of them', async () => {
  const home = await startServer()
  onTestFinished(home.close)
  const visit = { server: home, client: await home.addClient(), user: await home.addUser() }
  const tokens = await getCodeFlowTokens({ ...visit, browser: openBrowser(home) })
  const other = await getCodeFlowTokens({ ...visit, browser: openBrowser(home) })
  const database = new DatabaseSync(home.file)
  database
    .prepare(`
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
      INSERT INTO consulate_revocations (kind, subject, epoch, expires_at) SELECT 'session', 'session ' || i, 0, ? FROM n`)
    .run(home.clock.now() + 900_000)
  database.close()
  await home.server.sessions.revoke(claimOf(tokens.access_token, 'sid'))
  const late = await startServer({ issuer: home.issuer, file: home.file })
  onTestFinished(late.close)
  const responses = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      callApi(late, '/me', index % 4 === 0 ? other.access_token : tokens.access_token),
    ),
  )
  const outcomes = responses.map(({ status, body }) => (status === 200 ? 200 : body['error_description']))
  expect(outcomes).toEqual(responses.map((_, index) => (index % 4 === 0 ? 200 : 'Token revoked')))
})
