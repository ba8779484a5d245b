import { eventually } from './cluster.ts'
import { callApi, fetchJson } from './oauth-client.ts'
import type { JsonResponse } from './oauth-client.ts'
import type { TestServer, TestUser } from './server.ts'

/** A device that signed in with the sign-in API, and its tokens. */
export interface SignedInDevice {
  readonly accessToken: string
  readonly refreshToken: string
  readonly sessionId: string
}

/** Sends JSON to an endpoint of the sign-in API, with an access token if there is one. */
export const postJson = (
  node: TestServer,
  path: string,
  body: object = {},
  accessToken?: string,
): Promise<JsonResponse> =>
  fetchJson(node, path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }),
    },
    body: JSON.stringify(body),
  })

/** Signs a user in on a device. Throws if that fails. */
export async function signInDevice(
  node: TestServer,
  { email, password }: Pick<TestUser, 'email' | 'password'>,
  deviceName: string,
): Promise<SignedInDevice> {
  const { status, body } = await postJson(node, '/auth/login', {
    username: email,
    password,
    device_name: deviceName,
  })
  if (status !== 200) throw new Error(`Not signed in: ${status} ${JSON.stringify(body)}`)
  return deviceOf(body)
}

/** Returns the tokens in a response of the sign-in API. */
export const deviceOf = (body: JsonResponse['body']): SignedInDevice => ({
  accessToken: String(body['access_token']),
  refreshToken: String(body['refresh_token']),
  sessionId: String(body['session_id']),
})

/** Waits until a node rejects an access token. Returns how long that took (ms). Throws if it never does. */
export async function timeUntilRejected(node: TestServer, accessToken: string): Promise<number> {
  const start = performance.now()
  const isRejected = async (): Promise<boolean> => (await callApi(node, '/me', accessToken)).status === 401
  if (!(await eventually(isRejected))) throw new Error('The token is still accepted')
  return performance.now() - start
}
