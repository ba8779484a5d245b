import { afterAll, expect, test } from 'vitest'
import { authorizationCode, deviceCode, implicitGrant, refreshToken } from '../../src/index.ts'
import { DEVICE_GRANT } from '../../src/model/device-code.ts'
import { openBrowser } from '../support/browser.ts'
import { SCOPES } from '../support/config.ts'
import { requestDeviceCode, startDevice } from '../support/device.ts'
import { authorizationUrl, getCodeFlowTokens } from '../support/oauth-client.ts'
import { CALLBACK, startServer } from '../support/server.ts'

const server = await startServer({
  grants: [authorizationCode(), refreshToken(), implicitGrant(), deviceCode()],
})
const user = await server.addUser()
const grantTypes = ['authorization_code', 'refresh_token', 'implicit', DEVICE_GRANT]
/** A client whose record lists `*`. */
const client = await server.addClient({ grantTypes, redirectUris: [CALLBACK], scopes: ['*'] })
afterAll(server.close)

const ASKED = ['*', 'orders:read *']

test.each(ASKED)('no consent page asks for %j, because it tells the user nothing', async (scope) => {
  const browser = openBrowser(server)
  const { url } = await browser.open(authorizationUrl(server, client, { scope }))
  expect(url.searchParams.get('error')).toBe('invalid_scope')
  const { url: implicit } = await browser.open(
    authorizationUrl(server, client, { scope, response_type: 'token' }),
  )
  expect(new URLSearchParams(implicit.hash.slice(1)).get('error')).toBe('invalid_scope')
})

test.each(ASKED)('no device can request %j', async (scope) => {
  const { status, body } = await requestDeviceCode(server, client, { scope })
  expect([status, body['error']]).toEqual([400, 'invalid_scope'])
})

test('a client with every scope can request each by name', async () => {
  const scope = Object.keys(SCOPES).join(' ')
  const tokens = await getCodeFlowTokens({ server, browser: openBrowser(server), client, user }, { scope })
  expect(tokens.scope).toBe(scope)
  expect((await startDevice(server, client, { scope })).userCode).toMatch(/^\w{4}-\w{4}$/)
})
