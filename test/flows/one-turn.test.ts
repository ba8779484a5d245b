import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import type { AuthorizationServer } from '../../src/index.ts'
import { openServer } from '../../src/server.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { openBrowser } from '../support/browser.ts'
import { commonConfig, REQUIRED } from '../support/config.ts'
import { createMigratedFile } from '../support/migrated-file.ts'
import { basic, getCode, getCodeFlowTokens, refresh, requestToken } from '../support/oauth-client.ts'
import { startServer, type ServerOptions, type TestClient } from '../support/server.ts'
import { recordStatements } from '../support/statements.ts'
import { createFolder } from '../store/races/processes.ts'

type Parameters = Readonly<Record<string, string>>

const COUNT = 16

/** Starts a server that writes for requests only, with a user and a client. */
async function start(options: ServerOptions = {}) {
  const server = await startServer({
    revocations: { pollInterval: '1h', maxStaleness: '2h' },
    purge: 'manual',
    audit: 'off',
    ...options,
  })
  onTestFinished(server.close)
  const [user, client] = [await server.addUser(), await server.addClient()]
  return { server, client, visit: { server, browser: openBrowser(server), client, user } }
}

/** Repeats an action, one after another. */
async function repeat<Result>(action: () => Promise<Result>, count = COUNT): Promise<readonly Result[]> {
  const results: Result[] = []
  while (results.length < count) results.push(await action())
  return results
}

const refreshing = (refreshToken: string): Parameters => ({
  grant_type: 'refresh_token',
  refresh_token: refreshToken,
})

const MACHINE: Parameters = { grant_type: 'client_credentials' }

/** Calls each function in a callback of its own, all in the same turn of the event loop. */
const inOneTurn = <Result>(calls: readonly (() => Promise<Result>)[]): Promise<readonly Result[]> =>
  Promise.all(
    calls.map(
      (call) =>
        new Promise<Result>((resolve, reject) => void setImmediate(() => void call().then(resolve, reject))),
    ),
  )

/** Hands a token request over to a server, as an adapter does when it has read it. */
async function hand(
  { core }: Pick<AuthorizationServer, 'core'>,
  { id, secret = '' }: Pick<TestClient, 'id' | 'secret'>,
  parameters: Parameters,
) {
  const headers: Parameters = {
    authorization: basic(id, secret),
    'content-type': 'application/x-www-form-urlencoded',
  }
  const response = await core.handle({
    method: 'POST',
    path: '/oauth/token',
    query: '',
    peer: '127.0.0.1',
    header: (name) => headers[name],
    body: async () => String(new URLSearchParams(parameters)),
    original: undefined,
  })
  return { status: response?.status, body: JSON.parse(response?.body ?? '{}') as Record<string, unknown> }
}

test('machine tokens of requests that arrive in one turn are signed after all of them were read', async () => {
  const { server } = await start()
  const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
  // The client is cached from now on.
  await requestToken(server, machine, MACHINE)
  const order: string[] = []
  server.server.on('token.issued', () => void order.push('signed'))
  const responses = await inOneTurn(
    Array.from({ length: COUNT }, () => () => {
      order.push('read')
      return hand(server.server, machine, MACHINE)
    }),
  )
  expect(responses.map(({ status }) => status)).toEqual(Array(COUNT).fill(200))
  expect(order).toEqual([...Array<string>(COUNT).fill('read'), ...Array<string>(COUNT).fill('signed')])
})

test.each(['client', 'issuer'] as const)(
  'a machine token is void if the %s is revoked after the request was read and before the turn ends',
  async (kind) => {
    const store = sqlite(':memory:')
    const { server, start: startServices } = openServer({ ...REQUIRED, ...commonConfig(), store })
    onTestFinished(server.close)
    const { revoker } = await startServices()
    const { client, secret } = await server.clients.create({
      name: 'Machine',
      grantTypes: ['client_credentials'],
      scopes: ['orders:read'],
      redirectUris: [],
    })
    const target = kind === 'client' ? { kind, id: client.id } : { kind }
    const [issued] = await inOneTurn([
      () => hand(server, { id: client.id, secret }, MACHINE),
      async () => {
        await revoker.revoke(target, { by: 'server', reason: 'replay' })
        return undefined
      },
    ])
    expect(issued?.status).toBe(200)
    const authorization = `Bearer ${String(issued?.body['access_token'])}`
    const refusal = await server.core.check(
      { headers: { authorization } },
      { caller: 'machine', provider: undefined, allOf: [], anyOf: [] },
    )
    expect(refusal).toMatchObject({ status: 401, body: { error_description: 'Token revoked' } })
  },
)

test('codes and refresh tokens of requests that arrive in one turn are exchanged in one transaction', async () => {
  const statements = recordStatements()
  const { server, client, visit } = await start()
  const codes = await repeat(() => getCode(visit))
  let tokens: readonly string[] = []
  const send = (all: readonly Parameters[]) => async () => {
    const responses = await inOneTurn(all.map((parameters) => () => hand(server.server, client, parameters)))
    expect(responses.map(({ status }) => status)).toEqual(Array(COUNT).fill(200))
    tokens = responses.map(({ body }) => String(body['refresh_token']))
  }
  const exchanges = codes.map(({ exchange }) => exchange)
  const transaction = ['begin immediate', 'commit']
  expect(await statements.transactionsDuring(server, send(exchanges))).toEqual(transaction)
  expect(await statements.transactionsDuring(server, send(tokens.map(refreshing)))).toEqual(transaction)
})

test('clients that disconnect before the turn ends take nothing from the others, and can try again', async () => {
  const { server, client, visit } = await start()
  const tokens = (await repeat(() => getCodeFlowTokens(visit))).map((each) => each.refresh_token)
  const { hostname, port } = new URL(server.origin)
  const responses = tokens.map(async (token, index) => {
    const body = String(new URLSearchParams(refreshing(token)))
    const socket = connect(Number(port), hostname)
    const answer = text(socket).catch(() => '')
    socket.write(
      `POST /oauth/token HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n` +
        `Authorization: ${basic(client.id, client.secret ?? '')}\r\n` +
        `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      // Every second one hangs up as soon as its request is on its way.
      () => index % 2 === 0 && socket.destroy(),
    )
    return answer
  })
  const statuses = (await Promise.all(responses)).map((answer) => answer.split(' ')[1])
  expect(statuses.filter((_, index) => index % 2 === 1)).toEqual(Array(COUNT / 2).fill('200'))
  for (const token of tokens) expect((await refresh({ server, client }, token)).status).toBe(200)
})

test('a server that closes before the turn ends answers every request, and keeps what it has answered', async () => {
  const file = `${await createFolder()}/data.db`
  await createMigratedFile(file)
  const first = await start({ file })
  const tokens = (await repeat(() => getCodeFlowTokens(first.visit))).map((each) => each.refresh_token)
  const machine = await first.server.addClient({
    grantTypes: ['client_credentials'],
    scopes: ['orders:read'],
  })
  let closing: Promise<void> | undefined
  const responses = await inOneTurn([
    ...tokens.map((token) => () => hand(first.server.server, first.client, refreshing(token))),
    () => hand(first.server.server, machine, MACHINE),
    async () => {
      closing = first.server.server.close()
      return undefined
    },
  ])
  await closing
  expect([200, 503]).toContain(responses[COUNT]?.status)
  const store = sqlite(file)
  const second = await start({ store, issuer: first.server.issuer })
  for (const [index, token] of tokens.entries()) {
    const { status, body } = responses[index] ?? {}
    expect([200, 503]).toContain(status)
    const next = status === 200 ? String(body?.['refresh_token']) : token
    expect((await refresh({ server: second.server, client: first.client }, next)).status).toBe(200)
  }
})
