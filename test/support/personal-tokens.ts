import { formOf, openBrowser } from './browser.ts'
import type { Browser, Page } from './browser.ts'
import type { JsonResponse } from './oauth-client.ts'
import type { TestUser, TestServer } from './server.ts'

/** The JSON API of personal access tokens, as a script in a user's browser calls it. */
export interface TokenApi {
  readonly browser: Browser
  /** Requests a new CSRF token. */
  csrf(): Promise<string>
  list(): Promise<readonly TokenView[]>
  /** Sends a new CSRF token, unless `headers` are given. */
  create(body: unknown, headers?: Record<string, string>): Promise<JsonResponse>
  revoke(id: string, headers?: Record<string, string>): Promise<JsonResponse>
  /** Any request to the API. */
  request(path: string, init?: RequestInit): Promise<JsonResponse>
}

/** A token in the API's JSON. */
export interface TokenView {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly created_at: number
  readonly last_used_at: number | null
  readonly expires_at: number
}

/** Options of the token API. */
export interface TokenApiOptions {
  readonly browser?: Browser
  /** Default: the default user provider. */
  readonly provider?: string
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** Opens the API in a browser that may be signed in. */
export function openTokenApi(
  server: TestServer,
  { browser = openBrowser(server), provider }: TokenApiOptions = {},
): TokenApi {
  const suffix = provider === undefined ? '' : `/${provider}`
  const path = `/oauth/personal-access-tokens${suffix}`
  const request: TokenApi['request'] = async (url, init) =>
    toJsonResponse(server, await browser.open(server.endpoint(url), init))
  const csrf = async (): Promise<string> =>
    server.knownSecrets.add('csrf', (await request(path)).headers.get('x-csrf-token') ?? '')
  const change = async (url: string, init: RequestInit, headers: Record<string, string> | undefined) =>
    request(url, { ...init, headers: headers ?? { ...JSON_TYPE, 'x-csrf-token': await csrf() } })
  return {
    browser,
    csrf,
    request,
    list: async () => (await request(path)).body as unknown as readonly TokenView[],
    create: (body, headers) => change(path, { method: 'POST', body: JSON.stringify(body) }, headers),
    revoke: (id, headers) => change(`${path}/${id}`, { method: 'DELETE' }, headers),
  }
}

/** Signs a user in and opens the API. */
export async function signInToTokenApi(
  server: TestServer,
  user: Pick<TestUser, 'email' | 'password'>,
  { browser = openBrowser(server), provider }: TokenApiOptions = {},
): Promise<TokenApi> {
  const suffix = provider === undefined ? '' : `/${provider}`
  await browser.signIn(await browser.open(server.endpoint(`/login${suffix}`)), user)
  return openTokenApi(server, { browser, ...(provider !== undefined && { provider }) })
}

/** Creates a token through the API. Throws if that fails. */
export async function createToken(
  api: TokenApi,
  body: Readonly<Record<string, unknown>> = { name: 'Backup', scopes: ['orders:read'] },
): Promise<{ readonly id: string; readonly accessToken: string }> {
  const response = await api.create(body)
  if (response.status !== 201)
    throw new Error(`No token: ${response.status} ${JSON.stringify(response.body)}`)
  const { id } = response.body['token'] as TokenView
  return { id, accessToken: String(response.body['access_token']) }
}

/** Returns the token that a page shows. */
export function tokenInPage(server: TestServer, { body, text }: Page): string {
  const token = />(eyJ[^<]+)<\/code/.exec(body)?.[1]
  if (token === undefined) throw new Error(`No token on this page: ${text}`)
  return server.knownSecrets.add('access token', token)
}

/** Returns the fields of the form for a new token. */
export const newTokenFields = (page: Page): Readonly<Record<string, string>> =>
  formOf(page, 'Generate token').fields

function toJsonResponse(server: TestServer, { status, headers, body: text }: Page): JsonResponse {
  const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
  if (typeof body['access_token'] === 'string') server.knownSecrets.add('access token', body['access_token'])
  return { status, headers, body }
}
