import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { authorizationCode, implicitGrant, StoreUnavailableError } from '../../src/index.ts'
import type { Store } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { openBrowser } from '../support/browser.ts'
import { requestToken, authorizationUrl, authorize, getCode } from '../support/oauth-client.ts'
import { CALLBACK, startServer, type TestClient, type TestServer } from '../support/server.ts'

const redirectUris = [CALLBACK]

const disconnectAll = (server: TestServer, user: { id: string }, client: TestClient): Promise<void> =>
  server.server.authorizations.disconnect(user, client.id)

test('disconnecting an app voids its codes, but not those of other apps', async () => {
  await using server = await startServer()
  const user = await server.addUser()
  const [gone, kept] = [await server.addClient({ ownerId: 'owner' }), await server.addClient()]
  const browser = openBrowser(server)
  const codes: Awaited<ReturnType<typeof getCode>>[] = []
  for (const client of [gone, kept]) codes.push(await getCode({ server, browser, client, user }))
  await disconnectAll(server, user, gone)
  const responses = await Promise.all(
    [gone, kept].map((client, index) => requestToken(server, client, codes[index]?.exchange ?? {})),
  )
  expect(responses.map(({ status, body }) => [status, body['error']])).toEqual([
    [400, 'invalid_grant'],
    [200, undefined],
  ])
})

test('disconnecting an app keeps the codes of other users', async () => {
  await using server = await startServer()
  const client = await server.addClient()
  const [leaver, other] = [await server.addUser(), await server.addUser()]
  const { exchange } = await getCode({ server, browser: openBrowser(server), client, user: other })
  await disconnectAll(server, leaver, client)
  expect((await requestToken(server, client, exchange)).status).toBe(200)
})

test('a disconnect between the consent check and the code leads to the consent page', async () => {
  const intrusion: Intrusion = {}
  await using server = await startServer({ store: await interrupted(intrusion) })
  const client = await server.addClient()
  const visit = { server, browser: openBrowser(server), client, user: await server.addUser() }
  await getCode(visit)
  const url = authorizationUrl(server, client, { scope: 'orders:read' })
  intrusion.before = async () => {
    delete intrusion.before
    await disconnectAll(server, visit.user, client)
  }
  const page = await visit.browser.open(url)
  expect(page.forms.map(({ label }) => label)).toContain('Allow')
  expect((await authorize(visit.browser, url)).url.searchParams.get('code')).toBeTruthy()
})

test.each(['code', 'token'])(
  'a disconnect while the consent form for a %s is submitted leads to the consent page',
  async (type) => {
    const intrusion: Intrusion = {}
    const grants = [authorizationCode(), implicitGrant()]
    await using server = await startServer({ grants, store: await interrupted(intrusion) })
    const client = await server.addClient({ grantTypes: ['authorization_code', 'implicit'], redirectUris })
    const [user, browser] = [await server.addUser(), openBrowser(server)]
    const url = authorizationUrl(server, client, { response_type: type, scope: 'orders:read' })
    intrusion.beforeConsent = () => disconnectAll(server, user, client)
    const { url: response } = await authorize(browser, url, user)
    delete intrusion.beforeConsent
    expect(response.hash).toBe('')
    const page = await browser.open(url)
    expect(page.forms.map(({ label }) => label)).toContain('Allow')
    expect(await server.server.authorizations.list(user)).toEqual([])
  },
)

test('a consent form that is submitted while its user is signed out everywhere is not a consent', async () => {
  const intrusion: Intrusion = {}
  await using server = await startServer({ store: await interrupted(intrusion) })
  const [client, user] = [await server.addClient(), await server.addUser()]
  const browser = openBrowser(server)
  const url = authorizationUrl(server, client, { scope: 'orders:read' })
  intrusion.before = () => server.server.users.signOutEverywhere(user)
  const late = await authorize(browser, url, user)
  delete intrusion.before
  const page = await browser.signIn(late, user)
  expect(page.forms.map(({ label }) => label)).toContain('Allow')
})

test('a consent form can be submitted again if the database failed to store the consent', async () => {
  const intrusion: Intrusion = {}
  await using server = await startServer({ store: await interrupted(intrusion) })
  const [client, user] = [await server.addClient(), await server.addUser()]
  const browser = openBrowser(server)
  const url = authorizationUrl(server, client, { scope: 'orders:read' })
  const page = await browser.signIn(await browser.open(url), user)
  intrusion.beforeConsent = () => Promise.reject(new StoreUnavailableError('disk full', undefined))
  expect((await browser.press(page, 'Allow')).status).toBe(503)
  delete intrusion.beforeConsent
  expect((await browser.press(page, 'Allow')).url.searchParams.get('code')).toBeTruthy()
  expect((await browser.open(url)).url.searchParams.get('code')).toBeTruthy()
})

/** Runs right before a code or a consent is inserted. */
interface Intrusion {
  before?: () => Promise<void>
  beforeConsent?: () => Promise<void>
}

/** Creates a store in which something happens right before an insert. */
async function interrupted(intrusion: Intrusion): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 'consulate-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const store = sqlite(join(folder, 'data.db'))
  const insert: Store['codes']['insert'] = async (code, subject) => {
    await intrusion.before?.()
    return store.codes.insert(code, subject)
  }
  const add: Store['consents']['add'] = async (...consent) => {
    await intrusion.beforeConsent?.()
    return store.consents.add(...consent)
  }
  return {
    ...store,
    codes: { ...store.codes, insert },
    consents: { ...store.consents, add },
  }
}
