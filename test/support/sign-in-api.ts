import { fetchJson } from './oauth-client.ts'
import type { JsonResponse } from './oauth-client.ts'
import type { TestServer, TestUser } from './server.ts'

/** The tokens of one device. */
export interface DeviceTokens {
  readonly access_token: string
  readonly refresh_token: string
  readonly session_id: string
  readonly device_token: string
}

/** The parameters of a request, which can be anything. */
export type Members = Readonly<Record<string, unknown>>

/** Sends a JSON request to the sign-in API, with an access token if there is one. */
export const callSignInApi = (
  server: TestServer,
  path: string,
  { body, token, method = 'POST', headers = {} }: SignInApiRequest = {},
): Promise<JsonResponse> =>
  fetchJson(server, path, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })

/** A request to the sign-in API. A body that is a string is sent as it is. */
export interface SignInApiRequest {
  readonly body?: Members | string
  readonly token?: string
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
}

/** Signs in with a password. */
export const postLogin = (
  server: TestServer,
  { email, password }: Pick<TestUser, 'email' | 'password'>,
  parameters: Members = {},
): Promise<JsonResponse> =>
  callSignInApi(server, '/auth/login', { body: { username: email, password, ...parameters } })

/** Signs in and returns the tokens. Throws if there are none. */
export async function logIn(
  server: TestServer,
  user: Pick<TestUser, 'email' | 'password'>,
  parameters: Members = {},
): Promise<DeviceTokens> {
  const { status, body } = await postLogin(server, user, parameters)
  if (status !== 200) throw new Error(`There are no tokens: ${status} ${JSON.stringify(body)}`)
  return body as unknown as DeviceTokens
}

export const postRefresh = (server: TestServer, refreshToken: string): Promise<JsonResponse> =>
  callSignInApi(server, '/auth/refresh', { body: { refresh_token: refreshToken } })
