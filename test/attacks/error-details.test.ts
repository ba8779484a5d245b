import { afterAll, expect, test } from 'vitest'
import { silentLogger } from '../../src/index.ts'
import { createTestServer } from '../../src/testing/index.ts'
import { SCOPES } from '../support/config.ts'

/* What the functions of an app throw may name files, hosts and queries. Responses never contain it, nor a stack. */
const fail = (): never => {
  throw new Error('select * from secret_table at db.internal')
}
let isFailing = false
const failLater = <Value>(value: Value): Value => (isFailing ? fail() : value)

const options = { logger: silentLogger }
const broken = createTestServer(
  {
    scopes: SCOPES,
    users: {
      find: async (id) => failLater({ id }),
      findByUsername: async () => fail(),
      verifyPassword: async () => fail(),
    },
    apiCookie: {},
    skipsConsent: () => fail(),
    tokenClaims: () => failLater({}),
  },
  options,
)
afterAll(() => broken.close())
const browser = await broken.openBrowser({ id: 'ada' })
const password = await broken.createClient('password')
const [web, machine] = [await broken.createClient('web'), await broken.createClient('machine')]
const tokens = await web.signIn('ada')
isFailing = true

const form = (fields: Readonly<Record<string, string>>): RequestInit => ({
  method: 'POST',
  body: new URLSearchParams(fields),
})
const authorize = `/oauth/authorize?${new URLSearchParams({ response_type: 'code', client_id: web.id }).toString()}`

test.each([
  [
    'the token endpoint',
    () => password.requestToken({ grant_type: 'password', username: 'a', password: 'b' }),
  ],
  ['a refresh', () => web.requestToken({ grant_type: 'refresh_token', refresh_token: tokens.refreshToken })],
  ['client credentials', () => machine.requestToken({ grant_type: 'client_credentials' })],
  ['the sign-in API', () => browser.fetch('/auth/login', form({ username: 'a', password: 'b' }))],
  ['the sign-in page', () => browser.fetch('/login', form({ username: 'a', password: 'b' }))],
  ['the authorization page', () => browser.fetch(authorize)],
  ['an account page', () => browser.fetch('/account/devices')],
  ['a JSON API', () => browser.fetch('/oauth/clients', { headers: { accept: 'application/json' } })],
  ['the API cookie', () => browser.fetch('/oauth/token/refresh', { method: 'POST' })],
  ['an unknown path', () => browser.fetch('/oauth/unknown')],
  [
    'a body that is not JSON',
    () =>
      browser.fetch('/auth/login', {
        ...form({}),
        headers: { 'content-type': 'application/json' },
        body: '{',
      }),
  ],
])('no stack, file or cause of an error is in the response of %s', async (_what, send) => {
  const response = await send()
  const text = `${JSON.stringify([...response.headers])} ${await response.text()}`
  expect(response.status).toBeGreaterThanOrEqual(400)
  expect(text).not.toMatch(/secret_table|db\.internal|\n\s+at |\.[jt]s:\d|node_modules|node:internal/)
})

test('a store that fails is not described either', async () => {
  const closed = createTestServer({ scopes: SCOPES }, options)
  const client = await closed.createClient('machine')
  const token = await closed.tokenFor('7', ['*'])
  await closed.close()
  const strict = await closed.user({ strict: true, allOf: ['orders:read'] })(
    new Request('https://issuer.test/', { headers: { authorization: `Bearer ${token}` } }),
  )
  for (const response of [
    await client.requestToken({ grant_type: 'client_credentials' }),
    strict as Response,
  ])
    expect(await response.text()).not.toMatch(/\n\s+at |\.[jt]s:\d|sqlite|database is/i)
})
