import { afterAll, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { createBroadcastHub } from '../support/broadcast-hub.ts'
import { callApi, claimOf, getCodeFlowTokens } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

// Polls are too rare to matter: whatever another node learns, it learns from a message.
const revocations = { pollInterval: '1h', maxStaleness: '2h' } as const
const hub = createBroadcastHub()
const server = await startServer({ broadcast: hub, revocations })
const other = await startServer({ broadcast: hub, revocations, issuer: server.issuer, file: server.file })
const user = await server.addUser()
const client = await server.addClient()
afterAll(async () => {
  await other.close()
  await server.close()
})

const signIn = () => getCodeFlowTokens({ server, browser: openBrowser(server), user, client })
const statusAt = async (node: typeof server, token: string) => (await callApi(node, '/me', token)).status

test('a revocation is effective on the other nodes as soon as its message arrives', async () => {
  const [first, second] = [await signIn(), await signIn()]
  expect(await statusAt(other, first.access_token)).toBe(200)
  await server.server.sessions.revoke(claimOf(first.access_token, 'sid'))
  expect(await statusAt(other, first.access_token)).toBe(401)
  expect(await statusAt(other, second.access_token)).toBe(200)
})

test('signing out everywhere is effective on the other nodes as soon as its message arrives', async () => {
  const { access_token: token } = await signIn()
  expect(await statusAt(other, token)).toBe(200)
  await server.server.users.signOutEverywhere(user.id)
  expect(await statusAt(other, token)).toBe(401)
  expect(await statusAt(other, (await signIn()).access_token)).toBe(200)
})

test('messages that are repeated or cut off change nothing', async () => {
  const { access_token: token } = await signIn()
  for (const message of hub.messages.slice()) {
    hub.inject(message)
    hub.inject(message.slice(0, -1))
  }
  expect(await statusAt(other, token)).toBe(200)
})

test('every node records each revocation once, in case the one that made it crashes', async () => {
  const before = hub.recorded.length
  const { access_token: token } = await signIn()
  await other.server.sessions.revoke(claimOf(token, 'sid'))
  expect(hub.recorded.slice(before).map(({ subject }) => subject)).toEqual([
    claimOf(token, 'sid'),
    claimOf(token, 'sid'),
  ])
})
