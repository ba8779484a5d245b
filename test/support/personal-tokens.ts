import { formOf, openBrowser } from './browser.ts'
import type { Browser, Page } from './browser.ts'
import type { JsonResponse } from './oauth-client.ts'
import type { TestUser, TestServer } from './server.ts'

/** The JSON API of personal access tokens, as a script in somebody's browser calls it. */
export interface TokenApi {
  readonly browser: Browser
  /** What the answer to a GET says that changes must send. */
  csrf(): Promise<string>
  list(): Promise<readonly TokenView[]>
  /** Sends the token of the last GET, unless the headers say otherwise. */
  create(body: unknown, headers?: Record<string, string>): Promise<JsonResponse>
  revoke(id: string, headers?: Record<string, string>): Promise<JsonResponse>
  /** Any request to the API. */
  ask(path: string, init?: RequestInit): Promise<JsonResponse>
}

/** A token as the API tells of it. */
export interface TokenView {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly created_at: number
  readonly last_used_at: number | null
  readonly expires_at: number
}

/** Where somebody signs in, and where their tokens are. */
export interface TokenApiOptions {
  readonly browser?: Browser
  /** The other provider than the usual one. */
  readonly provider?: string
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** The API as a browser calls it that may be signed in. */
export function openTokenApi(
  server: TestServer,
  { browser = openBrowser(server), provider }: TokenApiOptions = {},
): TokenApi {
  const end = provider === undefined ? '' : `/${provider}`
  const path = `/oauth/personal-access-tokens${end}`
  const ask: TokenApi['ask'] = async (where, init) =>
    answerOf(server, await browser.open(server.endpoint(where), init))
  const csrf = async (): Promise<string> =>
    server.knownSecrets.add('csrf', (await ask(path)).headers.get('x-csrf-token') ?? '')
  const change = async (where: string, init: RequestInit, headers: Record<string, string> | undefined) =>
    ask(where, { ...init, headers: headers ?? { ...JSON_TYPE, 'x-csrf-token': await csrf() } })
  return {
    browser,
    csrf,
    ask,
    list: async () => (await ask(path)).body as unknown as readonly TokenView[],
    create: (body, headers) => change(path, { method: 'POST', body: JSON.stringify(body) }, headers),
    revoke: (id, headers) => change(`${path}/${id}`, { method: 'DELETE' }, headers),
  }
}

/** The same, in a browser in which somebody is signed in. */
export async function signInToTokenApi(
  server: TestServer,
  user: Pick<TestUser, 'email' | 'password'>,
  { browser = openBrowser(server), provider }: TokenApiOptions = {},
): Promise<TokenApi> {
  const end = provider === undefined ? '' : `/${provider}`
  await browser.signIn(await browser.open(server.endpoint(`/login${end}`)), user)
  return openTokenApi(server, { browser, ...(provider !== undefined && { provider }) })
}

/** A token that was made by the API; throws what the server said where it made none. */
export async function createToken(
  api: TokenApi,
  body: Readonly<Record<string, unknown>> = { name: 'Backup', scopes: ['orders:read'] },
): Promise<{ readonly id: string; readonly accessToken: string }> {
  const answer = await api.create(body)
  if (answer.status !== 201)
    throw new Error(`There is no token: ${answer.status} ${JSON.stringify(answer.body)}`)
  const { id } = answer.body['token'] as TokenView
  return { id, accessToken: String(answer.body['access_token']) }
}

/** The token that a page shows. */
export function tokenInPage(server: TestServer, { body, text }: Page): string {
  const token = />(eyJ[^<]+)<\/code/.exec(body)?.[1]
  if (token === undefined) throw new Error(`There is no token on this page: ${text}`)
  return server.knownSecrets.add('access token', token)
}

/** What the form for a new token sends, to be sent by other means. */
export const newTokenFields = (page: Page): Readonly<Record<string, string>> =>
  formOf(page, 'Generate token').fields

function answerOf(server: TestServer, { status, headers, body: text }: Page): JsonResponse {
  const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
  if (typeof body['access_token'] === 'string') server.knownSecrets.add('access token', body['access_token'])
  return { status, headers, body }
}
