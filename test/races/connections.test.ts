import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callAdminApi } from '../support/admin-api.ts'
import { openBrowser } from '../support/browser.ts'
import { printDurations, refreshOutcome, startCluster, timeUntilRejected } from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import { dose } from '../support/dose.ts'
import {
  approvalFields,
  authorizationUrl,
  createPkce,
  getCode,
  getCodeFlowTokens,
  refresh,
  requestToken,
  type CodeFlow,
  type JsonResponse,
  type Parameters,
} from '../support/oauth-client.ts'
import { startProcess } from '../support/process.ts'
import { startServer, type TestServer } from '../support/server.ts'

const server = await startServer()
let cluster: Cluster
beforeAll(async () => void (cluster = await startCluster(server, 3)))
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

/** The requests of a race start within this time (ms), which is about as long as they take together. */
const SPREAD = 60

const nodeAt = (index: number): TestServer => cluster.nodes[index] ?? server

const newFlow = async (): Promise<CodeFlow> => ({
  server,
  browser: openBrowser(server),
  client: await server.addClient({ isThirdParty: true }),
  user: await server.addUser(),
})

const disconnect = (node: TestServer, { user, client }: CodeFlow): Promise<JsonResponse> =>
  callAdminApi(node, { action: 'disconnect app', id: user.id, clientId: client.id })

const authorizationsOf = ({ user }: CodeFlow) => server.server.authorizations.list(user)

/** Starts at a random time, on the first node or the second. */
async function soon<Result>(act: (node: TestServer) => Promise<Result>): Promise<Result> {
  await sleep(Math.random() * SPREAD)
  return act(nodeAt(Math.random() < 0.5 ? 0 : 1))
}

const repeat = <Result>(count: number, act: (index: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => act(index)))

describe('a disconnect on one of two processes, while both exchange codes and refresh,', () => {
  test('leaves nothing of 240 parallel requests, and a third process follows', async () => {
    const delays: number[] = []
    for (let round = 0; round < dose(1, 5); round += 1) {
      const flow = await newFlow()
      const { client } = flow
      const tokens = []
      const exchanges: Parameters[] = []
      for (let count = 0; count < 40; count += 1) {
        tokens.push(await getCodeFlowTokens(flow))
        exchanges.push((await getCode(flow)).exchange)
      }
      // Each code only once: a repeated one would be a replay, which revokes its authorization anyway.
      const asked = Promise.all([
        ...exchanges.map((exchange) => soon((node) => requestToken(node, client, exchange))),
        ...[...tokens, ...tokens, ...tokens, ...tokens, ...tokens].map(({ refresh_token: token }) =>
          soon((node) => refresh({ server: node, client }, token)),
        ),
      ])
      const disconnected = await soon((node) => disconnect(node, flow))
      expect(disconnected.body).toEqual(true)
      const responses = await asked
      for (const { status } of responses) expect(status).toBeOneOf([200, 400])
      const issued = responses.filter(({ status }) => status === 200).map(({ body }) => body)
      const access = [...tokens, ...issued].map(({ access_token: token }) => String(token))
      delays.push(
        ...(await Promise.all(access.slice(0, 20).map((token) => timeUntilRejected(nodeAt(2), token)))),
      )
      for (const node of cluster.nodes)
        await Promise.all(access.map((token) => timeUntilRejected(node, token)))
      for (const { refresh_token: token } of [...tokens, ...issued])
        expect(await refreshOutcome(nodeAt(2), client, String(token))).toBe('invalid_grant')
      expect(await authorizationsOf(flow)).toEqual([])
      expect(await server.server.connections.list(flow.user)).toEqual([])
    }
    printDurations('From the disconnect until a third process rejects a token', delays)
  })
})

describe('a disconnect while the same user allows the app', () => {
  test('leaves a working code if and only if it leaves the consent', async () => {
    const rounds = await repeat(dose(4, 40), async () => {
      const flow = await newFlow()
      const { server: _, client, browser, user } = flow
      const { verifier, challenge } = createPkce()
      server.knownSecrets.add('code verifier', verifier)
      const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
      const url = authorizationUrl(server, client, { scope: 'orders:read', ...pkce })
      await browser.signIn(await browser.open(server.endpoint('/login')), user)
      const page = await browser.open(url)
      const fields = approvalFields(page)
      const submit = async (node: TestServer): Promise<string> => {
        const response = await fetch(node.endpoint('/oauth/authorize'), {
          method: 'POST',
          body: new URLSearchParams(fields),
          headers: {
            cookie: [...browser.cookies].map((pair) => pair.join('=')).join('; '),
            origin: server.origin,
          },
          redirect: 'manual',
        })
        const location = new URL(response.headers.get('location') ?? '', server.origin)
        return server.knownSecrets.add('authorization code', location.searchParams.get('code') ?? '')
      }
      const [code] = await Promise.all([soon(submit), soon((node) => disconnect(node, flow))])
      const { status } = await requestToken(nodeAt(2), client, {
        grant_type: 'authorization_code',
        code,
        redirect_uri: client.redirectUri,
        code_verifier: verifier,
      })
      const consent = await server.store.consents.find({ provider: 'users', userId: user.id }, client.id)
      return { hasTokens: status === 200, hasConsent: consent !== undefined }
    })
    for (const { hasTokens, hasConsent } of rounds) expect(hasConsent).toBe(hasTokens)
  })
})

describe('if a process is killed while it disconnects an app with 40 authorizations,', () => {
  test('the app is connected or disconnected as a whole, and the disconnect can be repeated', async () => {
    for (let round = 0; round < dose(1, 6); round += 1) {
      const flow = await newFlow()
      const first = await getCodeFlowTokens(flow)
      const row = (await authorizationsOf(flow))[0]
      const stored = row && (await server.store.authorizations.find(row.id))
      if (!stored) throw new Error('There is no authorization')
      for (let count = 1; count < 40; count += 1) {
        const copy = { ...stored, id: `${count}-${stored.id}`, sessionId: null }
        await server.store.authorizations.insert(copy, flow.user.id)
      }
      const { node, kill } = await startProcess(server)
      const request = disconnect(node, flow).catch(() => undefined)
      await sleep(Math.random() * 20)
      await kill()
      await request
      const [app] = await server.server.connections.list(flow.user)
      const consent = await server.store.consents.find(
        { provider: 'users', userId: flow.user.id },
        flow.client.id,
      )
      expect([app?.authorizations, consent !== undefined]).toBeOneOf([
        [40, true],
        [undefined, false],
      ])
      await disconnect(nodeAt(0), flow)
      expect(await server.server.connections.list(flow.user)).toEqual([])
      await timeUntilRejected(nodeAt(1), first.access_token)
    }
  })
})
