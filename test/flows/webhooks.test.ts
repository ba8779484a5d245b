import { Webhook } from 'standardwebhooks'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { WebhookEndpointConfig, WebhooksConfig } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { getCodeFlowTokens, refresh, requestToken } from '../support/oauth-client.ts'
import { startServer, type ServerOptions, type TestServer } from '../support/server.ts'
import { startReceiver, webhookSecret, type Receiver } from '../support/webhook-receiver.ts'

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000]

/** Starts a server with the endpoint `crm`. */
async function open(
  endpoint: Partial<WebhookEndpointConfig> = {},
  {
    webhooks,
    ...options
  }: Omit<ServerOptions, 'webhooks'> & { readonly webhooks?: Partial<WebhooksConfig> } = {},
) {
  const receiver = await startReceiver()
  const { url, secret } = receiver
  const crm = { id: 'crm', url, ...(endpoint.secrets ? {} : { secret }), ...endpoint }
  const server = await startServer({
    ...options,
    webhooks: { pollInterval: '50ms', ...webhooks, endpoints: [crm, ...(webhooks?.endpoints ?? [])] },
  })
  onTestFinished(async () => {
    await server.close()
    await receiver.close()
  })
  return { server, receiver, webhooks: server.server.webhooks }
}

/** Makes an event that tells of a client. Returns the client's ID. */
const causeEvent = async (server: TestServer): Promise<string> => (await server.addClient()).id

const fail = (): never => {
  throw new Error('no message')
}

const SLOW = { timeout: 30_000, interval: 20 }
const received = (receiver: Receiver, count: number) =>
  expect.poll(() => receiver.messages.length, SLOW).toBe(count)

async function signInAndRefresh(server: TestServer): Promise<void> {
  const [user, client] = [await server.addUser(), await server.addClient()]
  const flow = { server, browser: openBrowser(server), client, user }
  const tokens = await getCodeFlowTokens(flow)
  await refresh(flow, tokens.refresh_token)
  await requestToken(server, { ...client, secret: 'a wrong secret' }, { grant_type: 'refresh_token' })
  await server.server.users.signOutEverywhere(user)
}

describe('a message', () => {
  test('is accepted by the official library, and has the type, the time and the data of its event', async () => {
    const { server, receiver } = await open()
    const clientId = await causeEvent(server)
    await received(receiver, 1)
    const { headers, body, data, timestamp } = receiver.messages[0] ?? fail()
    expect(new Webhook(receiver.secret).verify(body, headers)).toEqual({
      type: 'client.created',
      timestamp,
      data,
    })
    expect(data).toEqual({ request_id: null, client_id: clientId, by: 'app', sub: null })
    expect(Math.abs(Date.parse(timestamp ?? '') - Date.now())).toBeLessThan(MINUTE)
    expect(headers['content-type']).toBe('application/json')
    expect(headers['webhook-id']).toMatch(/^msg_[\w-]{22}$/)
    const tampered = { ...headers, 'webhook-id': 'msg_other' }
    expect(() => new Webhook(receiver.secret).verify(body, tampered)).toThrow('No matching signature')
  })

  test('is sent for each event, with the same data, times in seconds and names in snake_case', async () => {
    const { server, receiver } = await open({ events: 'all' })
    await signInAndRefresh(server)
    await received(receiver, server.events.length)
    const sent = receiver.messages.map(({ type }) => type).toSorted()
    expect(sent).toEqual(server.events.map(({ name }) => name).toSorted())
    const issued = server.events.find(({ name }) => name === 'token.issued')?.payload
    const message = receiver.messages.find(({ data }) => data['jti'] === issued?.['jti'])
    expect(message?.data).toEqual({
      request_id: issued?.['requestId'],
      grant_type: 'authorization_code',
      client_id: issued?.['clientId'],
      sub: issued?.['sub'],
      jti: issued?.['jti'],
      authorization_id: issued?.['authorizationId'],
      scopes: issued?.['scopes'],
      expires_at: Math.floor(Number(issued?.['expiresAt']) / 1000),
      refresh_generation: 0,
    })
    const written = receiver.messages.find(({ type }) => type === 'revocation.written')
    expect(written?.data['entry']).toMatchObject({ kind: 'user', expires_at: expect.any(Number) as unknown })
  })

  test('is not sent for frequent events, and those that strangers cause, unless they are listed', async () => {
    const listed = await startReceiver()
    onTestFinished(listed.close)
    const { url, secret } = listed
    const { server, receiver } = await open(
      {},
      { webhooks: { endpoints: [{ id: 'log', url, secret, events: ['token.issued', 'request.refused'] }] } },
    )
    await signInAndRefresh(server)
    const count = (names: readonly string[]) =>
      server.events.filter(({ name }) => names.includes(name)).length
    await received(listed, count(['token.issued', 'request.refused']))
    const frequent = ['token.issued', 'token.refreshed', 'request.refused']
    await received(receiver, server.events.length - count(frequent))
    const types = receiver.messages.map(({ type }) => type)
    expect(types).toContain('session.started')
    expect(types.filter((type) => frequent.includes(type))).toEqual([])
  })

  test('is signed with each of several secrets, so that one can be replaced', async () => {
    const secrets = [webhookSecret(), webhookSecret()]
    const { server, receiver } = await open({ secrets })
    await causeEvent(server)
    // The receiver has another secret, and keeps the request as invalid.
    await expect.poll(() => receiver.invalid.length, SLOW).toBe(1)
    const { messages, close, url } = await startReceiver({ secret: secrets[1] ?? '' })
    onTestFinished(close)
    const other = await open({ secrets, url })
    await causeEvent(other.server)
    await expect.poll(() => messages.length, SLOW).toBe(1)
    const { headers, body } = messages[0] ?? fail()
    for (const secret of secrets) expect(new Webhook(secret).verify(body, headers)).toBeTruthy()
  })

  test('has the same ID at each endpoint and in each attempt, and the time of the attempt', async () => {
    const second = await startReceiver()
    onTestFinished(second.close)
    const { server, receiver } = await open(
      {},
      { webhooks: { endpoints: [{ id: 'second', url: second.url, secret: second.secret }] } },
    )
    receiver.answerWith(500)
    await causeEvent(server)
    await received(receiver, 1)
    await received(second, 1)
    server.clock.advance('10s')
    await received(receiver, 2)
    expect(new Set([...receiver.messages, ...second.messages].map(({ id }) => id)).size).toBe(1)
    const [first, retry] = receiver.messages.map(({ headers }) => Number(headers['webhook-timestamp']))
    expect((retry ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(10)
    expect(receiver.messages[1]?.body).toBe(receiver.messages[0]?.body)
  })
})

const DELAYS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]

describe('an endpoint that fails', () => {
  test('gets a message ten times in three days, then it has failed until it is replayed', async () => {
    const { server, receiver, webhooks } = await open()
    receiver.answerWith(500)
    await causeEvent(server)
    for (const [index, least] of DELAYS.entries()) {
      await received(receiver, index + 1)
      const isDue = ([{ dueAt } = { dueAt: 0 }]: readonly { readonly dueAt: number }[]): boolean =>
        Math.abs(dueAt - server.clock.now() - least * 1.05) < least * 0.05 + SECOND
      await expect.poll(() => webhooks.deliveries(), SLOW).toSatisfy(isDue)
      expect((await webhooks.deliveries())[0]).toMatchObject({ failure: 'HTTP 500', attempts: index + 1 })
      server.clock.advance(`${least * 1.1 + SECOND}ms`)
    }
    await expect.poll(async () => (await webhooks.list())[0]?.failed, SLOW).toBe(1)
    expect(server.logs.filter((line) => line.includes('Webhook message failed'))).toHaveLength(1)
    expect(server.logs.filter((line) => line.includes('Webhook endpoint failed'))).toHaveLength(1)

    receiver.answerWith(204)
    expect(await webhooks.replay({ since: 0, endpoint: 'other' })).toBe(0)
    expect(await webhooks.replay({ since: 0 })).toBe(1)
    await received(receiver, 11)
    await expect
      .poll(async () => (await webhooks.deliveries())[0], SLOW)
      .toMatchObject({ state: 'delivered', attempts: 1, status: 204, failure: null })
    const [delivery] = await webhooks.deliveries({ state: 'delivered' })
    expect(await webhooks.replay(delivery?.id ?? 0)).toBe(1)
    await received(receiver, 12)
    expect(new Set(receiver.messages.map(({ id }) => id)).size).toBe(1)
    expect(server.logs.filter((line) => line.includes('accepts messages again'))).toHaveLength(1)
  })

  test('can ask for a longer pause with Retry-After', async () => {
    const { server, receiver, webhooks } = await open()
    receiver.answerWith((response) => response.writeHead(503, { 'Retry-After': '3600' }).end())
    await causeEvent(server)
    await expect.poll(async () => (await webhooks.deliveries())[0]?.status, SLOW).toBe(503)
    const [delivery] = await webhooks.deliveries()
    expect((delivery?.dueAt ?? 0) - server.clock.now()).toBeGreaterThan(HOUR - MINUTE)
  })

  const failures: readonly (readonly [string, Parameters<Receiver['answerWith']>[0], string])[] = [
    [
      'redirects',
      (response) => response.writeHead(302, { Location: '/elsewhere' }).end(),
      'HTTP 302: redirects are not followed',
    ],
    ['never answers', () => undefined, 'no answer within 0.5 seconds'],
    [
      'never ends its headers',
      (response) => response.socket?.write('HTTP/1.1 200 OK\r\nX: '),
      'no answer within 0.5 seconds',
    ],
    ['sends a body slowly', (response) => response.writeHead(200).write('a'), 'no answer within 0.5 seconds'],
    ['closes the connection', (response) => response.socket?.destroy(), 'UND_ERR_SOCKET'],
    [
      'answers something else than HTTP',
      (response) => response.socket?.end('hello\r\n\r\n'),
      'the connection failed',
    ],
    ['rejects the signature', 401, 'HTTP 401'],
  ]
  test.each(failures)('and %s is tried again', async (_, answer, failure) => {
    const { server, receiver, webhooks } = await open({}, { webhooks: { timeout: '500ms' } })
    receiver.answerWith(answer)
    await causeEvent(server)
    await expect.poll(async () => (await webhooks.deliveries())[0]?.failure, SLOW).toBe(failure)
    receiver.answerWith(200)
    server.clock.advance('10s')
    await expect.poll(async () => (await webhooks.deliveries())[0]?.state, SLOW).toBe('delivered')
    expect(receiver.messages).toHaveLength(2)
  })

  test('and answers with an endless body is not read to its end', async () => {
    const { server, receiver, webhooks } = await open()
    let isCanceled = false
    receiver.answerWith((response) => {
      response.writeHead(200)
      const chunk = Buffer.alloc(65_536)
      const write = (): void => {
        if (!response.destroyed) response.write(chunk, () => setImmediate(write))
      }
      response.once('close', () => (isCanceled = true))
      write()
    })
    await causeEvent(server)
    await expect.poll(async () => (await webhooks.deliveries())[0]?.state, SLOW).toBe('delivered')
    await expect.poll(() => isCanceled, SLOW).toBe(true)
    expect((await webhooks.test('crm')).body).toHaveLength(4096)
  })

  test('and hangs gets five requests at a time, and delays no other endpoint', async () => {
    const other = await startReceiver()
    onTestFinished(other.close)
    const { server, receiver } = await open(
      {},
      { webhooks: { endpoints: [{ id: 'other', url: other.url, secret: other.secret }] } },
    )
    receiver.answerWith(() => undefined)
    for (let index = 0; index < 20; index += 1) await causeEvent(server)
    await received(other, 20)
    await received(receiver, 5)
    expect([receiver.maximumOpen, other.maximumOpen <= 5]).toEqual([5, true])
  })

  test('and answers 410 is disabled until it accepts a test', async () => {
    const { server, receiver, webhooks } = await open()
    receiver.answerWith(410)
    await causeEvent(server)
    await expect.poll(async () => (await webhooks.list())[0]?.failed, SLOW).toBe(1)
    await causeEvent(server)
    await expect.poll(async () => (await webhooks.list())[0]?.failed, SLOW).toBe(2)
    const [info] = await webhooks.list()
    expect(info).toMatchObject({ id: 'crm', disabledAt: expect.any(Number) as unknown, pending: 0 })
    expect(info?.lastFailure?.failure).toBe('the endpoint is disabled: it answered HTTP 410')
    expect(receiver.messages).toHaveLength(1)

    expect(await webhooks.test('crm')).toMatchObject({ isAccepted: false, status: 410, failure: 'HTTP 410' })
    expect((await webhooks.list())[0]?.disabledAt).not.toBe(null)
    receiver.answerWith((response) => response.writeHead(200).end('thanks'))
    expect(await webhooks.test('crm')).toMatchObject({ isAccepted: true, status: 200, body: 'thanks' })
    expect(receiver.messages.at(-1)).toMatchObject({ type: 'webhook.test', data: { endpoint_id: 'crm' } })
    expect((await webhooks.list())[0]?.disabledAt).toBe(null)
    expect(await webhooks.replay({ since: 0 })).toBe(2)
    await expect.poll(async () => (await webhooks.list())[0]?.delivered, SLOW).toBe(2)
  })
})

test('a test of an unknown endpoint lists the known ones, and a failed test says why', async () => {
  const { receiver, webhooks } = await open()
  await expect(webhooks.test('erp')).rejects.toThrow('webhooks.endpoints: has no "erp", only: crm')
  await receiver.close()
  expect(await webhooks.test('crm')).toMatchObject({
    isAccepted: false,
    status: null,
    failure: 'ECONNREFUSED',
  })
  await expect(webhooks.replay({ since: Number.NaN })).rejects.toThrow('since')
})

test('closing the server cancels requests, and the next start sends their messages again', async () => {
  const receiver = await startReceiver()
  onTestFinished(receiver.close)
  const { url, secret } = receiver
  const webhooks = { endpoints: [{ id: 'crm', url, secret }], pollInterval: '50ms' } as const
  const first = await startServer({ webhooks })
  onTestFinished(first.close)
  receiver.answerWith(() => undefined)
  await causeEvent(first)
  await received(receiver, 1)
  const startedAt = performance.now()
  await first.server.close()
  expect(performance.now() - startedAt).toBeLessThan(10 * SECOND)
  receiver.answerWith(204)
  const second = await startServer({ webhooks, file: first.file })
  onTestFinished(second.close)
  await second.server.ready()
  await received(receiver, 2)
  expect(receiver.messages[1]?.id).toBe(receiver.messages[0]?.id)
})
