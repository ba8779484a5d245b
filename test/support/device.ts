import type { ClientRegistration } from '../../src/index.ts'
import { DEVICE_GRANT } from '../../src/model/device-code.ts'
import type { Browser, Page } from './browser.ts'
import { fetchJson, requestToken, basic, formBody, getTokens } from './oauth-client.ts'
import type { JsonResponse, Parameters, Tokens } from './oauth-client.ts'
import type { TestUser, TestClient, TestServer } from './server.ts'

/** What a device was given to wait with (RFC 8628 section 3.2). */
export interface Device {
  readonly client: TestClient
  readonly deviceCode: string
  /** As it is shown: `WDJB-MJHT`. */
  readonly userCode: string
  /** Where the user goes, and where they go who follow a QR code. */
  readonly uri: string
  readonly completeUri: string
}

/** Registers a client that is a device: public, unless it is said otherwise. */
export const addDeviceClient = (
  server: TestServer,
  registration: Partial<ClientRegistration> = {},
): Promise<TestClient> => {
  const grantTypes = [DEVICE_GRANT, 'refresh_token']
  return server.addClient({ name: 'Orchard TV', type: 'public', grantTypes, ...registration })
}

/** Asks for a device's codes: by Basic where the client has a secret, else with its id in the body. */
export async function requestDeviceCode(
  server: TestServer,
  { id, secret }: TestClient,
  parameters: Parameters = {},
  others: Readonly<Record<string, string>> = {},
): Promise<JsonResponse> {
  const headers = { ...others, ...(secret !== undefined && { authorization: basic(id, secret) }) }
  const body = formBody({ ...(secret === undefined && { client_id: id }), ...parameters })
  const answer = await fetchJson(server, '/oauth/device/code', { method: 'POST', body, headers })
  const { device_code: deviceCode, user_code: userCode } = answer.body
  if (typeof deviceCode === 'string') server.knownSecrets.add('device code', deviceCode)
  if (typeof userCode === 'string') server.knownSecrets.add('user code', userCode)
  if (typeof userCode === 'string') server.knownSecrets.add('user code', userCode.replace('-', ''))
  return answer
}

/** A device with its codes for certain; throws what the server said where it gave none. */
export async function startDevice(
  server: TestServer,
  client: TestClient,
  parameters: Parameters = { scope: 'orders:read' },
): Promise<Device> {
  const { status, body } = await requestDeviceCode(server, client, parameters)
  if (status !== 200) throw new Error(`There are no codes: ${status} ${JSON.stringify(body)}`)
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

/** Asks for the tokens of a device once. */
export const poll = (
  server: TestServer,
  device: Device,
  parameters: Parameters = {},
): Promise<JsonResponse> => requestToken(server, device.client, { ...pollBody(device), ...parameters })

/** What a device hears when it polls: `200`, or the error code. */
export async function pollOutcome(server: TestServer, device: Device): Promise<string> {
  const { status, body } = await poll(server, device)
  return status === 200 ? '200' : String(body['error'])
}

/** The tokens of a device for certain. */
export const getDeviceTokens = (server: TestServer, device: Device): Promise<Tokens> =>
  getTokens(server, device.client, pollBody(device))

/** Goes to the page of a device, signing in where that is asked. */
export async function openDevicePage(
  browser: Browser,
  uri: string,
  user: Pick<TestUser, 'email' | 'password'>,
): Promise<Page> {
  const page = await browser.open(uri)
  return page.forms.some(({ label }) => label === 'Sign in') ? browser.signIn(page, user) : page
}

/** Types a code in; the page after it. */
export async function enterCode(
  browser: Browser,
  device: Pick<Device, 'uri' | 'userCode'>,
  user: Pick<TestUser, 'email' | 'password'>,
): Promise<Page> {
  const page = await openDevicePage(browser, device.uri, user)
  return browser.press(page, 'Continue', { user_code: device.userCode })
}

/** Types a code in and answers; the page after it. */
export async function answerDevice(
  browser: Browser,
  device: Device,
  user: Pick<TestUser, 'email' | 'password'>,
  label: 'Allow' | "Don't allow" = 'Allow',
): Promise<Page> {
  return browser.press(await enterCode(browser, device, user), label)
}
