import { openBrowser } from './browser.ts'
import type { Browser, Page } from './browser.ts'
import type { TestServer, TestUser } from './server.ts'

/** The JSON API for a user's own apps, as a script in the user's browser calls it. */
export interface AppApi {
  readonly browser: Browser
  /** Requests a new CSRF token. */
  csrf(): Promise<string>
  list(): Promise<readonly AppView[]>
  /** Sends a new CSRF token, unless `headers` are given. */
  create(body: unknown, headers?: Record<string, string>): Promise<AppResponse>
  update(id: string, body: unknown, headers?: Record<string, string>): Promise<AppResponse>
  remove(id: string, headers?: Record<string, string>): Promise<AppResponse>
  rotate(id: string, body?: unknown, headers?: Record<string, string>): Promise<AppResponse>
  /** Any request to the API. */
  request(path: string, init?: RequestInit): Promise<AppResponse>
}

/** An app in the API's JSON. */
export interface AppView {
  readonly client_id: string
  readonly client_name: string
  readonly redirect_uris: readonly string[]
  readonly grant_types: readonly string[]
  readonly scope: string
  readonly client_secret?: string
}

/** A response of the API. */
export interface AppResponse {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** A new app with nothing but what is required. */
export const APP = {
  client_name: 'Orchard Tools',
  redirect_uris: ['https://tools.example/callback'],
} as const

/** Opens the API in a browser that may be signed in. */
export function openAppApi(
  server: TestServer,
  browser: Browser = openBrowser(server),
  provider?: string,
): AppApi {
  const path = `/oauth/clients${provider === undefined ? '' : `/${provider}`}`
  const request: AppApi['request'] = async (url, init) =>
    toResponse(server, await browser.open(server.endpoint(url), init))
  const csrf = async (): Promise<string> =>
    server.knownSecrets.add('csrf', (await request(path)).headers.get('x-csrf-token') ?? '')
  const change = async (url: string, method: string, body: unknown, headers?: Record<string, string>) =>
    request(url, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      headers: headers ?? { ...(body !== undefined && JSON_TYPE), 'x-csrf-token': await csrf() },
    })
  return {
    browser,
    csrf,
    request,
    list: async () => (await request(path)).body as unknown as readonly AppView[],
    create: (body, headers) => change(path, 'POST', body, headers),
    update: (id, body, headers) => change(`${path}/${id}`, 'PUT', body, headers),
    remove: (id, headers) => change(`${path}/${id}`, 'DELETE', undefined, headers),
    rotate: (id, body, headers) => change(`${path}/${id}/secret`, 'POST', body, headers),
  }
}

/** Signs a user in and opens the API. */
export async function signInToAppApi(
  server: TestServer,
  user: Pick<TestUser, 'email' | 'password'>,
  provider?: string,
): Promise<AppApi> {
  const browser = openBrowser(server)
  const path = `/login${provider === undefined ? '' : `/${provider}`}`
  await browser.signIn(await browser.open(server.endpoint(path)), user)
  return openAppApi(server, browser, provider)
}

/** Registers an app through the API. Throws if that fails. */
export async function createApp(api: AppApi, body: object = APP): Promise<AppView> {
  const response = await api.create(body)
  if (response.status !== 201) throw new Error(`No app: ${response.status} ${JSON.stringify(response.body)}`)
  return response.body as unknown as AppView
}

function toResponse(server: TestServer, { status, headers, body: text }: Page): AppResponse {
  const isJson = headers.get('content-type') === 'application/json'
  const body = (isJson ? JSON.parse(text) : {}) as Record<string, unknown>
  if (typeof body['client_secret'] === 'string')
    server.knownSecrets.add('client secret', body['client_secret'])
  return { status, headers, body }
}
