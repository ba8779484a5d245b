import { afterAll, expect, test } from 'vitest'
import { ConfigError } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { sampleClient } from '../../src/testing/store/samples.ts'
import { openBrowser } from '../support/browser.ts'
import { authorizationUrl, callApi, getCodeFlowTokens, requestToken } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { APP, signInToAppApi } from '../support/user-apps.ts'
import { createUserTable } from '../support/user-table.ts'

const store = sqlite(':memory:')
const failures: Error[] = []
/** Called before a user's app is inserted. */
const interruptions: (() => Promise<void>)[] = []
const server = await startServer({
  userApps: {},
  providers: { customers: createUserTable().provider },
  store: {
    ...store,
    clients: {
      ...store.clients,
      async insert(client, limits) {
        if (limits) await interruptions.pop()?.()
        return store.clients.insert(client, limits)
      },
    },
    consents: {
      ...store.consents,
      async deleteAll(user) {
        const failure = failures.pop()
        if (failure) throw failure
        return store.consents.deleteAll(user)
      },
    },
  },
})
afterAll(server.close)

const forget = (user: { readonly id: string }): Promise<void> => server.server.users.forget(user)

test('revokes the apps that the user owns, for all their users', async () => {
  const [owner, user] = [await server.addUser(), await server.addUser()]
  const [app, other] = [
    await server.addClient({ ownerId: owner.id }),
    await server.addClient({ ownerId: user.id }),
  ]
  const tokens = []
  for (const client of [app, other])
    tokens.push(await getCodeFlowTokens({ server, browser: openBrowser(server), client, user }))
  await forget(owner)
  const calls = await Promise.all(tokens.map(({ access_token: token }) => callApi(server, '/me', token)))
  expect(calls.map(({ status }) => status)).toEqual([401, 200])
  const request = { grant_type: 'refresh_token', refresh_token: tokens[0]?.refresh_token }
  expect((await requestToken(server, app, request)).body['error']).toBe('invalid_client')
  expect((await server.server.clients.find(app.id))?.revokedAt).toBeGreaterThan(0)
})

test('revokes no apps of a user of another provider with the same ID', async () => {
  const user = await server.addUser()
  const [kept, revoked] = [
    await server.addClient({ ownerId: user.id }),
    await server.addClient({ ownerId: `customers:${user.id}` }),
  ]
  await server.server.users.forget({ id: user.id, provider: 'customers' })
  expect((await server.server.clients.find(kept.id))?.revokedAt).toBe(null)
  expect((await server.server.clients.find(revoked.id))?.revokedAt).toBeGreaterThan(0)
  const event = server.events.findLast(({ name }) => name === 'client.revoked')
  const sub = `customers:${user.id}`
  expect(event?.payload).toEqual({ requestId: null, clientId: revoked.id, by: 'app', sub })
})

test('revokes more apps than one page lists', async () => {
  const owner = await server.addUser()
  for (let index = 0; index < 101; index += 1)
    await store.clients.insert(sampleClient({ id: `app ${index} of ${owner.id}`, ownerId: owner.id }))
  await forget(owner)
  const listed = await store.clients.list({ ownerId: owner.id, limit: 200 })
  expect(listed.map(({ revokedAt }) => revokedAt === null)).toEqual(Array.from({ length: 101 }, () => false))
})

test('forgets what the user allowed, and nothing that others did', async () => {
  const client = await server.addClient()
  const [user, other] = [await server.addUser(), await server.addUser()]
  const visits = [user, other].map((who) => ({ server, client, user: who, browser: openBrowser(server) }))
  for (const visit of visits) await getCodeFlowTokens(visit)
  await forget(user)
  const buttons = []
  for (const { browser, user: who } of visits) {
    const page = await browser.open(authorizationUrl(server, client, { scope: 'orders:read' }))
    const next = page.url.pathname === '/login' ? await browser.signIn(page, who) : page
    buttons.push(next.forms.some(({ label }) => label === 'Allow'))
  }
  expect(buttons).toEqual([true, false])
})

test('can be repeated, also after it failed halfway', async () => {
  const user = await server.addUser()
  const app = await server.addClient({ ownerId: user.id })
  failures.push(new Error('the disk is full'))
  await expect(forget(user)).rejects.toThrow('the disk is full')
  expect((await server.server.clients.find(app.id))?.revokedAt).toBe(null)
  await forget(user)
  await forget(user)
  expect((await server.server.clients.find(app.id))?.revokedAt).toBeGreaterThan(0)
})

test('leaves no app that was being registered meanwhile, by the API or on the page', async () => {
  const user = await server.addUser()
  const api = await signInToAppApi(server, user)
  interruptions.push(() => forget(user))
  const response = await api.create(APP)
  expect([response.status, response.body['error']]).toEqual([401, 'login_required'])
  const { browser } = await signInToAppApi(server, user)
  const form = await browser.open(server.endpoint('/account/developer?new=app'))
  interruptions.push(() => forget(user))
  const page = await browser.press(form, 'Register app', {
    name: APP.client_name,
    redirect_uris: APP.redirect_uris[0],
  })
  expect(page.url.pathname).toBe('/login')
  expect(await store.clients.list({ ownerId: user.id, isActive: true })).toEqual([])
})

test.each([undefined, '', { id: '7', provider: 'unknown' }])('rejects %j', async (user) => {
  await expect(server.server.users.forget(user as string)).rejects.toThrow(ConfigError)
})
