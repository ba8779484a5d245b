import { randomBase64url, sha256 } from '../../src/lib/hash.ts'
import { formOf } from './browser.ts'
import type { Browser, Page } from './browser.ts'
import type { TestUser, TestClient, TestServer } from './server.ts'

/** Parameters by name. Undefined leaves one out, a list repeats it. */
export type Parameters = Readonly<Record<string, string | readonly string[] | undefined>>

/** A JSON response. */
export interface JsonResponse {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

const VARYING_HEADERS: ReadonlySet<string> = new Set(['date', 'x-request-id', 'retry-after', 'ratelimit'])

/** Returns a response without the headers that differ between any two, so that it can be compared with another. */
export const comparable = ({ status, headers, body }: JsonResponse) => ({
  status,
  body,
  headers: [...headers].filter(([name]) => !VARYING_HEADERS.has(name)),
})

/** The tokens of a client. */
export interface Tokens {
  readonly access_token: string
  /** Empty if there is none. */
  readonly refresh_token: string
  readonly scope: string
}

/** Returns a new verifier and its challenge (RFC 7636 section 4). */
export function createPkce(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBase64url(32)
  return { verifier, challenge: sha256(verifier) }
}

/** Encodes parameters as a form. */
export const formBody = (parameters: Parameters): URLSearchParams =>
  new URLSearchParams(
    Object.entries(parameters).flatMap(([name, values = []]) =>
      [values].flat().map((value): [string, string] => [name, value]),
    ),
  )

/** Returns the authorization URL of a client. Public clients also need a `code_challenge`. */
export const authorizationUrl = (
  server: TestServer,
  client: TestClient,
  parameters: Parameters = {},
): string => {
  const defaults = {
    response_type: 'code',
    client_id: client.id,
    redirect_uri: client.redirectUri,
    state: 'xyz',
  }
  return `${server.endpoint('/oauth/authorize')}?${formBody({ ...defaults, ...parameters }).toString()}`
}

/** Sends a token request. */
export const requestToken = (
  server: TestServer,
  client: TestClient,
  parameters: Parameters,
): Promise<JsonResponse> => postAs(server, client, '/oauth/token', parameters)

/** Sends a revocation request (RFC 7009). */
export const revokeToken = (
  server: TestServer,
  client: TestClient,
  token: string,
  parameters: Parameters = {},
): Promise<JsonResponse> => postAs(server, client, '/oauth/revoke', { token, ...parameters })

/** Sends an introspection request (RFC 7662). */
export const introspectToken = (
  server: TestServer,
  client: TestClient,
  token: string,
  parameters: Parameters = {},
): Promise<JsonResponse> => postAs(server, client, '/oauth/introspect', { token, ...parameters })

/** Posts a form: with Basic if the client has a secret, otherwise with its ID in the body. */
export async function postAs(
  server: TestServer,
  { id, secret }: TestClient,
  path: string,
  parameters: Parameters,
): Promise<JsonResponse> {
  const headers: Record<string, string> = secret === undefined ? {} : { authorization: basic(id, secret) }
  const identity = secret === undefined ? { client_id: id } : {}
  return fetchJson(server, path, { method: 'POST', body: formBody({ ...identity, ...parameters }), headers })
}

/** Sends a request to any path of the server. Returns the JSON. */
export async function fetchJson(
  server: TestServer,
  path: string,
  init: RequestInit = {},
): Promise<JsonResponse> {
  const response = await fetch(server.endpoint(path), { redirect: 'manual', ...init })
  const text = await response.text()
  const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
  keepTokens(server, body)
  return { status: response.status, headers: response.headers, body }
}

function keepTokens(
  { knownSecrets }: TestServer,
  { access_token: access, refresh_token: refresh, device_token: device }: JsonResponse['body'],
): void {
  if (typeof device === 'string') knownSecrets.add('device token', device)
  if (typeof access === 'string') knownSecrets.add('access token', access)
  if (typeof refresh !== 'string') return
  knownSecrets.add('refresh token', refresh)
  knownSecrets.add('seed of a refresh token', refresh.split('.')[3] ?? '')
}

/** Requests tokens. Throws if there are none. */
export async function getTokens(
  server: TestServer,
  client: TestClient,
  parameters: Parameters,
): Promise<Tokens> {
  const { status, body } = await requestToken(server, client, parameters)
  if (status !== 200) throw new Error(`There are no tokens: ${status} ${JSON.stringify(body)}`)
  return { refresh_token: '', ...body } as Tokens
}

/** Returns form-encoded Basic credentials (RFC 6749 section 2.3.1). */
export const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`

/** Opens an authorization URL, and signs in and allows if asked. Returns the last page. */
export async function authorize(
  browser: Browser,
  url: string,
  user?: Pick<TestUser, 'email' | 'password'>,
  init?: RequestInit,
): Promise<Page> {
  let page = await browser.open(url, init)
  if (user && page.forms.some(({ label }) => label === 'Sign in')) page = await browser.signIn(page, user)
  if (page.forms.some(({ label }) => label === 'Allow')) page = await browser.press(page, 'Allow')
  return page
}

/** Returns the code in a redirect. Throws if there is none. */
export function codeIn({ url, text }: Page): string {
  const code = url.searchParams.get('code')
  if (code === null) throw new Error(`There is no code in ${url.href}: ${text}`)
  return code
}

/** A user of a client in a browser. */
export interface CodeFlow {
  readonly server: TestServer
  readonly browser: Browser
  readonly client: TestClient
  readonly user: TestUser
}

/** Obtains a code, and the parameters that exchange it. */
export async function getCode(
  { server, browser, client, user }: CodeFlow,
  parameters: Parameters = {},
): Promise<{ readonly code: string; readonly exchange: Readonly<Record<string, string>> }> {
  const { verifier, challenge } = createPkce()
  server.knownSecrets.add('code verifier', verifier)
  const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
  const url = authorizationUrl(server, client, { scope: 'orders:read', ...pkce, ...parameters })
  const code = codeIn(await authorize(browser, url, user))
  const exchange = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: client.redirectUri,
    code_verifier: verifier,
  }
  return { code, exchange }
}

/** Obtains tokens through the authorization code flow. */
export async function getCodeFlowTokens(flow: CodeFlow, parameters: Parameters = {}): Promise<Tokens> {
  const { exchange } = await getCode(flow, parameters)
  return getTokens(flow.server, flow.client, exchange)
}

export const refresh = (
  { server, client }: Pick<CodeFlow, 'server' | 'client'>,
  refreshToken: string,
  parameters: Parameters = {},
): Promise<JsonResponse> =>
  requestToken(server, client, { grant_type: 'refresh_token', refresh_token: refreshToken, ...parameters })

/** Returns a claim of an access token, unverified. */
export function claimOf(accessToken: string, name: string): string {
  const payload = Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()
  return String((JSON.parse(payload) as Readonly<Record<string, unknown>>)[name])
}

/** Calls the guarded API with a token. */
export const callApi = (server: TestServer, path: string, token: string): Promise<JsonResponse> =>
  fetchJson({ ...server, endpoint: (rest) => server.origin + rest }, path, {
    headers: { authorization: `Bearer ${token}` },
  })

/** Returns the form fields that approve a consent page. */
export const approvalFields = (page: Page): Readonly<Record<string, string>> => formOf(page, 'Allow').fields

/** The `return_to` that a guest is sent to the sign-in page with. */
export async function returnToOf({ origin }: TestServer, url: string): Promise<string> {
  const response = await fetch(new URL(url, origin), { redirect: 'manual' })
  return new URL(response.headers.get('location') ?? '', origin).searchParams.get('return_to') ?? ''
}
