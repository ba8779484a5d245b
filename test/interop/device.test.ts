import * as strict from 'oauth4webapi'
import * as oauth from 'openid-client'
import { afterAll, describe, expect, test } from 'vitest'
import { deviceCode, refreshToken } from '../../src/index.ts'
import { openBrowser } from '../support/browser.ts'
import { addDeviceClient, openDevicePage } from '../support/device.ts'
import { callApi } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer({ grants: [deviceCode({ interval: '1s' }), refreshToken()] })
const user = await server.addUser()
const tv = await addDeviceClient(server)
const kiosk = await addDeviceClient(server, { type: 'confidential' })
afterAll(server.close)

/** The user follows the QR code, compares the code, and answers. */
async function answer(completeUri: string, label: 'Allow' | "Don't allow"): Promise<void> {
  const phone = openBrowser(server)
  const page = await openDevicePage(phone, completeUri, user)
  await phone.press(await phone.press(page, 'Continue'), label)
}

// Clients poll once a second.
describe.concurrent.each([
  ['a public client', tv, oauth.None()],
  ['a confidential client', kiosk, oauth.ClientSecretBasic(kiosk.secret)],
])('openid-client as %s', (_, client, authentication) => {
  const discover = () =>
    oauth.discovery(new URL(server.issuer), client.id, undefined, authentication, {
      algorithm: 'oauth2',
      execute: [oauth.allowInsecureRequests],
    })

  test('shows a code, polls until the user allows it, and refreshes', async () => {
    const config = await discover()
    const device = await oauth.initiateDeviceAuthorization(config, { scope: 'orders:read' })
    expect(device).toMatchObject({ expires_in: 600, interval: 1 })
    const polled = oauth.pollDeviceAuthorizationGrant(config, device)
    await answer(device.verification_uri_complete ?? '', 'Allow')
    const tokens = await polled
    expect((await callApi(server, '/orders', tokens.access_token)).status).toBe(200)
    const next = await oauth.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect(next.scope).toBe('orders:read')
    expect(server.logs.join('')).not.toContain('slow_down')
  })

  test('gets access_denied if the user denies', async () => {
    const config = await discover()
    const device = await oauth.initiateDeviceAuthorization(config, {})
    await answer(device.verification_uri_complete ?? '', "Don't allow")
    const polled = oauth.pollDeviceAuthorizationGrant(config, device)
    await expect(polled).rejects.toMatchObject({ error: 'access_denied', status: 400 })
  })
})

describe('oauth4webapi, which is strict about every field', () => {
  const insecure = { [strict.allowInsecureRequests]: true }
  const client = { client_id: tv.id }
  const discover = async () => {
    const issuer = new URL(server.issuer)
    return strict.processDiscoveryResponse(
      issuer,
      await strict.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }),
    )
  }

  test('gets codes, authorization_pending while it waits, and tokens', async () => {
    const as = await discover()
    const asked = await strict.deviceAuthorizationRequest(
      as,
      client,
      strict.None(),
      { scope: 'profile' },
      insecure,
    )
    const device = await strict.processDeviceAuthorizationResponse(as, client, asked)
    const poll = async () =>
      strict.processDeviceCodeResponse(
        as,
        client,
        await strict.deviceCodeGrantRequest(as, client, strict.None(), device.device_code, insecure),
      )
    await expect(poll()).rejects.toMatchObject({ error: 'authorization_pending', status: 400 })
    await answer(device.verification_uri_complete ?? '', 'Allow')
    expect(await poll()).toMatchObject({ token_type: 'bearer', scope: 'profile' })
    await expect(poll()).rejects.toMatchObject({ error: 'invalid_grant' })
    const unknown = strict.deviceAuthorizationRequest(
      as,
      client,
      strict.None(),
      { scope: 'no:such' },
      insecure,
    )
    await expect(
      unknown.then((response) => strict.processDeviceAuthorizationResponse(as, client, response)),
    ).rejects.toMatchObject({ error: 'invalid_scope' })
  })
})
