import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { signIn, type EventMap } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import { addDeviceClient, enterCode, getDeviceTokens, startDevice } from '../support/device.ts'
import { authorizationUrl, getCode, getCodeFlowTokens, getTokens, refresh } from '../support/oauth-client.ts'
import { logIn } from '../support/sign-in-api.ts'
import { startServer } from '../support/server.ts'
import { webhookSecret } from '../support/webhook-receiver.ts'

// Nothing listens there: the messages stay in the outbox.
const endpoint = { id: 'crm', url: 'http://127.0.0.1:9/', secret: webhookSecret(), events: 'all' } as const
const server = await startServer({
  grants: [...commonConfig().grants, signIn()],
  webhooks: { endpoints: [endpoint] },
})
const { clients, sessions, users, connections, personalTokens, webhooks } = server.server
const [user, other] = [await server.addUser(), await server.addUser()]
const [client, third, doomed] = [await server.addClient(), await server.addClient(), await server.addClient()]
const flow = { server, browser: openBrowser(server), client, user }
const redirectUris = [client.redirectUri]
const database = new DatabaseSync(server.file)
afterAll(async () => {
  database.close()
  await server.close()
})

const tokens = await getCodeFlowTokens(flow)
const { exchange } = await getCode(flow)
const { session_id: sessionId } = await logIn(server, other)
const { token } = await personalTokens.create(user.id, { name: 'Backup' })
const device = await startDevice(server, await addDeviceClient(server))
const decision = await enterCode(flow.browser, device, user)
const consent = await flow.browser.open(authorizationUrl(server, third, { scope: 'profile' }))
const guest = openBrowser(server)
const signInPage = await guest.open(server.endpoint('/login'))

/** Throws if a page says that something went wrong. */
async function press(browser: typeof guest, ...parameters: Parameters<typeof guest.press>): Promise<void> {
  const { status } = await browser.press(...parameters)
  if (status >= 400) throw new Error(`The page has the status ${status}`)
}

async function signInAsGuest(): Promise<void> {
  const { status } = await guest.signIn(signInPage, other)
  if (status >= 400) throw new Error(`The page has the status ${status}`)
}

/** What is stored, how it is done, and the events that must be stored with it. */
interface Act {
  readonly what: string
  readonly act: () => Promise<unknown>
  readonly expected: readonly (keyof EventMap)[]
}

const act = (what: string, perform: Act['act'], ...expected: Act['expected']): Act => ({
  what,
  act: perform,
  expected,
})

const ACTS: readonly Act[] = [
  act('a client', () => clients.create({ name: 'New', redirectUris }), 'client.created'),
  act('a changed client', () => clients.update(client.id, { name: 'Changed' }), 'client.updated'),
  act('a secret', () => clients.rotateSecret(third.id), 'client.secret-rotated'),
  act('a revoked client', () => clients.revoke(doomed.id), 'revocation.written', 'client.revoked'),
  act('a code exchange', () => getTokens(server, client, exchange), 'token.issued', 'authorization.created'),
  act('a refresh', () => refreshOrThrow(), 'token.issued', 'token.refreshed'),
  act(
    'a sign-in by the API',
    () => logIn(server, user),
    'session.started',
    'authorization.created',
    'device.new',
  ),
  act('a sign-in in a browser', signInAsGuest, 'session.started', 'device.new'),
  act('a consent', () => press(flow.browser, consent, 'Allow'), 'consent.given'),
  act('a decision on a device', () => press(flow.browser, decision, 'Allow'), 'consent.given'),
  act('a device', () => getDeviceTokens(server, device), 'token.issued', 'authorization.created'),
  act(
    'a personal access token',
    () => personalTokens.create(user.id, { name: 'New' }),
    'personal-token.created',
  ),
  act('a revoked personal access token', () => personalTokens.revoke(token.id), 'personal-token.revoked'),
  act('a revoked session', () => sessions.revoke(sessionId), 'revocation.written', 'session.ended'),
  act('a disconnected app', () => connections.disconnect(user.id, client.id), 'app.disconnected'),
  act('a password', () => users.setPassword(other, 'another password'), 'password.changed'),
  act('a sign-out everywhere', () => users.signOutEverywhere(user), 'revocation.written'),
]

async function refreshOrThrow(): Promise<void> {
  const { status } = await refresh(flow, tokens.refresh_token)
  if (status !== 200) throw new Error(`The refresh has the status ${status}`)
}

/** These are about requests, not about rows. */
const WITHOUT_ROW: ReadonlySet<string> = new Set(['request.refused'])

const since = (index: number): readonly string[] =>
  server.events.slice(index).flatMap(({ name }) => (WITHOUT_ROW.has(name) ? [] : [name]))

test.each(ACTS)('$what is stored only together with its messages', async ({ act: perform, expected }) => {
  const before = server.events.length
  database.exec(`create trigger full before insert on consulate_webhook_deliveries
    begin select raise(abort, 'the outbox is full'); end`)
  try {
    await expect(perform()).rejects.toThrow()
  } finally {
    database.exec('drop trigger full')
  }
  expect(since(before)).toEqual([])

  await perform()
  const emitted = since(before)
  expect(emitted).toEqual(expect.arrayContaining([...expected]))
  const stored = await webhooks.deliveries({ limit: 1_000 })
  for (const name of expected)
    expect(stored.filter(({ event }) => event === name)).toHaveLength(
      server.events.filter((event) => event.name === name).length,
    )
})
