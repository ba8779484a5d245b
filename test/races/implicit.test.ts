import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { implicitGrant } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import { isRejectedEverywhere, isAcceptedEverywhere, RACING_NODES, startCluster } from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import { approvalFields, authorizationUrl, claimOf, formBody } from '../support/oauth-client.ts'
import type { Parameters } from '../support/oauth-client.ts'
import { CALLBACK, startServer } from '../support/server.ts'
import type { TestUser, TestClient, TestServer } from '../support/server.ts'
import { dose } from '../support/dose.ts'

const server = await startServer({ grants: [implicitGrant()] })
let cluster: Cluster
beforeAll(async () => void (cluster = await startCluster(server, RACING_NODES)))
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

/** A user with an open consent page. */
interface CodeFlow {
  readonly user: TestUser
  readonly client: TestClient
  readonly browser: Browser
  readonly form: Parameters
}

async function openForm(): Promise<CodeFlow> {
  const [user, browser] = [await server.addUser(), openBrowser(server)]
  const client = await server.addClient({
    type: 'public',
    grantTypes: ['implicit'],
    redirectUris: [CALLBACK],
  })
  const url = authorizationUrl(server, client, { response_type: 'token', scope: 'orders:read' })
  const page = await browser.signIn(await browser.open(url), user)
  return { user, client, browser, form: approvalFields(page) }
}

/** Submits the form to a node. Returns the token, if there is one. */
async function post({ browser, form }: CodeFlow, node: TestServer): Promise<string | undefined> {
  const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
  const headers = { cookie, origin: server.origin }
  const init = { method: 'POST', body: formBody(form), headers, redirect: 'manual' } as const
  const response = await fetch(node.endpoint('/oauth/authorize'), init)
  expect(response.status).toBeOneOf([303, 400])
  const [, fragment] = (response.headers.get('location') ?? '').split('#')
  const token = new URLSearchParams(fragment).get('access_token') ?? undefined
  if (token !== undefined) server.knownSecrets.add('access token', token)
  return token
}

/** Returns true if every form won its race, or none did. */
const isOneSided = (won: number, rounds: number): boolean => won === 0 || won === rounds

const isToken = (token: string | undefined): token is string => token !== undefined

test('one consent form that is submitted 60 times in parallel issues one token', async () => {
  const flow = await openForm()
  const posts = Array.from({ length: 60 }, (_, index) =>
    post(flow, cluster.nodes[index % RACING_NODES] ?? server),
  )
  const [token, ...others] = (await Promise.all(posts)).filter(isToken)
  expect(others).toEqual([])
  if (token === undefined) throw new Error('No request succeeded')
  expect(await isAcceptedEverywhere(cluster.nodes, token)).toBe(true)
  const list = await server.server.authorizations.list(flow.user)
  expect(list.map(({ id }) => id)).toEqual([claimOf(token, 'azn')])
})

describe('no token works that was issued during a revocation of', () => {
  const ends: Readonly<Record<string, (visit: CodeFlow) => Promise<unknown>>> = {
    'the user': ({ user }) => server.server.users.signOutEverywhere(user),
    'the session': async ({ user }) => {
      const sessions = await server.server.sessions.list(user)
      return Promise.all(sessions.map(({ id }) => server.server.sessions.revoke(id)))
    },
    'the client': ({ client }) => server.server.clients.revoke(client.id),
  }

  test.each(Object.entries(ends))('%s', async (_, end) => {
    const issued: string[] = []
    // Repeats until some forms were faster than the revocation and some slower.
    for (let round = 0; round < dose(3, 12) || (isOneSided(issued.length, round) && round < 60); round += 1) {
      const visit = await openForm()
      const racers = Array.from({ length: 4 }, async () => {
        await sleep(10 + Math.random() * 10)
        return post(visit, cluster.randomNode())
      })
      const ending = sleep((round % 12) * 3).then(() => end(visit))
      issued.push(...(await Promise.all(racers)).filter(isToken))
      await ending
      expect(await server.server.authorizations.list(visit.user)).toEqual([])
    }
    const dead = await Promise.all(issued.map((token) => isRejectedEverywhere(cluster.nodes, token)))
    expect(dead).toEqual(issued.map(() => true))
  })
})
