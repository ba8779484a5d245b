import { setTimeout as sleep } from 'node:timers/promises'
import { openBrowser, type Page } from '../../support/browser.ts'
import { decideDevice, poll, requestDeviceCode } from '../../support/device.ts'
import {
  authorizationUrl,
  callApi,
  createPkce,
  introspectToken,
  refresh,
  requestToken,
  revokeToken,
  type JsonResponse,
  type Parameters,
} from '../../support/oauth-client.ts'
import { CALLBACK } from '../../support/server.ts'
import { cookieOf } from '../kill/load.ts'
import { acknowledge, type Ledger, type Pair } from './ledger.ts'
import type { Answer, OutcomeLog } from './outcomes.ts'
import { openBrowserAt, type Node, type World } from './world.ts'

/** The traffic of one experiment. */
export interface Scene {
  readonly world: World
  readonly ledger: Ledger
  readonly log: OutcomeLog
  isDone(): boolean
  /** Resolves when it is done. */
  readonly end: Promise<void>
}

type Actor = (scene: Scene) => Promise<void>

/** Pauses (ms) between two actions of a kind. */
const [SHORT, LONG] = [60, 700]
/** How long (ms) a client waits before it repeats a request, as `Retry-After` says in short. */
const RETRY = 250

/**
 * How long (ms) a client waits after a refresh that it had to repeat. The first attempt may still arrive, from a node that wakes
 * up, and must then be one of the last five refreshes. Real clients refresh every 15 minutes.
 */
const AFTER_RETRY = 5_000

/** Sends requests of every kind until the scene is done. */
export async function runTraffic(scene: Scene): Promise<void> {
  const repeat = async (act: Actor, pause: number): Promise<void> => {
    while (!scene.isDone()) {
      await act(scene)
      await pauseIn(scene, pause * (0.5 + Math.random()))
    }
  }
  await Promise.all([
    ...scene.ledger.chains.map((_, index) => repeat((own) => refreshChain(own, index), SHORT)),
    repeat(askForMachineToken, SHORT),
    repeat(callGuards, SHORT),
    repeat(introspect, SHORT),
    repeat(visit, SHORT),
    repeat(exchangeOnce, SHORT),
    repeat(exchangeTwice, SHORT),
    repeat(revoke, SHORT),
    repeat(signIn, LONG),
    repeat(useDevice, LONG),
  ])
}

/** Waits, but not longer than the scene lasts. */
async function pauseIn({ end }: Scene, duration: number): Promise<void> {
  await Promise.race([sleep(duration, undefined, { ref: false }), end])
}

function anyNode({ world }: Scene): Node {
  const [first, second] = world.nodes
  if (first.isStopped) return second
  return second.isStopped || Math.random() < 0.5 ? first : second
}

/** Asks one node, whose name goes into the log. A stopped node cannot answer: what was sent to it does not count. */
async function askNode<Result extends Answer>(
  { log }: Scene,
  kind: string,
  node: Node,
  request: (node: Node) => Promise<Result>,
  problemOf?: (answer: Result) => string | undefined,
): Promise<Result | undefined> {
  const before = node.stops
  const name = (): string => (node.isStopped || node.stops !== before ? 'stopped' : node.name)
  return log.ask(kind, name, () => request(node), problemOf)
}

/** Repeats a request as a client does, at any node, until there is an answer. Returns undefined if the scene ends first. */
async function askUntilAnswered(
  scene: Scene,
  kind: string,
  request: (node: Node) => Promise<JsonResponse>,
): Promise<{ readonly answer: JsonResponse; readonly tries: number } | undefined> {
  for (let tries = 1; ; tries += 1) {
    const answer = await askNode(scene, kind, anyNode(scene), request)
    if (answer) return { answer, tries }
    if (scene.isDone()) return undefined
    await sleep(RETRY)
  }
}

const pairIn = ({ body }: JsonResponse, client: Pair['client'] = 'app'): Pair => ({
  client,
  access: String(body['access_token']),
  refresh: String(body['refresh_token']),
})

async function refreshChain(scene: Scene, index: number): Promise<void> {
  const { ledger, world } = scene
  const { value } = ledger.chains[index] ?? { value: '' }
  const client = world.clients.app
  const answered = await askUntilAnswered(scene, 'refresh', ({ server }) =>
    refresh({ server, client }, value),
  )
  if (answered?.answer.status !== 200) return
  ledger.chains[index] = { ...acknowledge(pairIn(answered.answer).refresh), index }
  if (answered.tries > 1) await pauseIn(scene, AFTER_RETRY)
}

async function askForMachineToken(scene: Scene): Promise<void> {
  const form = { grant_type: 'client_credentials' }
  const client = scene.world.clients.machine
  await askNode(scene, 'client credentials', anyNode(scene), ({ server }) =>
    requestToken(server, client, form),
  )
}

/** Calls the APIs of both nodes, their strict routes, and that of the other service. */
async function callGuards(scene: Scene): Promise<void> {
  const { nodes, service, valid } = scene.world
  const calls = nodes.flatMap((node) => [
    askNode(scene, 'guarded call', node, ({ server }) => callApi(server, '/me', valid.access)),
    askNode(scene, 'strict call', node, ({ server }) => callApi(server, '/strict', valid.access)),
  ])
  const own = scene.log.ask(
    'call of another service',
    () => 'service',
    async () => {
      const { status, body, retryAfter } = await service.get('/me', `Bearer ${valid.access}`)
      return { status, body, headers: new Headers(retryAfter === null ? {} : { 'retry-after': retryAfter }) }
    },
  )
  await Promise.all([...calls, own])
}

async function introspect(scene: Scene): Promise<void> {
  const { clients, valid } = scene.world
  await askNode(
    scene,
    'introspection',
    anyNode(scene),
    ({ server }) => introspectToken(server, clients.api, valid.access),
    ({ body }) => (body['active'] === true ? undefined : 'inactive'),
  )
}

/** Looks whether the user is still signed in. */
const visit: Actor = async (scene) => {
  const { cookie } = scene.world
  await askNode(
    scene,
    'page',
    anyNode(scene),
    ({ server }) => openBrowser(server).open('/login', { headers: { cookie } }),
    ({ text }) => (text.includes("You're signed in") ? undefined : 'signed out'),
  )
}

/** Obtains a code in the user's session. Returns the request that exchanges it. */
async function getExchange(scene: Scene): Promise<Parameters | undefined> {
  const { clients, cookie } = scene.world
  const { verifier, challenge } = createPkce()
  const pkce = { code_challenge: challenge, code_challenge_method: 'S256', scope: 'orders:read' }
  const page = await askNode(
    scene,
    'authorization request',
    anyNode(scene),
    ({ server }) =>
      openBrowser(server).open(authorizationUrl(server, clients.app, pkce), { headers: { cookie } }),
    ({ url }) =>
      url.href.startsWith(CALLBACK) && url.searchParams.has('code') ? undefined : redirectProblem(url),
  )
  const code = page?.url.searchParams.get('code') ?? undefined
  if (code === undefined) return undefined
  return { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier }
}

/** At the redirect URI, an outage is an error code (RFC 6749 section 4.1.2.1). */
const redirectProblem = ({ pathname, searchParams }: URL): string =>
  searchParams.get('error') === 'temporarily_unavailable'
    ? '503'
    : `redirected to ${pathname}${searchParams.get('error') ?? ''}`

/** Exchanges a new code. Repeats that after a 503, with the same code, as a client does. */
async function exchange(scene: Scene): Promise<Pair | undefined> {
  const form = await getExchange(scene)
  if (!form) return undefined
  const client = scene.world.clients.app
  const startedAt = performance.now()
  const first = await askNode(scene, 'code exchange', anyNode(scene), ({ server }) =>
    requestToken(server, client, form),
  )
  if (first) return first.status === 200 ? pairIn(first) : undefined
  await sleep(RETRY)
  // Recorded as a kind of its own: a code whose exchange has failed may have been spent.
  const again = await askUntilAnswered(scene, 'code exchange, repeated', ({ server }) =>
    requestToken(server, client, form),
  )
  if (!again) return undefined
  const hasExpired = performance.now() - startedAt > CODE_LIFETIME
  scene.ledger.repeated.push(
    again.answer.status === 200 ? 'tokens' : hasExpired ? 'expired' : 'invalid_grant',
  )
  return again.answer.status === 200 ? pairIn(again.answer) : undefined
}

/** Milliseconds, a little less than the default. */
const CODE_LIFETIME = 58_000

async function exchangeOnce(scene: Scene): Promise<void> {
  const pair = await exchange(scene)
  if (pair) scene.ledger.kept.push(acknowledge(pair))
}

/** Exchanges a code at both nodes at the same time. */
async function exchangeTwice(scene: Scene): Promise<void> {
  const form = await getExchange(scene)
  if (!form) return
  const client = scene.world.clients.app
  const answers = await Promise.all(
    scene.world.nodes
      .filter(({ isStopped }) => !isStopped)
      .map(({ server }) => requestToken(server, client, form).catch(() => undefined)),
  )
  scene.ledger.doubles.push(answers.filter((answer) => answer?.status === 200).length)
}

async function revoke(scene: Scene): Promise<void> {
  const pair = await exchange(scene)
  if (!pair) return
  const client = scene.world.clients.app
  const answered = await askUntilAnswered(scene, 'revocation', ({ server }) =>
    revokeToken(server, client, pair.refresh),
  )
  if (answered?.answer.status === 200) scene.ledger.revoked.push(acknowledge(pair))
}

async function signIn(scene: Scene): Promise<void> {
  const { user } = scene.world
  const node = anyNode(scene)
  const browser = openBrowserAt(node.server)
  const page = await askNode(scene, 'page', node, () => browser.open('/login'))
  if (page?.status !== 200) return
  const signedIn = await askNode(
    scene,
    'sign-in',
    node,
    () => browser.signIn(page, user),
    ({ text }: Page) => (text.includes("You're signed in") ? undefined : 'not signed in'),
  )
  if (signedIn?.status === 200) scene.ledger.sessions.push(acknowledge(cookieOf(browser.cookies)))
}

/** Connects a device. Gives up if anything fails before the user has allowed it. */
async function useDevice(scene: Scene): Promise<void> {
  const { clients, cookie, user } = scene.world
  const node = anyNode(scene)
  const started = await askNode(scene, 'device authorization', node, ({ server }) =>
    requestDeviceCode(server, clients.device, { scope: 'orders:read' }),
  )
  if (started?.status !== 200) return
  const device = {
    client: clients.device,
    deviceCode: String(started.body['device_code']),
    userCode: String(started.body['user_code']),
    uri: new URL(String(started.body['verification_uri'])).pathname,
    completeUri: '',
  }
  const browser = openBrowserAt(node.server)
  for (const pair of cookie.split('; ')) {
    const separator = pair.indexOf('=')
    browser.setCookie(pair.slice(0, separator), pair.slice(separator + 1))
  }
  const decided = await decideDevice(browser, device, user).catch(() => undefined)
  if (decided?.status !== 200) return
  let hasFailed = false
  while (!scene.isDone()) {
    const kind = hasFailed ? 'device poll, repeated' : 'device poll'
    const answer = await askNode(scene, kind, anyNode(scene), ({ server }) => poll(server, device))
    if (answer) {
      if (answer.status === 200) scene.ledger.kept.push(acknowledge(pairIn(answer, 'device')))
      if (hasFailed) scene.ledger.repeated.push(answer.status === 200 ? 'tokens' : 'invalid_grant')
      return
    }
    hasFailed = true
    await pauseIn(scene, POLL_INTERVAL)
  }
}

/** Milliseconds: the default interval of devices, and a little more. */
const POLL_INTERVAL = 5_200
