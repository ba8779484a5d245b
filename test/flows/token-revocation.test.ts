import { afterAll, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { callApi, getCodeFlowTokens, introspectToken, refresh, revokeToken } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const [user, shop, calendar] = [
  await server.addUser(),
  await server.addClient({ type: 'public' }),
  await server.addClient({ isThirdParty: true }),
]
const api = await server.addClient({ redirectUris: [], introspects: true })
afterAll(server.close)

test('a client that signs its user out by revoking its tokens changes nothing else', async () => {
  const browser = openBrowser(server)
  const [own, other] = [
    { server, browser, client: shop, user },
    { server, browser, client: calendar, user },
  ]
  const [mine, theirs] = [await getCodeFlowTokens(own), await getCodeFlowTokens(other)]
  const isActive = async (token: string) => (await introspectToken(server, api, token)).body['active']
  expect([await isActive(mine.access_token), await isActive(theirs.access_token)]).toEqual([true, true])

  expect((await revokeToken(server, shop, mine.access_token)).status).toBe(200)
  expect((await revokeToken(server, shop, mine.refresh_token)).status).toBe(200)

  expect([await isActive(mine.access_token), await isActive(theirs.access_token)]).toEqual([false, true])
  expect((await callApi(server, '/me', mine.access_token)).status).toBe(401)
  expect((await refresh(own, mine.refresh_token)).body['error']).toBe('invalid_grant')
  expect((await refresh(other, theirs.refresh_token)).status).toBe(200)
  // The user is still signed in, and has still allowed the client.
  const again = await getCodeFlowTokens(own)
  expect(await isActive(again.access_token)).toBe(true)
})
