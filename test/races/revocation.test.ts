import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { isRejectedEverywhere, RACING_NODES, startCluster, refreshOutcome } from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import {
  callApi,
  requestToken,
  claimOf,
  getCode,
  getCodeFlowTokens,
  refresh,
} from '../support/oauth-client.ts'
import type { JsonResponse, Tokens, CodeFlow } from '../support/oauth-client.ts'
import { callAdminApi } from '../support/admin-api.ts'
import type { AdminTask } from '../support/admin-api.ts'
import { startProcess } from '../support/process.ts'
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

/** A user with tokens and an unspent code, all of which a revocation must reach. */
interface Target {
  readonly visit: CodeFlow
  readonly tokens: Tokens
  readonly exchange: Readonly<Record<string, string | undefined>>
  /** The revocation. It revokes everything except a code of another authorization. */
  readonly task: AdminTask
}

const TASKS: Readonly<Record<string, (flow: CodeFlow, accessToken: string) => AdminTask>> = {
  'an authorization': (_, access) => ({ action: 'revoke authorization', id: claimOf(access, 'azn') }),
  'a session': (_, access) => ({ action: 'revoke session', id: claimOf(access, 'sid') }),
  'a client': ({ client }) => ({ action: 'revoke client', id: client.id }),
  'a user': ({ user }) => ({ action: 'sign out everywhere', id: user.id }),
}

const ROUNDS = dose(3, 16)
/** The requests start within this time (ms), which is about as long as each takes. */
const SPREAD = 30

const user = await server.addUser()
const shared = await server.addClient()
const signedIn = openBrowser(server)

/** Creates a new target for a kind of revocation. */
async function createTarget(kind: string): Promise<Target> {
  const visit = {
    server,
    browser: ['a session', 'a user'].includes(kind) ? openBrowser(server) : signedIn,
    client: kind === 'a client' ? await server.addClient() : shared,
    user: kind === 'a user' ? await server.addUser() : user,
  }
  const tokens = await getCodeFlowTokens(visit)
  const { exchange } = await getCode(visit)
  return { visit, tokens, exchange, task: (TASKS[kind] ?? fail)(visit, tokens.access_token) }
}

const fail = (): never => {
  throw new Error('Unknown kind')
}

const after = async <Result>(act: (node: TestServer) => Promise<Result>): Promise<Result> => {
  await sleep(Math.random() * SPREAD)
  return act(cluster.randomNode())
}

/** Runs the revocation, two refreshes and an exchange on random nodes at random times. Returns the successful responses. */
async function race({ visit: { client }, tokens, exchange, task }: Target): Promise<readonly JsonResponse[]> {
  const hasCode = task.action !== 'revoke authorization'
  const [revoked, ...responses] = await Promise.all([
    after((node) => callAdminApi(node, task)),
    after((node) => refresh({ server: node, client }, tokens.refresh_token)),
    after((node) => refresh({ server: node, client }, tokens.refresh_token)),
    ...(hasCode ? [after((node) => requestToken(node, client, exchange))] : []),
  ])
  expect(revoked.status).toBe(200)
  for (const { status, body } of responses) expect([status, body['error']]).toBeOneOf(OUTCOMES)
  return responses.filter(({ status }) => status === 200)
}

const OUTCOMES = [
  [200, undefined],
  [400, 'invalid_grant'],
  [401, 'invalid_client'],
]

/** Every access token that was issued. */
const allIssued: string[] = []

async function expectRevoked(
  { visit: { client }, tokens }: Target,
  responses: readonly JsonResponse[],
): Promise<void> {
  const bodies = [tokens, ...responses.map(({ body }) => body as unknown as Tokens)]
  allIssued.push(...bodies.map(({ access_token: token }) => token))
  const dead = await Promise.all(
    bodies.map(({ access_token: token }) => isRejectedEverywhere(cluster.nodes, token)),
  )
  expect(dead).toEqual(bodies.map(() => true))
  for (const { refresh_token: token } of bodies) {
    expect(await refreshOutcome(cluster.randomNode(), client, token)).toBeOneOf([
      'invalid_grant',
      'invalid_client',
    ])
  }
}

describe('no issued token works', () => {
  test.each(Object.keys(TASKS))('after %s was revoked during refreshes and a code exchange', async (kind) => {
    const races: { target: Target; responses: readonly JsonResponse[] }[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const target = await createTarget(kind)
      races.push({ target, responses: await race(target) })
    }
    await Promise.all(races.map(({ target, responses }) => expectRevoked(target, responses)))
  })

  test('in a session that started during a password change and a sign-out everywhere', async () => {
    for (let round = 0; round < dose(1, 4); round += 1) {
      const victim = await server.addUser()
      const password = server.knownSecrets.add('password', `battery staple ${round} horse`)
      const change = async (): Promise<void> => {
        await callAdminApi(cluster.randomNode(), { action: 'set password', id: victim.id, password })
        await callAdminApi(cluster.randomNode(), { action: 'sign out everywhere', id: victim.id })
      }
      const begin = async (delay: number): Promise<string> => {
        const node = cluster.randomNode()
        const browser = openBrowser({ ...node, formOrigin: server.origin })
        const page = await browser.open('/login')
        await sleep(delay)
        await browser.signIn(page, victim)
        return [...browser.cookies].map((pair) => pair.join('=')).join('; ')
      }
      const [cookies] = await Promise.all([Promise.all([0, 50, 100, 150, 200].map(begin)), change()])
      expect(
        (await callAdminApi(cluster.randomNode(), { action: 'list sessions', id: victim.id })).body,
      ).toEqual([])
      for (const cookie of cookies)
        for (const node of cluster.nodes) {
          const page = await openBrowser(node).open('/login', { headers: { cookie } })
          expect(page.text).not.toContain(victim.email)
        }
    }
  })

  test('on a node that starts ten minutes later and knows only the entries in the database', async () => {
    // The tokens last for five minutes more.
    const { node, stop } = await startProcess(server, { ahead: 10 * 60_000 })
    for (const token of allIssued) {
      const { status, body } = await callApi(node, '/me', token)
      expect([status, body['error_description']]).toEqual([401, 'Token revoked'])
    }
    expect(allIssued.length).toBeGreaterThanOrEqual(4 * ROUNDS)
    await stop()
  })
})
