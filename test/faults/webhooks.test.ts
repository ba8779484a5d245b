import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { WebhooksConfig } from '../../src/index.ts'
import { callAdminApi } from '../support/admin-api.ts'
import { openBrowser } from '../support/browser.ts'
import { startCluster } from '../support/cluster.ts'
import { DATABASES } from '../support/databases.ts'
import { dose, sampleOf } from '../support/dose.ts'
import { getCodeFlowTokens, refresh, requestToken } from '../support/oauth-client.ts'
import { startProcess } from '../support/process.ts'
import { startServer, type ServerOptions, type TestServer } from '../support/server.ts'
import { startReceiver, type Receiver } from '../support/webhook-receiver.ts'

const SLOW = { timeout: 60_000, interval: 25 }
/** Milliseconds. Longer than a claim: the timeout, and 30 seconds for clocks that differ. */
const CLAIM = 60_000

/** A server with a closed database file, for processes, and the receiver of its messages. */
async function open(
  events: WebhooksConfig['endpoints'][number]['events'] = ['client.created'],
  options: ServerOptions = {},
) {
  const [server, receiver] = [await startServer(options), await startReceiver()]
  const { url, secret } = receiver
  const endpoints = [{ id: 'crm', url, secret, events }]
  const webhooks: WebhooksConfig = { endpoints, pollInterval: '25ms', timeout: '5s' }
  await server.server.ready()
  onTestFinished(async () => {
    await server.close()
    await receiver.close()
  })
  return { server, receiver, config: { webhooks } }
}

const CLIENT = { name: 'Orchard', redirectUris: ['https://app.example/callback'] }

/** Registers a client. Returns its ID, or undefined if the node did not answer. */
async function addClient(node: TestServer): Promise<string | undefined> {
  const response = await callAdminApi(node, { action: 'add client', registration: CLIENT }).catch(
    () => undefined,
  )
  const client = response?.status === 200 ? (response.body['client'] as { readonly id: string }) : undefined
  return client?.id
}

const clientsIn = ({ messages }: Receiver): readonly string[] =>
  messages.map(({ data }) => String(data['client_id']))

function storedClients({ file }: TestServer): readonly string[] {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    return database
      .prepare('select id from consulate_clients')
      .all()
      .map(({ id }) => String(id))
  } finally {
    database.close()
  }
}

const KILLS = dose(3, 60)

test(`${KILLS} kills between writes and deliveries lose no message, and send none for what was not written`, async () => {
  const { server, receiver, config } = await open()
  await server.server.close()
  // Slow answers, so that kills interrupt deliveries.
  receiver.answerWith((response) => void setTimeout(() => response.writeHead(204).end(), Math.random() * 30))
  const confirmed: string[] = []
  for (let kill = 0; kill < KILLS; kill += 1) {
    const { node, kill: end } = await startProcess(server, { config })
    const killed = new AbortController()
    const written = Promise.withResolvers<void>()
    const load = Array.from({ length: 4 }, async () => {
      while (!killed.signal.aborted) {
        const id = await addClient(node)
        if (id === undefined) continue
        confirmed.push(id)
        written.resolve()
      }
    })
    await written.promise
    await sleep(Math.random() * 150)
    await end()
    killed.abort()
    await Promise.all(load)
  }
  const { stop } = await startProcess(server, { config, ahead: CLAIM })
  const stored = storedClients(server)
  expect(stored).toEqual(expect.arrayContaining(confirmed))
  await expect.poll(() => new Set(clientsIn(receiver)).size, SLOW).toBe(stored.length)
  await stop()
  expect(new Set(clientsIn(receiver))).toEqual(new Set(stored))
  // Whatever arrived twice has the same ID.
  const ids = new Map(receiver.messages.map(({ id, data }) => [data['client_id'], id]))
  expect(receiver.messages.every(({ id, data }) => ids.get(data['client_id']) === id)).toBe(true)
})

describe.for(sampleOf(DATABASES))('on $name', ({ isAvailable, open: openDatabase }) => {
  test.runIf(isAvailable)('of several nodes, only one sends each message', async () => {
    const database = await openDatabase()
    onTestFinished(database.drop)
    const { server, receiver, config } = await open(['client.created'], { store: database.store })
    receiver.answerWith(
      (response) => void setTimeout(() => response.writeHead(204).end(), Math.random() * 20),
    )
    const cluster = await startCluster(server, 3, { config, url: database.url })
    onTestFinished(cluster.stop)
    await Promise.all(Array.from({ length: 60 }, (_, index) => addClient(cluster.nodes[index % 3] ?? server)))
    await expect.poll(() => new Set(clientsIn(receiver)).size, SLOW).toBe(60)
    await sleep(300)
    expect(receiver.messages).toHaveLength(60)
  })
})

test('a message that a killed node was sending is sent by another one when the claim ends', async () => {
  const { server, receiver, config } = await open()
  receiver.answerWith(() => undefined)
  const first = await startProcess(server, { config })
  await addClient(first.node)
  await expect.poll(() => receiver.messages.length, SLOW).toBe(1)
  await first.kill()
  receiver.answerWith(204)
  const second = await startProcess(server, { config })
  onTestFinished(second.stop)
  await sleep(300)
  expect(receiver.messages).toHaveLength(1)
  await second.setClock(CLAIM)
  await expect.poll(() => receiver.messages.length, SLOW).toBe(2)
  expect(receiver.messages[1]?.id).toBe(receiver.messages[0]?.id)
})

test('a full disk loses no message: the event fails with it, or its message waits for space', async () => {
  const { server, receiver, config } = await open('all')
  const [user, client] = [await server.addUser(), await server.addClient()]
  const tokens = await getCodeFlowTokens({ server, browser: openBrowser(server), client, user })
  await server.server.close()
  const { node, stop } = await startProcess(server, { config, fileSize: 1024 })
  onTestFinished(stop)
  // Another process has the file open. Otherwise the server itself would free space by closing it as the last one.
  const other = new DatabaseSync(server.file)
  other.exec('select count(*) from consulate_clients')
  let [token, status, refreshes] = [tokens.refresh_token, 200, 0]
  while (status === 200 && refreshes < 3_000) {
    const response = await refresh({ server: node, client }, token)
    status = response.status
    if (status !== 200) continue
    refreshes += 1
    token = String(response.body['refresh_token'])
  }
  expect(status).toBe(503)
  const refused = await requestToken(node, { ...client, secret: 'wrong' }, { grant_type: 'refresh_token' })
  expect(refused.status).toBe(401)
  // Busy while the server reads, and then without effect.
  await expect
    .poll(() => other.prepare('pragma wal_checkpoint(truncate)').get(), SLOW)
    .toMatchObject({ busy: 0 })
  other.close()
  const count = (type: string, status?: number) =>
    new Set(
      receiver.messages
        .filter(
          (message) => message.type === type && (status ?? message.data['status']) === message.data['status'],
        )
        .map(({ id }) => id),
    ).size
  expect((await refresh({ server: node, client }, token)).status).toBe(200)
  await expect.poll(() => count('token.refreshed'), SLOW).toBe(refreshes + 1)
  await expect.poll(() => count('request.refused', 401), SLOW).toBe(1)
})

test('an outbox that is locked delays the response no longer than the database does, and the message is sent later', async () => {
  const { server, receiver, config } = await open('all')
  const client = await server.addClient()
  await server.server.close()
  const { node, stop } = await startProcess(server, { config, busyTimeout: 100 })
  onTestFinished(stop)
  const other = new DatabaseSync(server.file)
  other.exec('begin immediate')
  const refused = await requestToken(node, { ...client, secret: 'wrong' }, { grant_type: 'refresh_token' })
  expect(refused.status).toBe(401)
  expect(receiver.messages).toEqual([])
  other.exec('rollback')
  other.close()
  await expect.poll(() => receiver.messages.map(({ type }) => type), SLOW).toEqual(['request.refused'])
})
