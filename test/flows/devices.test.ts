import { afterAll, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const client = await server.addClient()
afterAll(server.close)

test('a device is last seen when it visits a page or an app on it refreshes a token', async () => {
  const flow = { server, client, browser: openBrowser(server), user: await server.addUser() }
  const wasJustSeen = async () => {
    const [device] = await server.server.sessions.list(flow.user)
    return server.clock.now() - (device?.lastSeenAt ?? 0) < 60_000
  }
  const tokens = await getCodeFlowTokens(flow)
  server.clock.advance('10m')
  expect(await wasJustSeen()).toBe(false)
  await refresh(flow, tokens.refresh_token)
  expect(await wasJustSeen()).toBe(true)
  server.clock.advance('10m')
  expect(await wasJustSeen()).toBe(false)
  await flow.browser.open(server.endpoint('/login'))
  expect(await wasJustSeen()).toBe(true)
})
