import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { implicitGrant, authorizationCode, deviceCode, type ConsentRequestInfo } from '../../src/index.ts'
import { openBrowser, type Page } from '../support/browser.ts'
import { addDeviceClient, startDevice } from '../support/device.ts'
import { authorizationUrl, codeIn, createPkce, type Parameters } from '../support/oauth-client.ts'
import { CALLBACK, startServer, type TestClient } from '../support/server.ts'

const RESOURCE = 'https://mcp.example/mcp'
const calls: ConsentRequestInfo[] = []
let answer: () => unknown = () => true
beforeEach(() => {
  calls.length = 0
  answer = () => true
})

const server = await startServer({
  grants: [authorizationCode(), implicitGrant(), deviceCode()],
  resources: [RESOURCE],
  skipsConsent: (request) => {
    calls.push(request)
    return answer() as boolean
  },
})
const user = await server.addUser()
const browser = openBrowser(server)
await browser.signIn(await browser.open(server.endpoint('/login')), user)
const client = await server.addClient({
  isThirdParty: true,
  grantTypes: ['authorization_code', 'implicit'],
  redirectUris: [CALLBACK],
})
afterAll(server.close)

const open = (parameters: Parameters = {}, to: TestClient = client): Promise<Page> =>
  browser.open(authorizationUrl(server, to, { scope: 'profile', ...parameters }))

const isAsked = ({ forms }: Page): boolean => forms.some(({ label }) => label === 'Allow')

/** The line that the server logged since, without its time. */
const causeAfter = (start: number): string | undefined =>
  server.logs.slice(start).find((line) => line.includes('skipsConsent failed'))

test('a third-party client that the function lets through gets a code, also with prompt=none', async () => {
  expect(codeIn(await open())).toBeTruthy()
  expect(codeIn(await open({ prompt: 'none' }))).toBeTruthy()
  const { url } = await open({ response_type: 'token' })
  expect(url.hash).toContain('access_token=')
})

test('the function receives the client without its secrets, the user, the scopes and the resources', async () => {
  answer = async () => false
  expect(isAsked(await open({ scope: 'profile orders:read', resource: RESOURCE }))).toBe(true)
  expect(calls).toMatchObject([
    {
      client: { id: client.id, isThirdParty: true },
      user: { id: user.id, email: user.email },
      scopes: ['profile', 'orders:read'],
      resources: [RESOURCE],
    },
  ])
  expect(JSON.stringify(calls)).not.toContain('"secrets"')
})

test('the function cannot change the request', async () => {
  answer = () => {
    for (const { scopes } of calls) (scopes as string[]).push('orders:create')
    return false
  }
  expect((await open()).text).not.toContain('Place orders')
})

test('what the function lets through is not remembered as consent', async () => {
  expect(codeIn(await open())).toBeTruthy()
  answer = () => false
  expect((await open({ prompt: 'none' })).url.searchParams.get('error')).toBe('consent_required')
})

test('the function is not called with prompt=consent, and after the user has given consent', async () => {
  const app = await server.addClient()
  const page = await open({ prompt: 'consent' }, app)
  expect([isAsked(page), calls.length]).toEqual([true, 0])
  await browser.press(page, 'Allow')
  expect([codeIn(await open({}, app)).length > 0, calls.length]).toEqual([true, 0])
})

test.each(['com.example.app:/callback', 'http://127.0.0.1/callback', 'http://localhost/callback'])(
  'a public client that returns to %s is asked, because any program can impersonate it',
  async (redirectUri) => {
    const native = await server.addClient({ type: 'public', redirectUris: [redirectUri] })
    const pkce = { code_challenge: createPkce().challenge, code_challenge_method: 'S256' }
    expect([isAsked(await open(pkce, native)), calls.length]).toEqual([true, 0])
  },
)

test('a device is asked, because someone else may have sent the code', async () => {
  const device = await startDevice(server, await addDeviceClient(server))
  const form = await browser.open(server.endpoint('/oauth/device'))
  const page = await browser.press(form, 'Continue', { user_code: device.userCode })
  expect([isAsked(page), calls.length]).toEqual([true, 0])
})

test.each<[string, () => unknown, string]>([
  [
    'throws',
    () => {
      throw new Error('database down')
    },
    'database down',
  ],
  ['rejects', async () => Promise.reject(new Error('timeout')), 'timeout'],
  ['returns something else', () => 'yes', 'string instead of a boolean'],
  ['returns nothing', () => undefined, 'undefined instead of a boolean'],
  ['resolves to something else', async () => 1, 'number instead of a boolean'],
])('the user is asked, and the cause is logged, if the function %s', async (_, failing, cause) => {
  answer = failing
  const start = server.logs.length
  expect(isAsked(await open())).toBe(true)
  expect(causeAfter(start)).toContain(cause)
  expect((await open({ prompt: 'none' })).url.searchParams.get('error')).toBe('consent_required')
})

test('the user is asked if the function does not answer', async () => {
  answer = () => Promise.withResolvers().promise
  const start = server.logs.length
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const page = open()
    await expect.poll(() => calls).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(5000)
    expect(isAsked(await page)).toBe(true)
  } finally {
    vi.useRealTimers()
  }
  expect(causeAfter(start)).toContain('did not answer within 5 seconds')
})
