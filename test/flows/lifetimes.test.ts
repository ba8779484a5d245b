import { describe, expect, onTestFinished, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import {
  callApi,
  requestToken,
  getCode,
  getTokens,
  getCodeFlowTokens,
  refresh,
} from '../support/oauth-client.ts'
import type { CodeFlow } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

/** Starts a server with default lifetimes, and a code flow there. */
async function begin(): Promise<CodeFlow> {
  const server = await startServer()
  onTestFinished(server.close)
  const [client, user] = [await server.addClient(), await server.addUser()]
  return { server, browser: openBrowser(server), client, user }
}

const [SECOND, MINUTE, HOUR, DAY] = [1, 60, 3600, 86_400] as const

/** Seconds by which a check comes before the end of a lifetime, because the clock runs during the test. */
const SLACK = 20 * SECOND

/** The lifetime (seconds) of each thing. `make` creates one and returns a function that uses it and returns the status. */
const LIFETIMES: readonly [
  what: string,
  seconds: number,
  make: (flow: CodeFlow) => Promise<() => Promise<number>>,
][] = [
  [
    'an access token expires after 15 minutes',
    15 * MINUTE,
    async (visit) => {
      const { access_token: token } = await getCodeFlowTokens(visit)
      return async () => (await callApi(visit.server, '/me', token)).status
    },
  ],
  [
    'a machine token expires after 15 minutes',
    15 * MINUTE,
    async ({ server }) => {
      const machine = await server.addClient({ grantTypes: ['client_credentials'] })
      const { access_token: token } = await getTokens(server, machine, { grant_type: 'client_credentials' })
      return async () => (await callApi(server, '/machine', token)).status
    },
  ],
  [
    'a refresh token expires after 30 days',
    30 * DAY,
    async (visit) => {
      const { refresh_token: token } = await getCodeFlowTokens(visit)
      return async () => (await refresh(visit, token)).status
    },
  ],
  [
    'a code expires after a minute',
    MINUTE,
    async (visit) => {
      const { exchange } = await getCode(visit)
      return async () => (await requestToken(visit.server, visit.client, exchange)).status
    },
  ],
  [
    'a personal access token expires after a year',
    365 * DAY,
    async ({ server, user }) => {
      const { accessToken } = await server.server.personalTokens.create(user.id, { name: 'Backup' })
      return async () => (await callApi(server, '/me', accessToken)).status
    },
  ],
  [
    'a session expires after 12 hours',
    12 * HOUR,
    async ({ server, browser, user }) => {
      const url = server.endpoint('/login')
      await browser.signIn(await browser.open(url), user)
      return async () => ((await browser.open(url)).text.includes(user.email) ? 200 : 401)
    },
  ],
]

describe('by default', () => {
  test.each(LIFETIMES)('%s', async (_what, seconds, make) => {
    const [early, late] = [await begin(), await begin()]
    const [useEarly, useLate] = [await make(early), await make(late)]
    early.server.clock.advance(seconds - SLACK)
    expect(await useEarly()).toBe(200)
    late.server.clock.advance(seconds)
    expect([400, 401]).toContain(await useLate())
  })
})
