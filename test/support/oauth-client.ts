import { randomBase64url, sha256 } from '../../src/lib/hash.ts'
import { formOf } from './browser.ts'
import type { Browser, Page } from './browser.ts'
import type { Person, TestClient, TestServer } from './server.ts'

/** Parameters by name. Undefined leaves one out, a list repeats it. */
export type Parameters = Readonly<Record<string, string | readonly string[] | undefined>>

/** An answer of the token endpoint, or of any other that speaks JSON. */
export interface JsonAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

/** Tokens that a client was given. */
export interface Tokens {
  readonly access_token: string
  /** Empty where none was given. */
  readonly refresh_token: string
  readonly scope: string
}

/** A verifier that nobody has used, and its challenge (RFC 7636 section 4). */
export function makePkce(): { readonly verifier: string; readonly challenge: string } {
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

/** The address that a client sends a person to; public clients need a `code_challenge` besides. */
export const authorizationUrl = (
  server: TestServer,
  client: TestClient,
  parameters: Parameters = {},
): string => {
  const usual = {
    response_type: 'code',
    client_id: client.id,
    redirect_uri: client.redirectUri,
    state: 'xyz',
  }
  return `${server.endpoint('/oauth/authorize')}?${formBody({ ...usual, ...parameters }).toString()}`
}

/** Posts to the token endpoint: by Basic where the client has a secret, else with its id in the body. */
export async function askToken(
  server: TestServer,
  client: TestClient,
  parameters: Parameters,
): Promise<JsonAnswer> {
  const { id, secret } = client
  const headers: Record<string, string> = secret === undefined ? {} : { authorization: basic(id, secret) }
  const identity = secret === undefined ? { client_id: id } : {}
  return askJson(server, '/oauth/token', {
    method: 'POST',
    body: formBody({ ...identity, ...parameters }),
    headers,
  })
}

/** A request to any path of the server, and its JSON. */
export async function askJson(server: TestServer, path: string, init: RequestInit = {}): Promise<JsonAnswer> {
  const response = await fetch(server.endpoint(path), { redirect: 'manual', ...init })
  const text = await response.text()
  const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
  keepTokens(server, body)
  return { status: response.status, headers: response.headers, body }
}

function keepTokens(
  { hoard }: TestServer,
  { access_token: access, refresh_token: refresh }: JsonAnswer['body'],
): void {
  if (typeof access === 'string') hoard.keep('access token', access)
  if (typeof refresh !== 'string') return
  hoard.keep('refresh token', refresh)
  hoard.keep('seed of a refresh token', refresh.split('.')[3] ?? '')
}

/** Tokens for certain; throws what the server said where it gave none. */
export async function getTokens(
  server: TestServer,
  client: TestClient,
  parameters: Parameters,
): Promise<Tokens> {
  const { status, body } = await askToken(server, client, parameters)
  if (status !== 200) throw new Error(`There are no tokens: ${status} ${JSON.stringify(body)}`)
  return { refresh_token: '', ...body } as Tokens
}

/** HTTP Basic credentials of a client, form-encoded first (RFC 6749 section 2.3.1). */
export const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`

/** Asks for a code, signing in and allowing where that is asked; where the browser came to in the end. */
export async function authorize(
  browser: Browser,
  url: string,
  person?: Pick<Person, 'email' | 'password'>,
  init?: RequestInit,
): Promise<Page> {
  let page = await browser.open(url, init)
  if (person && page.forms.some(({ label }) => label === 'Sign in')) page = await browser.signIn(page, person)
  if (page.forms.some(({ label }) => label === 'Allow')) page = await browser.press(page, 'Allow')
  return page
}

/** The code that a client was sent; throws where it got none. */
export function codeIn({ url, text }: Page): string {
  const code = url.searchParams.get('code')
  if (code === null) throw new Error(`There is no code in ${url.href}: ${text}`)
  return code
}

/** Somebody who uses a client in a browser: `code()` and `tokens()` do whatever it takes. */
export interface Visit {
  readonly server: TestServer
  readonly browser: Browser
  readonly client: TestClient
  readonly person: Person
}

/** A fresh code of a visit, and what its exchange needs besides. */
export async function getCode(
  { server, browser, client, person }: Visit,
  parameters: Parameters = {},
): Promise<{ readonly code: string; readonly exchange: Readonly<Record<string, string>> }> {
  const { verifier, challenge } = makePkce()
  server.hoard.keep('code verifier', verifier)
  const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
  const url = authorizationUrl(server, client, { scope: 'orders:read', ...pkce, ...parameters })
  const code = codeIn(await authorize(browser, url, person))
  const exchange = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: client.redirectUri,
    code_verifier: verifier,
  }
  return { code, exchange }
}

/** Fresh tokens of a visit. */
export async function getVisitTokens(visit: Visit, parameters: Parameters = {}): Promise<Tokens> {
  const { exchange } = await getCode(visit, parameters)
  return getTokens(visit.server, visit.client, exchange)
}

/** Refreshes. */
export const refresh = (
  { server, client }: Pick<Visit, 'server' | 'client'>,
  refreshToken: string,
  parameters: Parameters = {},
): Promise<JsonAnswer> =>
  askToken(server, client, { grant_type: 'refresh_token', refresh_token: refreshToken, ...parameters })

/** A claim of an access token, unverified. */
export function claimOf(accessToken: string, name: string): string {
  const payload = Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()
  return String((JSON.parse(payload) as Readonly<Record<string, unknown>>)[name])
}

/** Asks the guarded API with a token. */
export const askApi = (server: TestServer, path: string, token: string): Promise<JsonAnswer> =>
  askJson({ ...server, endpoint: (rest) => server.origin + rest }, path, {
    headers: { authorization: `Bearer ${token}` },
  })

/** What a consent page sends when it is approved, to be sent by other means. */
export const approvalOf = (page: Page): Readonly<Record<string, string>> => formOf(page, 'Allow').fields
