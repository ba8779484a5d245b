import { setTimeout as sleep } from 'node:timers/promises'
import { openBrowser } from '../../support/browser.ts'
import { requestToken, authorizationUrl, codeIn, createPkce } from '../../support/oauth-client.ts'
import type { JsonResponse, Parameters } from '../../support/oauth-client.ts'
import { callAdminApi } from '../../support/admin-api.ts'
import { CALLBACK } from '../../support/server.ts'
import type { TestUser, TestClient, TestServer } from '../../support/server.ts'

/** The nodes under load, and when to stop. */
export interface Target {
  /** Returns a random running node, or undefined if there is none. */
  running(): TestServer | undefined
  isDone(): boolean
  readonly client: TestClient
  readonly user: TestUser
  /** The `Cookie` header of a signed-in user. `client` skips consent. */
  readonly cookie: string
}

/** Everything that the server acknowledged, so it must survive all kills. */
export interface Acknowledged {
  /** The latest token of each chain of refreshes. */
  readonly refresh: string[]
  /** The outcomes of those refreshes. Anything but `200` signs a user out without a reason. */
  readonly refreshed: string[]
  /** How often each code gave tokens. Each was sent four times. */
  readonly exchanges: number[]
  /** Refresh tokens that were not used or revoked. */
  readonly kept: string[]
  readonly revoked: { readonly access: string; readonly refresh: string }[]
  readonly clients: string[]
  readonly users: string[]
  /** `Cookie` headers of sign-ins. */
  readonly sessions: string[]
}

/** In ms, between two actions. */
const PAUSE = 5

/** Sends a request to a node. Returns undefined without a response, or with a 503. */
async function send(
  { running }: Target,
  request: (node: TestServer) => Promise<JsonResponse>,
): Promise<JsonResponse | undefined> {
  const node = running()
  const response = await (node ? request(node) : sleep(10, undefined)).catch(() => undefined)
  return response && response.status < 500 ? response : undefined
}

/** Repeats a request until a node responds. */
async function sendWithRetries(
  target: Target,
  request: (node: TestServer) => Promise<JsonResponse>,
): Promise<JsonResponse> {
  for (;;) {
    const response = await send(target, request)
    if (response) return response
  }
}

const tokenIn = ({ body }: JsonResponse): string => String(body['refresh_token'])

/** Refreshes as a correct client does, with the token of its last response. */
async function refresh(target: Target, acknowledged: Acknowledged, index: number): Promise<void> {
  const form = { grant_type: 'refresh_token', refresh_token: acknowledged.refresh[index] }
  const response = await sendWithRetries(target, (node) => requestToken(node, target.client, form))
  acknowledged.refreshed.push(response.status === 200 ? '200' : JSON.stringify(response.body))
  if (response.status === 200) acknowledged.refresh[index] = tokenIn(response)
}

/** Returns the token request for a new code, or undefined if no node issued one. */
async function getExchange({ running, client, cookie }: Target): Promise<Parameters | undefined> {
  const node = running()
  if (!node) return undefined
  const { verifier, challenge } = createPkce()
  const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
  const url = authorizationUrl(node, client, { scope: 'orders:read', ...pkce })
  const page = await openBrowser(node)
    .open(url, { headers: { cookie } })
    .catch(() => undefined)
  if (!page?.url.href.startsWith(CALLBACK)) return undefined
  const code = codeIn(page)
  return { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier }
}

/** Exchanges a code four times, three of them at the same time. */
async function exchangeRepeatedly(target: Target, acknowledged: Acknowledged): Promise<void> {
  const form = await getExchange(target)
  if (!form) return
  const exchange = (node: TestServer): Promise<JsonResponse> => requestToken(node, target.client, form)
  const responses = await Promise.all([1, 2, 3].map(() => send(target, exchange)))
  responses.push(await sendWithRetries(target, exchange))
  acknowledged.exchanges.push(responses.filter((response) => response?.status === 200).length)
}

/** Obtains tokens, and revokes every second authorization. */
async function obtainTokens(target: Target, acknowledged: Acknowledged, turn: number): Promise<void> {
  const form = await getExchange(target)
  const response = form && (await send(target, (node) => requestToken(node, target.client, form)))
  if (response?.status !== 200) return
  if (turn % 2 === 0) {
    acknowledged.kept.push(tokenIn(response))
    return
  }
  const [, id = ''] = tokenIn(response).split('.')
  await sendWithRetries(target, (node) => callAdminApi(node, { action: 'revoke authorization', id }))
  acknowledged.revoked.push({ access: String(response.body['access_token']), refresh: tokenIn(response) })
}

/** Registers a client, and every fifth time a user. */
async function register(target: Target, acknowledged: Acknowledged, turn: number): Promise<void> {
  const registration = { name: `Client ${turn}`, redirectUris: [CALLBACK] }
  const registered = await send(target, (node) => callAdminApi(node, { action: 'add client', registration }))
  if (registered) acknowledged.clients.push((registered.body['client'] as { readonly id: string }).id)
  if (turn % 5 !== 0) return
  const task = { action: 'add user', email: `${turn}@example.net`, password: 'correct horse' } as const
  const added = await send(target, (node) => callAdminApi(node, task))
  if (typeof added?.body['id'] === 'string') acknowledged.users.push(added.body['id'])
}

async function signIn({ running, user }: Target, acknowledged: Acknowledged): Promise<void> {
  const node = running()
  if (!node) return
  const browser = openBrowser({ ...node, formOrigin: new URL(node.issuer).origin })
  await browser
    .open('/login')
    .then((page) => browser.signIn(page, user))
    .catch(() => undefined)
  // The redirect sets the cookie and acknowledges the session, even if the page after it fails.
  if (browser.cookies.has('consulate_session')) acknowledged.sessions.push(cookieOf(browser.cookies))
}

export const cookieOf = (cookies: ReadonlyMap<string, string>): string =>
  [...cookies].map((pair) => pair.join('=')).join('; ')

/** Sends all kinds of requests until `isDone`. Each of `refreshTokens` starts a chain of refreshes. */
export async function runLoad(
  target: Target,
  refreshTokens: readonly string[],
  acknowledged: Acknowledged,
): Promise<void> {
  const repeat = async (act: (turn: number) => Promise<void>): Promise<void> => {
    for (let turn = 0; !target.isDone(); turn += 1) {
      await act(turn)
      await sleep(PAUSE)
    }
  }
  await Promise.all([
    ...refreshTokens.map((_, index) => repeat(() => refresh(target, acknowledged, index))),
    repeat(() => exchangeRepeatedly(target, acknowledged)),
    repeat((turn) => obtainTokens(target, acknowledged, turn)),
    repeat((turn) => register(target, acknowledged, turn)),
    repeat(() => signIn(target, acknowledged)),
  ])
}
