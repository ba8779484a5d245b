import { setTimeout as sleep } from 'node:timers/promises'
import { openBrowser } from '../../support/browser.ts'
import { requestToken, authorizationUrl, codeIn, createPkce } from '../../support/oauth-client.ts'
import type { JsonResponse, Parameters } from '../../support/oauth-client.ts'
import { callAdminApi } from '../../support/admin-api.ts'
import { CALLBACK } from '../../support/server.ts'
import type { TestUser, TestClient, TestServer } from '../../support/server.ts'

/** The nodes under load, and when to stop. */
export interface Target {
  /** A node that lives, if there is one. */
  living(): TestServer | undefined
  isOver(): boolean
  readonly client: TestClient
  readonly person: TestUser
  /** The `Cookie` header of somebody who is signed in and whom `client` need not ask for consent. */
  readonly cookie: string
}

/** Everything that the server has acknowledged. */
export interface Kept {
  /** The last refresh token of each client that goes on refreshing. */
  readonly refresh: string[]
  /** What each answer of those was: anything but `200` is somebody signed out for nothing. */
  readonly refreshed: string[]
  /** How often each code that was tried four times gave tokens. */
  readonly spent: number[]
  /** Refresh tokens of codes that were exchanged. */
  readonly given: string[]
  readonly revoked: { readonly access: string; readonly refresh: string }[]
  readonly clients: string[]
  readonly people: string[]
  /** `Cookie` headers of sign-ins. */
  readonly sessions: string[]
}

/** The pause between two actions, in milliseconds. */
const PAUSE = 5

/** Sends a request to a node. Returns undefined without a response, or with a 503. */
async function ask(
  { living }: Target,
  question: (node: TestServer) => Promise<JsonResponse>,
): Promise<JsonResponse | undefined> {
  const node = living()
  const answer = await (node ? question(node) : sleep(10, undefined)).catch(() => undefined)
  return answer && answer.status < 500 ? answer : undefined
}

/** Repeats a request until a node answers. */
async function insist(
  target: Target,
  question: (node: TestServer) => Promise<JsonResponse>,
): Promise<JsonResponse> {
  for (;;) {
    const answer = await ask(target, question)
    if (answer) return answer
  }
}

const tokenIn = ({ body }: JsonResponse): string => String(body['refresh_token'])

/** Refreshes as a correct client does, with the token of its last response. */
async function refresh(target: Target, kept: Kept, index: number): Promise<void> {
  const form = { grant_type: 'refresh_token', refresh_token: kept.refresh[index] }
  const answer = await insist(target, (node) => requestToken(node, target.client, form))
  kept.refreshed.push(answer.status === 200 ? '200' : JSON.stringify(answer.body))
  if (answer.status === 200) kept.refresh[index] = tokenIn(answer)
}

/** Returns the parameters that exchange a new code, without pages; undefined if no node issued one. */
async function askCode({ living, client, cookie }: Target): Promise<Parameters | undefined> {
  const node = living()
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
async function spend(target: Target, kept: Kept): Promise<void> {
  const form = await askCode(target)
  if (!form) return
  const exchange = (node: TestServer): Promise<JsonResponse> => requestToken(node, target.client, form)
  const answers = await Promise.all([1, 2, 3].map(() => ask(target, exchange)))
  answers.push(await insist(target, exchange))
  kept.spent.push(answers.filter((answer) => answer?.status === 200).length)
}

/** Obtains tokens, and revokes every second authorization. */
async function give(target: Target, kept: Kept, turn: number): Promise<void> {
  const form = await askCode(target)
  const answer = form && (await ask(target, (node) => requestToken(node, target.client, form)))
  if (answer?.status !== 200) return
  if (turn % 2 === 0) {
    kept.given.push(tokenIn(answer))
    return
  }
  const [, id = ''] = tokenIn(answer).split('.')
  await insist(target, (node) => callAdminApi(node, { action: 'revoke authorization', id }))
  kept.revoked.push({ access: String(answer.body['access_token']), refresh: tokenIn(answer) })
}

/** Registers a client, and every fifth time a user. */
async function register(target: Target, kept: Kept, turn: number): Promise<void> {
  const registration = { name: `Client ${turn}`, redirectUris: [CALLBACK] }
  const made = await ask(target, (node) => callAdminApi(node, { action: 'add client', registration }))
  if (made) kept.clients.push((made.body['client'] as { readonly id: string }).id)
  if (turn % 5 !== 0) return
  const task = { action: 'add user', email: `${turn}@example.net`, password: 'correct horse' } as const
  const added = await ask(target, (node) => callAdminApi(node, task))
  if (typeof added?.body['id'] === 'string') kept.people.push(added.body['id'])
}

async function signIn({ living, person }: Target, kept: Kept): Promise<void> {
  const node = living()
  if (!node) return
  const browser = openBrowser({ ...node, formOrigin: new URL(node.issuer).origin })
  await browser
    .open('/login')
    .then((page) => browser.signIn(page, person))
    .catch(() => undefined)
  // The cookie comes with the redirect: that is the acknowledgment, whatever becomes of the page after it.
  if (browser.cookies.has('consulate_session')) kept.sessions.push(cookieOf(browser.cookies))
}

export const cookieOf = (cookies: ReadonlyMap<string, string>): string =>
  [...cookies].map((pair) => pair.join('=')).join('; ')

/** Runs all loads until the end. `refresh` are the tokens to refresh repeatedly. */
export async function work(target: Target, refreshTokens: readonly string[], kept: Kept): Promise<void> {
  const forEver = async (act: (turn: number) => Promise<void>): Promise<void> => {
    for (let turn = 0; !target.isOver(); turn += 1) {
      await act(turn)
      await sleep(PAUSE)
    }
  }
  await Promise.all([
    ...refreshTokens.map((_, index) => forEver(() => refresh(target, kept, index))),
    forEver(() => spend(target, kept)),
    forEver((turn) => give(target, kept, turn)),
    forEver((turn) => register(target, kept, turn)),
    forEver(() => signIn(target, kept)),
  ])
}
