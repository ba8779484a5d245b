import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { implicitGrant } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import { isDeadEverywhere, isLiveEverywhere, startCluster } from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import { approvalOf, authorizationUrl, claimOf, formBody } from '../support/oauth-client.ts'
import type { Parameters } from '../support/oauth-client.ts'
import { CALLBACK, startServer } from '../support/server.ts'
import type { Person, TestClient, TestServer } from '../support/server.ts'

const server = await startServer({ grants: [implicitGrant()] })
let cluster: Cluster
beforeAll(async () => void (cluster = await startCluster(server, 4)))
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

/** Somebody in front of a consent page. */
interface Visit {
  readonly person: Person
  readonly client: TestClient
  readonly browser: Browser
  readonly form: Parameters
}

async function openForm(): Promise<Visit> {
  const [person, browser] = [await server.addPerson(), openBrowser(server)]
  const client = await server.addClient({
    type: 'public',
    grantTypes: ['implicit'],
    redirectUris: [CALLBACK],
  })
  const url = authorizationUrl(server, client, { response_type: 'token', scope: 'orders:read' })
  const page = await browser.signIn(await browser.open(url), person)
  return { person, client, browser, form: approvalOf(page) }
}

/** Posts the form at a node: the token that it gives, or undefined. */
async function post({ browser, form }: Visit, node: TestServer): Promise<string | undefined> {
  const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
  const headers = { cookie, origin: server.origin }
  const init = { method: 'POST', body: formBody(form), headers, redirect: 'manual' } as const
  const answer = await fetch(node.endpoint('/oauth/authorize'), init)
  expect(answer.status).toBeOneOf([303, 400])
  const [, fragment] = (answer.headers.get('location') ?? '').split('#')
  const token = new URLSearchParams(fragment).get('access_token') ?? undefined
  if (token !== undefined) server.hoard.keep('access token', token)
  return token
}

const isToken = (token: string | undefined): token is string => token !== undefined

test('one consent form, posted a hundred times on four processes, gives one token and begins one authorization', async () => {
  const visit = await openForm()
  const posts = Array.from({ length: 100 }, (_, index) => post(visit, cluster.nodes[index % 4] ?? server))
  const [token, ...others] = (await Promise.all(posts)).filter(isToken)
  expect(others).toEqual([])
  if (token === undefined) throw new Error('Nobody has won')
  expect(await isLiveEverywhere(cluster.nodes, token)).toBe(true)
  const list = await server.server.authorizations.list(visit.person)
  expect(list.map(({ id }) => id)).toEqual([claimOf(token, 'azn')])
})

describe('no token lives that was given while it was ended:', () => {
  const ends: Readonly<Record<string, (visit: Visit) => Promise<unknown>>> = {
    'the person, everywhere': ({ person }) => server.server.users.signOutEverywhere(person),
    'the session': async ({ person }) => {
      const sessions = await server.server.sessions.list(person)
      return Promise.all(sessions.map(({ id }) => server.server.sessions.revoke(id)))
    },
    'the client': ({ client }) => server.server.clients.revoke(client.id),
  }

  test.each(Object.entries(ends))('%s', async (_, end) => {
    const given: string[] = []
    for (let round = 0; round < 12; round += 1) {
      const visit = await openForm()
      const racers = Array.from({ length: 4 }, async () => {
        await sleep(10 + Math.random() * 10)
        return post(visit, cluster.any())
      })
      // From too early to too late.
      const ending = sleep(round * 3).then(() => end(visit))
      given.push(...(await Promise.all(racers)).filter(isToken))
      await ending
      expect(await server.server.authorizations.list(visit.person)).toEqual([])
    }
    // Where all had won or all had lost, it would not have been a race.
    expect(given.length).toBeGreaterThan(0)
    expect(given.length).toBeLessThan(12)
    const dead = await Promise.all(given.map((token) => isDeadEverywhere(cluster.nodes, token)))
    expect(dead).toEqual(given.map(() => true))
  })
})
