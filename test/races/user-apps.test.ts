import { afterAll, beforeAll, expect, test } from 'vitest'
import { formOf, type Browser } from '../support/browser.ts'
import { isRejectedEverywhere, startCluster } from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import { dose } from '../support/dose.ts'
import { formBody, getCodeFlowTokens } from '../support/oauth-client.ts'
import type { JsonResponse } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { APP, createApp, signInToAppApi } from '../support/user-apps.ts'
import type { AppApi } from '../support/user-apps.ts'

const LIMIT = 10
const server = await startServer({ userApps: {} })
let cluster: Cluster
beforeAll(async () => void (cluster = await startCluster(server, 2, { config: { userApps: {} } })))
afterAll(async () => {
  await cluster?.stop()
  await server.close()
})

const PATH = '/oauth/clients'
const PAGE = '/account/developer'

const cookiesOf = ({ cookies }: Browser): string =>
  [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')

/** Sends a request to a node, as the browser of the user would. */
async function sendTo(
  node: TestServer,
  { browser }: AppApi,
  path: string,
  init: RequestInit,
): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set('cookie', cookiesOf(browser))
  return fetch(node.endpoint(path), { ...init, headers, redirect: 'manual' })
}

/** Returns what sends a change through the API to any node. */
async function senderOf(api: AppApi) {
  const headers = { 'x-csrf-token': await api.csrf(), 'content-type': 'application/json' }
  return async (node: TestServer, path: string, method: string, body?: object): Promise<JsonResponse> => {
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
    const response = await sendTo(node, api, path, init)
    const text = await response.text()
    const json = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
    if (typeof json['client_secret'] === 'string')
      server.knownSecrets.add('client secret', json['client_secret'])
    return { status: response.status, headers: response.headers, body: json }
  }
}

const signInAsDeveloper = async (): Promise<AppApi> => signInToAppApi(server, await server.addUser())

test('parallel registrations at two nodes never exceed the limit of a user', async () => {
  for (let round = 0; round < dose(1, 8); round += 1) {
    const api = await signInAsDeveloper()
    const send = await senderOf(api)
    const responses = await cluster.inParallel(3 * LIMIT, (node) => send(node, PATH, 'POST', APP))
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(LIMIT)
    const refused = responses.filter(({ status }) => status !== 201)
    expect(new Set(refused.map(({ body }) => body['error']))).toEqual(new Set(['limit_reached']))
    expect(await api.list()).toHaveLength(LIMIT)
  }
})

test('one form that is submitted in parallel at two nodes registers one app and shows one secret', async () => {
  const api = await signInAsDeveloper()
  const { fields } = formOf(await api.browser.open(server.endpoint(`${PAGE}?new=app`)), 'Register app')
  const body = formBody({ ...fields, name: 'Once', redirect_uris: APP.redirect_uris[0] })
  const secrets: string[] = []
  const responses = await cluster.inParallel(40, async (node) => {
    const response = await sendTo(node, api, PAGE, { method: 'POST', body })
    const text = await response.text()
    const secret = /id="secret"[^>]*>([\w-]{43})</.exec(text)?.[1]
    if (secret !== undefined) secrets.push(server.knownSecrets.add('client secret', secret))
    return {
      status: response.status,
      headers: response.headers,
      body: { isRepeat: text.includes('already submitted') },
    }
  })
  expect(secrets).toHaveLength(1)
  expect(responses.filter(({ status, body: sent }) => status === 422 && sent['isRepeat'])).toHaveLength(39)
  expect(await api.list()).toHaveLength(1)
})

test('of forms for a new secret that are submitted in parallel, one generates it', async () => {
  const api = await signInAsDeveloper()
  const { client_id: id } = await createApp(api)
  const { fields } = formOf(
    await api.browser.open(server.endpoint(`${PAGE}?rotate=${id}`)),
    'Generate secret',
  )
  const responses = await cluster.inParallel(20, async (node) => {
    const response = await sendTo(node, api, PAGE, { method: 'POST', body: formBody(fields) })
    const secret = /id="secret"[^>]*>([\w-]{43})</.exec(await response.text())?.[1]
    if (secret !== undefined) server.knownSecrets.add('client secret', secret)
    return { status: response.status, headers: response.headers, body: {} }
  })
  const statuses = responses.map(({ status }) => status).sort((left, right) => left - right)
  expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 409)])
  expect((await server.store.clients.find(id))?.secrets).toHaveLength(2)
})

test('of forms that save an app in parallel, one does, and the others say that it was changed', async () => {
  const api = await signInAsDeveloper()
  const { client_id: id } = await createApp(api)
  const { fields } = formOf(await api.browser.open(server.endpoint(`${PAGE}?app=${id}`)), 'Save changes')
  let count = 0
  const responses = await cluster.inParallel(20, async (node) => {
    const body = formBody({ ...fields, name: `Racer ${(count += 1)}` })
    const { status, headers } = await sendTo(node, api, PAGE, { method: 'POST', body })
    return { status, headers, body: {} }
  })
  const statuses = responses.map(({ status }) => status).sort((left, right) => left - right)
  expect(statuses).toEqual([303, ...Array.from({ length: 19 }, () => 409)])
})

test('an app that is deleted while it is changed stays deleted, and no change fails', async () => {
  for (let round = 0; round < dose(2, 12); round += 1) {
    const api = await signInAsDeveloper()
    const { client_id: id } = await createApp(api)
    const send = await senderOf(api)
    let sent = 0
    const responses = await cluster.inParallel(16, (node) => {
      sent += 1
      if (sent === 8) return send(node, `${PATH}/${id}`, 'DELETE')
      return sent % 2 === 0
        ? send(node, `${PATH}/${id}`, 'PUT', { client_name: `Racer ${sent}` })
        : send(node, `${PATH}/${id}/secret`, 'POST')
    })
    for (const { status } of responses) expect(status).toBeOneOf([200, 204, 404])
    expect((await server.store.clients.find(id))?.revokedAt).not.toBeNull()
    expect(await api.list()).toEqual([])
  }
})

test('the tokens of a deleted app are rejected everywhere', async () => {
  const api = await signInAsDeveloper()
  const app = await createApp(api)
  const client = { id: app.client_id, secret: app.client_secret, redirectUri: app.redirect_uris[0] ?? '' }
  const user = await server.addUser()
  const { access_token: token } = await getCodeFlowTokens({ server, browser: api.browser, client, user })
  const [node = server] = cluster.nodes
  const { status } = await (await senderOf(api))(node, `${PATH}/${app.client_id}`, 'DELETE')
  expect([status, await isRejectedEverywhere(cluster.nodes, token)]).toEqual([204, true])
})
