import type { UserLike } from '../administration/user.ts'
import { OAuthError, type ErrorCode } from '../errors.ts'
import { randomBase64url, sha256 } from '../lib/hash.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'
import type { GrantType } from '../model/client.ts'
import type { Granted } from './granted.ts'
import { submit, visit, type TestBrowser, type Visit } from './test-browser.ts'

/** The tokens that a client received. */
export interface TestTokens {
  readonly accessToken: string
  /** Undefined if the client cannot refresh, or the server does not. */
  readonly refreshToken: string | undefined
  /** As in the response. May be less than what the client requested. */
  readonly scopes: readonly string[]
  /** In seconds. */
  readonly expiresIn: number
}

/** Parameters of a request. Undefined omits one. */
export type RequestParameters = Readonly<Record<string, string | undefined>>

/** What a client requests. */
export interface TokenRequestOptions<Scope extends string = string> {
  /** Default: none, so that the `defaultScopes` of the configuration apply. */
  readonly scopes?: Granted<Scope>
  /** Further parameters, such as `resource` or `prompt`. They override all others. */
  readonly parameters?: RequestParameters
}

/** What a client requests for a user. */
export interface SignInRequest<Scope extends string = string> extends TokenRequestOptions<Scope> {
  /** Where the user is signed in, or will be. Default: a new browser in which the user is signed in. */
  readonly browser?: TestBrowser
  /** False to deny access. Default: true. */
  readonly allow?: boolean
}

/**
 * A registered client that sends real requests to a test server, in memory. Its methods throw the `OAuthError` that the
 * server responded with: `await expect(client.refresh(tokens)).rejects.toMatchObject({ code: 'invalid_grant' })`.
 */
export interface TestClient<Scope extends string = string> {
  readonly id: string
  /** Undefined for public clients. */
  readonly secret: string | undefined
  /** The first redirect URI. Empty if the client has none. */
  readonly redirectUri: string
  /**
   * Gets tokens for a user as an app does: opens the authorization page in a browser in which the user is signed in, allows
   * access if it is asked for, and redeems the code, with PKCE. A client with the implicit grant reads the token from the URL.
   */
  signIn(user: UserLike, request?: SignInRequest<Scope>): Promise<TestTokens>
  /** Gets tokens for a user as a device does: requests codes, and the user enters and allows them in a browser. */
  connectDevice(user: UserLike, request?: SignInRequest<Scope>): Promise<TestTokens>
  /** Gets tokens with the user name and password of a user (the legacy password grant). */
  signInWithPassword(
    user: { readonly email: string; readonly password: string },
    request?: TokenRequestOptions<Scope>,
  ): Promise<TestTokens>
  /** Gets a token for the client itself (client credentials). */
  getToken(request?: TokenRequestOptions<Scope>): Promise<TestTokens>
  /** Exchanges a refresh token for new tokens. */
  refresh(
    tokens: Pick<TestTokens, 'refreshToken'> | string,
    request?: TokenRequestOptions<Scope>,
  ): Promise<TestTokens>
  /** Returns the response of the introspection endpoint. */
  introspect(token: string): Promise<Readonly<Record<string, unknown>>>
  /** Revokes a token of the client. */
  revoke(token: string): Promise<void>
  /** Sends any request to the token endpoint as this client. Returns the response, also if it is an error. */
  requestToken(parameters: RequestParameters): Promise<Response>
}

/** What a test client needs from its server. */
export interface ClientEnvironment {
  readonly paths: Readonly<
    Record<'authorize' | 'token' | 'revoke' | 'introspect' | 'deviceAuthorization', string>
  >
  readonly origin: string
  readonly fetch: (request: Request) => Promise<Response>
  readonly openBrowser: (user: UserLike) => Promise<TestBrowser>
}

/** A client as it was registered. */
export interface ClientCredentials {
  readonly id: string
  readonly secret: string | undefined
  readonly redirectUri: string
  readonly grantTypes: readonly GrantType[]
}

/** Creates the client side of a registered client. */
export function createOAuthClient<Scope extends string>(
  environment: ClientEnvironment,
  credentials: ClientCredentials,
): TestClient<Scope> {
  const { id, secret, redirectUri, grantTypes } = credentials
  const post = (path: string, parameters: RequestParameters): Promise<Response> =>
    postAs(environment, credentials, path, parameters)
  const tokens = async (parameters: RequestParameters): Promise<TestTokens> =>
    toTokens(await bodyOf(await post(environment.paths.token, parameters)))
  return {
    id,
    secret,
    redirectUri,
    async signIn(user, request = {}) {
      const flow = createFlow(credentials, request)
      const browser = request.browser ?? (await environment.openBrowser(user))
      const url = new URL(`${environment.paths.authorize}?${flow.query}`, environment.origin)
      const redirect = parametersOf(await decide(browser, await visit(browser, url), request))
      if (grantTypes.includes('implicit') && !grantTypes.includes('authorization_code'))
        return toTokens(redirect)
      const code = { code: String(redirect['code']), redirect_uri: redirectUri, code_verifier: flow.verifier }
      return tokens({ grant_type: 'authorization_code', ...code })
    },
    async connectDevice(user, request = {}) {
      const { device_code: code, verification_uri_complete: uri = '' } = await bodyOf(
        await post(environment.paths.deviceAuthorization, scopeAnd(request)),
      )
      const browser = request.browser ?? (await environment.openBrowser(user))
      await decideDevice(browser, new URL(uri), request)
      return tokens({ grant_type: DEVICE_GRANT, device_code: code })
    },
    signInWithPassword: ({ email: username, password }, request) =>
      tokens({ grant_type: 'password', username, password, ...scopeAnd(request) }),
    getToken: (request) => tokens({ grant_type: 'client_credentials', ...scopeAnd(request) }),
    refresh(given, request) {
      const token = typeof given === 'string' ? given : given.refreshToken
      return tokens({ grant_type: 'refresh_token', refresh_token: token, ...scopeAnd(request) })
    },
    introspect: async (token) => ({ ...(await bodyOf(await post(environment.paths.introspect, { token }))) }),
    revoke: async (token) => void (await bodyOf(await post(environment.paths.revoke, { token }))),
    requestToken: (parameters) => post(environment.paths.token, parameters),
  }
}

const scopeAnd = ({ scopes, parameters }: TokenRequestOptions = {}): RequestParameters => ({
  ...(scopes && { scope: scopes.join(' ') }),
  ...parameters,
})

/** Posts a form, with Basic if the client has a secret, otherwise with its ID in the body. */
function postAs(
  { origin, fetch }: ClientEnvironment,
  { id, secret }: ClientCredentials,
  path: string,
  parameters: RequestParameters,
): Promise<Response> {
  const identity = secret === undefined ? { client_id: id } : {}
  const authorization = `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret ?? '')}`).toString('base64')}`
  return fetch(
    new Request(new URL(path, origin), {
      method: 'POST',
      body: toForm({ ...identity, ...parameters }),
      headers: secret === undefined ? {} : { authorization },
    }),
  )
}

const toForm = (parameters: RequestParameters): URLSearchParams =>
  new URLSearchParams(
    Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )

function createFlow({ id, redirectUri, grantTypes }: ClientCredentials, request: SignInRequest) {
  const verifier = randomBase64url(32)
  const isImplicit = grantTypes.includes('implicit') && !grantTypes.includes('authorization_code')
  const challenge = { code_challenge: sha256(verifier), code_challenge_method: 'S256' }
  const query = toForm({
    response_type: isImplicit ? 'token' : 'code',
    client_id: id,
    redirect_uri: redirectUri,
    state: randomBase64url(16),
    ...(!isImplicit && challenge),
    // Without it, there is no page on which to deny what was allowed before.
    ...(request.allow === false && { prompt: 'consent' }),
    ...scopeAnd(request),
  })
  return { verifier, query: query.toString() }
}

/** Answers the consent page if the server shows it. */
const decide = (browser: TestBrowser, page: Visit, { allow = true }: SignInRequest): Promise<Visit> | Visit =>
  page.forms.length === 0
    ? page
    : submit(
        browser,
        page,
        ({ consent, _method }) => consent !== undefined && (_method === undefined) === allow,
      )

async function decideDevice(browser: TestBrowser, url: URL, { allow = true }: SignInRequest): Promise<void> {
  const entered = await submit(
    browser,
    await visit(browser, url),
    ({ user_code: code }) => code !== undefined,
  )
  await submit(browser, entered, ({ intent, _method }) =>
    allow ? intent === 'approve' : _method === 'DELETE',
  )
}

/** Returns the parameters of a redirect to the client. Throws the error among them. */
function parametersOf({ url, status, body }: Visit): Readonly<Record<string, string>> {
  const parameters = Object.fromEntries(new URLSearchParams(url.search || url.hash.slice(1)))
  if (parameters['error'] !== undefined) throw toError(parameters, 400)
  if (parameters['code'] ?? parameters['access_token']) return parameters
  throw new Error(`${url.pathname} did not redirect to the client: ${status} ${body.slice(0, 500)}`)
}

async function bodyOf(response: Response): Promise<ResponseBody> {
  const text = await response.text()
  const body = (text === '' ? {} : JSON.parse(text)) as ResponseBody
  if (!response.ok) throw toError(body, response.status)
  return body
}

/** The members of a response that clients read. */
interface ResponseBody {
  readonly access_token?: string
  readonly refresh_token?: string
  readonly scope?: string
  readonly expires_in?: number | string
  readonly device_code?: string
  readonly verification_uri_complete?: string
  readonly error?: string
  readonly error_description?: string
}

const toError = (body: ResponseBody, status: number): OAuthError =>
  new OAuthError(body.error as ErrorCode, body.error_description ?? '', { status })

const toTokens = (body: ResponseBody): TestTokens => ({
  accessToken: body.access_token ?? '',
  refreshToken: body.refresh_token,
  scopes: (body.scope ?? '').split(' ').filter(Boolean),
  expiresIn: Number(body.expires_in),
})
