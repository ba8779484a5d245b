import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer } from '../support/server.ts'
import { startReceiver, webhookSecret } from '../support/webhook-receiver.ts'
import { consulate, emptyDirectory, linkPackage, type Outcome } from './run.ts'

const receiver = await startReceiver()
const down = { id: 'erp', url: 'http://127.0.0.1:9/hooks', secret: webhookSecret() }
const webhooks = {
  endpoints: [{ id: 'crm', url: receiver.url, secret: receiver.secret }, down],
  pollInterval: '50ms',
} as const
const server = await startServer({ webhooks })
server.knownSecrets.add('webhook secret', receiver.secret)
server.knownSecrets.add('webhook secret', down.secret)
afterAll(async () => {
  await server.close()
  await receiver.close()
})

const cwd = emptyDirectory(afterAll)
const config = `
import { authorizationCode, builtInUsers } from 'consulate'
import { sqlite } from 'consulate/sqlite'

export default {
  issuer: 'http://127.0.0.1',
  secrets: { description: 'none', load: async () => { throw new Error('not needed') } },
  store: sqlite(${JSON.stringify(server.file)}),
  users: builtInUsers(),
  scopes: { 'orders:read': 'See your orders' },
  grants: [authorizationCode()],
  webhooks: ${JSON.stringify(webhooks)},
}
`

const webhook = (...args: readonly string[]): Promise<Outcome> => consulate(cwd, args)

beforeAll(async () => {
  await linkPackage(cwd)
  writeFileSync(join(cwd, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(cwd, 'consulate.config.ts'), config)
})

const jsonOf = async (...args: readonly string[]): Promise<readonly Record<string, unknown>[]> =>
  JSON.parse((await webhook(...args, '--json')).stdout) as readonly Record<string, unknown>[]

const SLOW = { timeout: 30_000, interval: 20 }
const stateOf = async (endpoint: string) =>
  (await server.server.webhooks.deliveries({ endpoint })).map(({ state }) => state)

test('webhook list shows each endpoint, with what is pending and why the last attempt failed', async () => {
  await server.addClient()
  await expect.poll(() => stateOf('crm'), SLOW).toEqual(['delivered'])
  await expect.poll(async () => (await server.server.webhooks.list())[1]?.lastFailure, SLOW).not.toBe(null)
  const [crm, erp] = await jsonOf('webhook', 'list')
  expect(crm).toMatchObject({ id: 'crm', disabled_at: null, pending: 0, delivered: 1, last_failure: null })
  expect(erp).toMatchObject({ id: 'erp', pending: 1, last_failure: { failure: 'the connection failed' } })
  const { stdout } = await webhook('webhook', 'list')
  expect(stdout).toContain('crm')
  expect(stdout).not.toContain('whsec_')
})

test('webhook list --deliveries shows messages, newest first', async () => {
  const rows = await jsonOf('webhook', 'list', '--deliveries')
  expect(rows.map(({ endpoint, event, state }) => [endpoint, event, state])).toEqual([
    ['erp', 'client.created', 'pending'],
    ['crm', 'client.created', 'delivered'],
  ])
  expect(rows[1]?.['body']).toMatchObject({ type: 'client.created' })
  expect((await webhook('webhook', 'list', '--deliveries', '--endpoint', 'crm')).stdout).toMatch(
    /delivered +1/,
  )
  expect((await webhook('webhook', 'list', '--failed')).stdout).toBe('No messages.\n')
})

test('webhook test sends a signed message now, and fails if it is not accepted', async () => {
  receiver.answerWith((response) => response.writeHead(200).end('thank you'))
  const accepted = await webhook('webhook', 'test', 'crm')
  expect([accepted.code, accepted.stderr]).toEqual([0, ''])
  expect(accepted.stdout).toMatch(/Status +200[^]*Answer +thank you/)
  expect(receiver.messages.at(-1)).toMatchObject({ type: 'webhook.test', data: { endpoint_id: 'crm' } })
  const refused = await webhook('webhook', 'test', 'erp')
  expect([refused.code, refused.stderr]).toEqual([
    1,
    'The endpoint did not accept the message: the connection failed.\n',
  ])
  const unknown = await webhook('webhook', 'test', 'nope')
  expect([unknown.code, unknown.stderr]).toEqual([
    1,
    'No webhook endpoint "nope" in consulate.config.ts. It has: crm, erp.\n',
  ])
})

test('webhook replay sends one message again, or all that failed since a time', async () => {
  const [{ id } = { id: 0 }] = await server.server.webhooks.deliveries({ endpoint: 'crm' })
  const before = receiver.messages.length
  expect((await webhook('webhook', 'replay', String(id))).stdout).toBe(
    'A server will send 1 message again.\n',
  )
  await expect.poll(() => receiver.messages.length, SLOW).toBe(before + 1)
  expect(receiver.messages.at(-1)?.id).toBe(receiver.messages[0]?.id)

  receiver.answerWith(410)
  await server.addClient()
  await expect.poll(() => stateOf('crm'), SLOW).toEqual(['failed', 'delivered'])
  expect((await webhook('webhook', 'list')).stdout).toContain('disabled')
  receiver.answerWith(204)
  expect((await webhook('webhook', 'test', 'crm')).code).toBe(0)
  const replayed = await webhook('webhook', 'replay', '--failed', '--since', '1h', '--endpoint', 'crm')
  expect(replayed.stdout).toBe('A server will send 1 message again.\n')
  await expect.poll(() => stateOf('crm'), SLOW).toEqual(['delivered', 'delivered'])
})

test('webhook replay explains what is missing', async () => {
  const errors = [
    [['12345'], 'No message with the ID "12345".\n'],
    [['abc'], 'The delivery ID must be a number. `consulate webhook list --deliveries` shows it.\n'],
    [[], 'Pass a delivery ID, or --failed with --since.\n'],
    [['1', '--failed'], 'Pass a delivery ID, or --failed with --since.\n'],
    [['--failed'], '--failed requires --since.\n'],
    [
      ['--failed', '--since', '1h', '--endpoint', 'nope'],
      'No webhook endpoint "nope" in consulate.config.ts.',
    ],
  ] as const
  for (const [args, message] of errors)
    expect((await webhook('webhook', 'replay', ...args)).stderr).toContain(message)
  const [pending] = await server.server.webhooks.deliveries({ endpoint: 'erp' })
  expect((await webhook('webhook', 'replay', String(pending?.id))).stderr).toMatch(
    new RegExp(`^Message ${pending?.id} is still pending. Its next attempt is in .+\\.\n$`),
  )
})

test('webhook list rejects an endpoint that neither the configuration nor a message has', async () => {
  for (const flags of [[], ['--deliveries'], ['--failed']]) {
    const { code, stderr } = await webhook('webhook', 'list', '--endpoint', 'nope', ...flags)
    expect([code, stderr]).toEqual([
      1,
      'No webhook endpoint "nope" in consulate.config.ts. It has: crm, erp.\n',
    ])
  }
  expect((await webhook('webhook', 'list', '--failed', '--endpoint', 'erp')).stdout).toBe('No messages.\n')
})

test('what the command line changes is sent by a running server', async () => {
  const { stdout } = await webhook(
    'client',
    'create',
    '--name',
    'CLI',
    '--redirect-uri',
    'https://a.example/cb',
    '--json',
  )
  const { client_id: id } = JSON.parse(stdout) as { readonly client_id: string }
  const messageOf = (type: string) =>
    receiver.messages.find((message) => message.type === type && message.data['client_id'] === id)
  await expect.poll(() => messageOf('client.created')?.data, SLOW).toMatchObject({ client_id: id })
  expect((await webhook('client', 'revoke', id, '--yes')).code).toBe(0)
  await expect.poll(() => messageOf('client.revoked')?.data, SLOW).toMatchObject({ client_id: id })
})
