import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { callApi, requestToken, getCode, getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import type { JsonResponse } from '../support/oauth-client.ts'
import { startProcess } from '../support/process.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
const visit = { server, browser: openBrowser(server), client, user }
const processes = [await startProcess(server), await startProcess(server)]
const [left = server, right = server] = processes.map(({ node }) => node)
afterAll(async () => {
  await Promise.all(processes.map(({ stop }) => stop()))
  await server.close()
})

/** Sends `count` parallel requests, to both nodes in turns. */
const inParallel = (
  count: number,
  ask: (node: TestServer) => Promise<JsonResponse>,
): Promise<JsonResponse[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => ask(index % 2 === 0 ? left : right)))

const count = (responses: readonly JsonResponse[], status: number): number =>
  responses.filter((response) => response.status === status).length

/** Waits until a request returns a status on a node. Nodes poll every second, but the machine may be busy. */
const expectSoon = (request: () => Promise<JsonResponse>, status: number): Promise<void> =>
  expect.poll(async () => (await request()).status).toBe(status)

describe('50 parallel exchanges of one code on two nodes', () => {
  test('issue tokens once, which are revoked because the code was replayed', async () => {
    const { exchange } = await getCode(visit)
    const responses = await inParallel(50, (node) => requestToken(node, client, exchange))
    expect([count(responses, 200), count(responses, 400)]).toEqual([1, 49])
    const losers = responses.filter(({ status }) => status !== 200)
    expect(new Set(losers.map(({ body }) => body['error']))).toEqual(new Set(['invalid_grant']))
    const body = responses.find(({ status }) => status === 200)?.body
    for (const node of [left, right]) {
      await expectSoon(() => callApi(node, '/me', String(body?.['access_token'])), 401)
      const response = await refresh({ server: node, client }, String(body?.['refresh_token']))
      expect(response.body['error']).toBe('invalid_grant')
    }
  })

  test('create one authorization', async () => {
    const before = countAuthorizations()
    const { exchange } = await getCode(visit)
    await inParallel(20, (node) => requestToken(node, client, exchange))
    expect(countAuthorizations() - before).toBe(1)
  })
})

/** Counts all authorizations in the database, revoked ones too. */
function countAuthorizations(): number {
  const database = new DatabaseSync(server.file, { readOnly: true })
  const row = database.prepare('select count(*) as number from consulate_authorizations').get()
  database.close()
  return Number(row?.['number'])
}

describe('50 parallel refreshes of one token on two nodes', () => {
  test('all get the same next token, because retries are not theft', async () => {
    const tokens = await getCodeFlowTokens(visit)
    const responses = await inParallel(50, (node) => refresh({ server: node, client }, tokens.refresh_token))
    expect(count(responses, 200)).toBe(50)
    const next = new Set(responses.map(({ body }) => String(body['refresh_token'])))
    expect(next.size).toBe(1)
    expect(next.has(tokens.refresh_token)).toBe(false)
    expect(new Set(responses.map(({ body }) => body['access_token'])).size).toBe(50)
    const last = await refresh({ server: left, client }, [...next][0] ?? '')
    expect(last.status).toBe(200)
    expect((await refresh({ server: right, client }, String(last.body['refresh_token']))).status).toBe(200)
  })
})

describe('a revocation on one node takes effect on the other:', () => {
  test('signing out', async () => {
    const alone = { ...visit, browser: openBrowser(server) }
    const tokens = await getCodeFlowTokens(alone)
    expect((await callApi(right, '/me', tokens.access_token)).status).toBe(200)
    const question = await alone.browser.open(server.endpoint('/logout'))
    await alone.browser.press(question, 'Sign out')
    await expectSoon(() => callApi(right, '/me', tokens.access_token), 401)
    expect((await refresh({ server: left, client }, tokens.refresh_token)).body['error']).toBe(
      'invalid_grant',
    )
  })

  test('a revoked client', async () => {
    const gone = await server.addClient({ grantTypes: ['client_credentials'] })
    const grant = { grant_type: 'client_credentials' }
    const { body } = await requestToken(left, gone, grant)
    const token = String(body['access_token'])
    expect((await callApi(right, '/machine', token)).status).toBe(200)
    await server.server.clients.revoke(gone.id)
    await expectSoon(() => callApi(right, '/machine', token), 401)
    await expectSoon(() => requestToken(left, gone, grant), 401)
  })
})

test('a consent on one node gets a code on the other', async () => {
  const { exchange } = await getCode(visit)
  expect((await requestToken(right, client, exchange)).status).toBe(200)
})
