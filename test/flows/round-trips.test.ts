import { describe, expect, onTestFinished, test } from 'vitest'
import { signIn } from '../../src/index.ts'
import { openStore } from '../../src/store/url.ts'
import { openBrowser } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import { DATABASES } from '../support/databases.ts'
import { callApi, getCode, getCodeFlowTokens, getTokens, refresh } from '../support/oauth-client.ts'
import { countRoundTrips } from '../support/round-trips.ts'
import { startServer } from '../support/server.ts'
import { logIn, postRefresh } from '../support/sign-in-api.ts'

/** Starts a server that queries its database for requests only. */
async function startCounted(open: (typeof DATABASES)[number]['open']) {
  const database = await open()
  const counter = await countRoundTrips(database.url)
  const server = await startServer({
    store: openStore(counter.url),
    grants: [...commonConfig().grants, signIn()],
    revocations: { pollInterval: '1h', maxStaleness: '2h' },
    purge: 'manual',
    audit: 'off',
  })
  onTestFinished(async () => {
    await server.close()
    await database.drop()
  })
  const [user, client] = [await server.addUser(), await server.addClient()]
  const visit = { server, browser: openBrowser(server), client, user }
  return { counter, server, client, user, visit, tokens: await getCodeFlowTokens(visit) }
}

const SERVERS = DATABASES.filter(({ name }) => name !== 'SQLite')

/** MySQL can't return a row that it changes, and has no compound statements: an exchange is a transaction of four round trips. */
const countsOn = (name: string) =>
  name === 'MySQL' ? { exchange: 1 + 4, refresh: 2 } : { exchange: 1 + 1, refresh: 1 }

describe.each(SERVERS)('$name', ({ name, isAvailable, open }) => {
  test.runIf(isAvailable)('needs the fewest round trips for each request', async () => {
    const { counter, server, client, user, visit, tokens } = await startCounted(open)
    const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
    const requestToken = () => getTokens(server, machine, { grant_type: 'client_credentials' })
    const call = () => callApi(server, '/me', tokens.access_token)
    const device = await logIn(server, user)
    // A driver prepares each statement once.
    const { refresh_token: warmed } = await getCodeFlowTokens(visit)
    const { body } = await refresh(visit, warmed)
    await requestToken()
    const code = await getCode(visit)
    const requests = {
      'client credentials': requestToken,
      'an API call': call,
      'a code': () => getTokens(server, client, code.exchange),
      'a refresh': () => refresh(visit, String(body['refresh_token'])),
      'a refresh of the sign-in API': () => postRefresh(server, device.refresh_token),
    }
    const counts: Record<string, number> = {}
    for (const [what, act] of Object.entries(requests)) counts[what] = await counter.during(act)
    const expected = countsOn(name)
    expect(counts).toEqual({
      'client credentials': 0,
      'an API call': 0,
      'a code': expected.exchange,
      'a refresh': expected.refresh,
      'a refresh of the sign-in API': expected.refresh,
    })
  })
})
