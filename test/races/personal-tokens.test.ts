import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { builtInUsers } from '../../src/index.ts'
import { formOf, type Browser } from '../support/browser.ts'
import { isRejectedEverywhere, isAcceptedEverywhere, RACING_NODES, startCluster } from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import { formBody } from '../support/oauth-client.ts'
import { callAdminApi } from '../support/admin-api.ts'
import { signInToTokenApi } from '../support/personal-tokens.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { dose } from '../support/dose.ts'

const server = await startServer()
let cluster: Cluster
beforeAll(async () => void (cluster = await startCluster(server, RACING_NODES)))
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

const PAGE = '/account/tokens'
const ROUNDS = dose(2, 16)
/** The requests start within this time (ms), which is about as long as each takes. */
const SPREAD = 15

const cookiesOf = ({ cookies }: Browser): string =>
  [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')

/** Creates a token at a node, as the browser would. */
async function createAt(node: TestServer, browser: Browser, csrf: string) {
  const headers = { cookie: cookiesOf(browser), 'x-csrf-token': csrf, 'content-type': 'application/json' }
  const body = JSON.stringify({ name: 'Racer', scopes: ['orders:read'] })
  const init = { method: 'POST', headers, body }
  const response = await fetch(node.endpoint('/oauth/personal-access-tokens'), init)
  const { access_token: token } = (await response.json()) as { readonly access_token?: string }
  if (token !== undefined) server.knownSecrets.add('access token', token)
  return { status: response.status, token }
}

/** Returns true if every request won its race, or none did. */
const isOneSided = (won: number, requests: number): boolean => won === 0 || won === requests

const after = async <Result>(act: (node: TestServer) => Promise<Result>): Promise<Result> => {
  await sleep(Math.random() * SPREAD)
  return act(cluster.randomNode())
}

test('no token works that was created while its user was signed out everywhere', async () => {
  const made: string[] = []
  // Repeats until some requests were faster than the sign-out and some slower.
  for (
    let round = 0;
    round < ROUNDS || (isOneSided(made.length, round * 5) && round < 5 * ROUNDS);
    round += 1
  ) {
    const user = await server.addUser()
    const { browser, csrf } = await signInToTokenApi(server, user)
    const token = await csrf()
    const [signedOut, ...responses] = await Promise.all([
      after((node) => callAdminApi(node, { action: 'sign out everywhere', id: user.id })),
      ...Array.from({ length: 5 }, () => after((node) => createAt(node, browser, token))),
    ])
    expect(signedOut.status).toBe(200)
    for (const response of responses) {
      expect(response.status).toBeOneOf([201, 401])
      if (response.token !== undefined) made.push(response.token)
    }
    expect(await server.server.personalTokens.list(user.id)).toEqual([])
  }
  const dead = await Promise.all(made.map((token) => isRejectedEverywhere(cluster.nodes, token)))
  expect(dead).toEqual(made.map(() => true))
})

test('a request gets no token if its user is signed out everywhere meanwhile', async () => {
  let onLookup = async (): Promise<void> => {}
  const one = await startServer({
    users(context) {
      const users = builtInUsers()(context)
      return { ...users, find: async (id) => (await onLookup(), users.find(id)) }
    },
  })
  onTestFinished(() => one.close())
  const user = await one.addUser()
  const api = await signInToTokenApi(one, user)
  const page = await api.browser.open(one.endpoint(PAGE))
  const headers = { 'x-csrf-token': await api.csrf(), 'content-type': 'application/json' }
  onLookup = () => one.server.users.signOutEverywhere(user.id)
  const response = await api.create({ name: 'Late' }, headers)
  expect([response.status, response.body['error']]).toEqual([401, 'login_required'])
  onLookup = async () => {}
  const again = await signInToTokenApi(one, user)
  const late = await again.browser.open(one.endpoint(PAGE))
  onLookup = () => one.server.users.signOutEverywhere(user.id)
  expect((await again.browser.press(late, 'Generate token', { name: 'Late' })).url.pathname).toBe('/login')
  expect((await api.browser.press(page, 'Generate token', { name: 'Late' })).url.pathname).toBe('/login')
  // The request of the app is void too, because it started before.
  await expect(one.server.personalTokens.create(user.id, { name: 'Late' })).rejects.toThrow(
    'user: was signed',
  )
  expect(await one.server.personalTokens.list(user.id)).toEqual([])
})

test('one form that is submitted a hundred times in parallel creates one token', async () => {
  const user = await server.addUser()
  const { browser } = await signInToTokenApi(server, user)
  const { fields } = formOf(await browser.open(server.endpoint(PAGE)), 'Generate token')
  const body = formBody({ ...fields, name: 'Once', 'scope:orders:read': 'on' })
  const tokens: string[] = []
  const responses = await cluster.inParallel(100, async (node) => {
    const response = await fetch(node.endpoint(PAGE), {
      method: 'POST',
      headers: { cookie: cookiesOf(browser) },
      body,
    })
    const text = await response.text()
    const token = />(eyJ[^<]+)<\/code/.exec(text)?.[1]
    if (token !== undefined) tokens.push(server.knownSecrets.add('access token', token))
    return {
      status: response.status,
      headers: response.headers,
      body: { isRepeat: text.includes('already submitted') },
    }
  })
  const [token = '', ...others] = tokens
  expect(others).toEqual([])
  expect(responses.filter(({ status }) => status === 200)).toHaveLength(1)
  expect(responses.filter(({ status, body: { isRepeat } }) => status === 422 && isRepeat)).toHaveLength(99)
  expect(await server.server.personalTokens.list(user.id)).toHaveLength(1)
  expect(await isAcceptedEverywhere(cluster.nodes, token)).toBe(true)
})
