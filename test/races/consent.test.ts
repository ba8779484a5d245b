import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startInApp } from '../support/app-request.ts'
import { openBrowser, type Browser, type Page } from '../support/browser.ts'
import { RACING_NODES, startCluster, type Cluster } from '../support/cluster.ts'
import { dose } from '../support/dose.ts'
import { approvalFields, authorizationUrl, formBody, requestToken } from '../support/oauth-client.ts'
import { CALLBACK, startServer, type TestClient, type TestServer, type TestUser } from '../support/server.ts'

const ALL = ['orders:read', 'orders:create', 'profile']
const ROUNDS = dose(3, 20)
const server = await startServer({ partialConsent: true })
let cluster: Cluster
beforeAll(
  async () => void (cluster = await startCluster(server, RACING_NODES, { config: { partialConsent: true } })),
)
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

/** A user of one client, in one browser. */
interface Visit {
  readonly user: TestUser
  readonly client: TestClient
  readonly browser: Browser
}

async function visit(): Promise<Visit> {
  const [user, client, browser] = [await server.addUser(), await server.addClient(), openBrowser(server)]
  await startInApp(server, browser, user)
  return { user, client, browser }
}

const openForm = ({ browser, client }: Visit, scopes = ALL): Promise<Page> =>
  browser.open(authorizationUrl(server, client, { scope: scopes.join(' ') }))

/** Sends a request of the browser to a node. Returns the code, if there is one. */
async function send(
  { browser }: Visit,
  node: TestServer,
  path: string,
  init: RequestInit = {},
): Promise<string | undefined> {
  const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
  const headers = { cookie, origin: server.origin }
  const response = await fetch(node.endpoint(path), { ...init, headers, redirect: 'manual' })
  expect(response.status).toBeOneOf([303, 400])
  if (response.status === 400) return undefined
  const { searchParams } = new URL(response.headers.get('location') ?? '', server.origin)
  return searchParams.get('code') ?? undefined
}

/** Allows a form at a node, with these boxes checked. */
async function allow(theirs: Visit, node: TestServer, page: Page, scopes = ALL): Promise<string | undefined> {
  const fields = Object.entries(approvalFields(page)).filter(
    ([name]) => !name.startsWith('scope:') || scopes.includes(name.slice('scope:'.length)),
  )
  const body = formBody(Object.fromEntries(fields))
  return send(theirs, node, '/oauth/authorize', { method: 'POST', body })
}

/** Leaves time for a disconnect that comes first. */
async function allowSoon(...form: Parameters<typeof allow>): Promise<string | undefined> {
  await sleep(10)
  return allow(...form)
}

/** Exchanges a code. Returns the scopes, or undefined if it is void. */
async function scopesOf({ client }: Visit, code: string): Promise<readonly string[] | undefined> {
  const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK }
  const { status, body } = await requestToken(cluster.randomNode(), client, form)
  if (status !== 200) expect(body['error']).toBe('invalid_grant')
  return status === 200 ? String(body['scope']).split(' ') : undefined
}

const consentOf = ({ user, client }: Visit): Promise<readonly string[] | undefined> =>
  server.store.consents.find({ provider: 'users', userId: user.id }, client.id)

const nodeAt = (index: number): TestServer => cluster.nodes[index % cluster.nodes.length] ?? server

/** Disconnects the client a little later in each round, so that it comes before, during and after the requests. */
async function disconnectIn(round: number, { user, client }: Visit): Promise<void> {
  await sleep((round % 6) * 4)
  await server.server.authorizations.disconnect(user, client.id)
}

test('tabs that allow different scopes at the same time lose none', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const theirs = await visit()
    const pages = await Promise.all(ALL.map(() => openForm(theirs)))
    const codes = await Promise.all(
      pages.map((page, index) => allow(theirs, nodeAt(index), page, ALL.slice(index, index + 1))),
    )
    expect(new Set(await consentOf(theirs))).toEqual(new Set(ALL))
    const granted = await Promise.all(codes.map((code) => scopesOf(theirs, code ?? '')))
    expect(granted).toEqual(ALL.map((scope) => [scope]))
  }
})

test('a form that is allowed during a disconnect is either a new consent or none', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const theirs = await visit()
    const page = await openForm(theirs)
    const posts = [0, 1, 2].map((index) => allowSoon(theirs, nodeAt(index), page, ALL.slice(0, 2)))
    const [codes] = await Promise.all([Promise.all(posts), disconnectIn(round, theirs)])
    const code = codes.find((each) => each !== undefined)
    const granted = code === undefined ? undefined : await scopesOf(theirs, code)
    expect(new Set(await consentOf(theirs))).toEqual(new Set(granted))
  }
})

test('a form that shows scopes as allowed restores none of them after a disconnect', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const theirs = await visit()
    await allow(theirs, nodeAt(round), await openForm(theirs, ['profile']))
    const page = await openForm(theirs)
    expect(page.text).toContain('Already allowed (1)')
    const [code] = await Promise.all([allowSoon(theirs, nodeAt(round), page), disconnectIn(round, theirs)])
    expect(code === undefined ? undefined : await scopesOf(theirs, code)).toBeUndefined()
    expect(await consentOf(theirs)).toBeUndefined()
  }
})

test('no code works that was created without asking during a disconnect', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const theirs = await visit()
    await allow(theirs, nodeAt(round), await openForm(theirs))
    const { pathname, search } = new URL(
      authorizationUrl(server, theirs.client, { scope: ALL.join(' '), prompt: 'none' }),
    )
    const silent = Array.from({ length: 6 }, async (_, index) => {
      await sleep(index * 3)
      return send(theirs, nodeAt(index), pathname + search)
    })
    const [codes] = await Promise.all([Promise.all(silent), disconnectIn(round, theirs)])
    for (const code of codes) if (code !== undefined) expect(await scopesOf(theirs, code)).toBeUndefined()
    expect(await consentOf(theirs)).toBeUndefined()
  }
})
