import type { Browser } from './browser.ts'
import { openBrowser } from './browser.ts'
import {
  callApi,
  getCode,
  getTokens,
  refresh,
  type CodeFlow,
  type JsonResponse,
  type Tokens,
} from './oauth-client.ts'
import type { TestClient, TestServer, TestUser } from './server.ts'
import { logIn, postRefresh, type DeviceTokens } from './sign-in-api.ts'
import { callAsSpa } from './spa.ts'
import type { CredentialName, Outcome } from './what-ends-what.ts'

/** The clients of an owner of credentials. */
export interface Clients {
  readonly first: TestClient
  readonly third: TestClient
}

/** The tokens of an app in a browser, and what its code was exchanged with. */
export interface AppTokens extends Tokens {
  readonly client: TestClient
  readonly exchange: Readonly<Record<string, string>>
}

/** One of everything that a user and the clients can have. */
export interface Credentials {
  readonly user: TestUser
  readonly browser: Browser
  /** A copy of the browser's cookies, among them the API cookie. */
  readonly cookies: ReadonlyMap<string, string>
  readonly device: DeviceTokens
  readonly first: AppTokens
  readonly third: AppTokens
  readonly personal: { readonly id: string; readonly accessToken: string }
  readonly machine: string
}

/** Signs a user in and gets one of each kind of tokens. */
export async function getCredentials(
  server: TestServer,
  user: TestUser,
  { first, third }: Clients,
): Promise<Credentials> {
  const browser = openBrowser(server)
  const flow = { server, browser, user }
  const { token, accessToken } = await server.server.personalTokens.create(user, {
    name: 'Backup',
    scopes: ['orders:read'],
  })
  const machine = await getTokens(server, first, { grant_type: 'client_credentials' })
  const apps = {
    first: await connect({ ...flow, client: first }),
    third: await connect({ ...flow, client: third }),
  }
  return {
    user,
    browser,
    cookies: new Map(browser.cookies),
    device: await logIn(server, user),
    ...apps,
    personal: { id: token.id, accessToken: server.knownSecrets.add('access token', accessToken) },
    machine: machine.access_token,
  }
}

/** Connects an app in a browser. */
export async function connect(flow: CodeFlow): Promise<AppTokens> {
  const { exchange } = await getCode(flow)
  return { ...(await getTokens(flow.server, flow.client, exchange)), client: flow.client, exchange }
}

/** Finds out by requests whether a credential still works. Keeps the tokens of a refresh. */
export async function outcomeOf(
  server: TestServer,
  name: CredentialName,
  credentials: Credentials,
): Promise<Outcome> {
  const { browser, device, personal, machine } = credentials
  switch (name) {
    case 'browser session': {
      const page = await browser.open(server.endpoint('/account/devices'))
      return page.text.includes(credentials.user.email) ? 'stays' : 'ends'
    }
    case 'API cookie':
      return cookieOutcome(server, credentials)
    case 'API sign-in':
      return pairOutcome(server, device, (token) => postRefresh(server, token))
    case 'first-party app':
      return appOutcome(server, credentials.first)
    case 'third-party app':
      return appOutcome(server, credentials.third)
    case 'personal token':
      return personalOutcome(server, personal.accessToken)
    case 'machine token':
    default:
      return tokenOutcome(server, '/machine', machine)
  }
}

/** Sends the copied cookie, and then renews the one of the browser, which may belong to another user by now. */
async function cookieOutcome(server: TestServer, { browser, cookies, user }: Credentials): Promise<Outcome> {
  const me = server.endpoint('/me')
  const { status, body } = await callAsSpa(browser, me, { cookies })
  const isAccepted = statusOutcome(status, body, 'Cookie revoked') === 'stays'
  const renewal = await callAsSpa(browser, server.endpoint('/oauth/token/refresh'), { method: 'POST' })
  const renewed = await callAsSpa(browser, me)
  const canRenew = renewal.status === 200 && JSON.stringify(renewed.body).includes(JSON.stringify(user.id))
  if (!canRenew) return isAccepted ? 'until it expires' : 'ends'
  return isAccepted ? 'stays' : 'must refresh'
}

const appOutcome = (server: TestServer, tokens: AppTokens): Promise<Outcome> =>
  pairOutcome(server, tokens, (token) => refresh({ server, client: tokens.client }, token))

async function pairOutcome(
  server: TestServer,
  tokens: Pick<Tokens, 'access_token' | 'refresh_token'>,
  renew: (refreshToken: string) => Promise<JsonResponse>,
): Promise<Outcome> {
  const isAccepted = (await tokenOutcome(server, '/me', tokens.access_token)) === 'stays'
  const { status, body } = await renew(tokens.refresh_token)
  if (status !== 200) return isAccepted ? 'until it expires' : 'ends'
  Object.assign(tokens, body)
  if ((await tokenOutcome(server, '/me', tokens.access_token)) !== 'stays')
    throw new Error('A token from a refresh does not work')
  return isAccepted ? 'stays' : 'must refresh'
}

/** The user is looked up in the background when the token is used. If that revokes it, the next use fails. */
async function personalOutcome(server: TestServer, token: string): Promise<Outcome> {
  if ((await tokenOutcome(server, '/me', token)) === 'ends') return 'ends'
  return (await tokenOutcome(server, '/me', token)) === 'stays' ? 'stays' : 'ends when used'
}

async function tokenOutcome(server: TestServer, path: string, token: string): Promise<'stays' | 'ends'> {
  const { status, body } = await callApi(server, path, token)
  return statusOutcome(status, body, 'Token revoked')
}

function statusOutcome(status: number, body: unknown, revoked: string): 'stays' | 'ends' {
  if (status === 200) return 'stays'
  if (status === 401 && JSON.stringify(body).includes(revoked)) return 'ends'
  throw new Error(`Unexpected response: ${status} ${JSON.stringify(body)}`)
}
