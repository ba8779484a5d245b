import type { ClientRegistration } from '../../src/index.ts'
import { DEVICE_GRANT } from '../../src/model/device-code.ts'
import type { Browser, Page } from './browser.ts'
import { fetchJson, requestToken, basic, formBody, getTokens } from './oauth-client.ts'
import type { JsonResponse, Parameters, Tokens } from './oauth-client.ts'
import type { TestUser, TestClient, TestServer } from './server.ts'

/** A device and its codes (RFC 8628 section 3.2). */
export interface Device {
  readonly client: TestClient
  readonly deviceCode: string
  /** As displayed: `WDJB-MJHT`. */
  readonly userCode: string
  /** `verification_uri`, and `verification_uri_complete` for QR codes. */
  readonly uri: string
  readonly completeUri: string
}

/** Registers a device client, public by default. */
export const addDeviceClient = (
  server: TestServer,
  registration: Partial<ClientRegistration> = {},
): Promise<TestClient> => {
  const grantTypes = [DEVICE_GRANT, 'refresh_token']
  return server.addClient({ name: 'Orchard TV', type: 'public', grantTypes, ...registration })
}

/** Requests device codes: with Basic if the client has a secret, otherwise with its ID in the body. */
export async function requestDeviceCode(
  server: TestServer,
  { id, secret }: TestClient,
  parameters: Parameters = {},
  extraHeaders: Readonly<Record<string, string>> = {},
): Promise<JsonResponse> {
  const headers = { ...extraHeaders, ...(secret !== undefined && { authorization: basic(id, secret) }) }
  const body = formBody({ ...(secret === undefined && { client_id: id }), ...parameters })
  const response = await fetchJson(server, '/oauth/device/code', { method: 'POST', body, headers })
  const { device_code: deviceCode, user_code: userCode } = response.body
  if (typeof deviceCode === 'string') server.knownSecrets.add('device code', deviceCode)
  if (typeof userCode === 'string') server.knownSecrets.add('user code', userCode)
  if (typeof userCode === 'string') server.knownSecrets.add('user code', userCode.replace('-', ''))
  return response
}

/** Requests device codes. Throws if the server returns none. */
export async function startDevice(
  server: TestServer,
  client: TestClient,
  parameters: Parameters = { scope: 'orders:read' },
): Promise<Device> {
  const { status, body } = await requestDeviceCode(server, client, parameters)
  if (status !== 200) throw new Error(`No device codes: ${status} ${JSON.stringify(body)}`)
  return {
    client,
    deviceCode: String(body['device_code']),
    userCode: String(body['user_code']),
    uri: String(body['verification_uri']),
    completeUri: String(body['verification_uri_complete']),
  }
}

const pollBody = ({ deviceCode }: Device): Parameters => ({
  grant_type: DEVICE_GRANT,
  device_code: deviceCode,
})

/** Polls once. */
export const poll = (
  server: TestServer,
  device: Device,
  parameters: Parameters = {},
): Promise<JsonResponse> => requestToken(server, device.client, { ...pollBody(device), ...parameters })

/** Polls once. Returns `200` or the error code. */
export async function pollOutcome(server: TestServer, device: Device): Promise<string> {
  const { status, body } = await poll(server, device)
  return status === 200 ? '200' : String(body['error'])
}

/** Polls once. Throws if the server returns no tokens. */
export const getDeviceTokens = (server: TestServer, device: Device): Promise<Tokens> =>
  getTokens(server, device.client, pollBody(device))

/** Opens the device page, and signs in if asked. */
export async function openDevicePage(
  browser: Browser,
  uri: string,
  user: Pick<TestUser, 'email' | 'password'>,
): Promise<Page> {
  const page = await browser.open(uri)
  return page.forms.some(({ label }) => label === 'Sign in') ? browser.signIn(page, user) : page
}

/** Enters a user code. Returns the next page. */
export async function enterCode(
  browser: Browser,
  device: Pick<Device, 'uri' | 'userCode'>,
  user: Pick<TestUser, 'email' | 'password'>,
): Promise<Page> {
  const page = await openDevicePage(browser, device.uri, user)
  return browser.press(page, 'Continue', { user_code: device.userCode })
}

/** Enters a user code and allows or denies the device. Returns the next page. */
export async function decideDevice(
  browser: Browser,
  device: Device,
  user: Pick<TestUser, 'email' | 'password'>,
  label: 'Allow' | "Don't allow" = 'Allow',
): Promise<Page> {
  return browser.press(await enterCode(browser, device, user), label)
}
