import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import type { JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { secretsFromDirectory } from '../../src/index.ts'
import { consulate, installed } from '../cli/run.ts'
import { openBrowser } from '../support/browser.ts'
import { getTokens, getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { startSecondNode } from './key-rotation/second-node.ts'
import { shortenIntervals } from './key-rotation/short-intervals.ts'

/** How long (ms) to wait for a node. Here it checks the secrets twice a second, but the machine may be busy. */
const TIMEOUT = 120_000

let restoreIntervals: () => void
beforeAll(() => {
  restoreIntervals = shortenIntervals()
})
afterAll(() => restoreIntervals())

/** Starts an issuer with two processes that share a database and a secrets directory. */
async function startNodes() {
  const cwd = await installed()
  const folder = join(cwd, 'data')
  const secrets = secretsFromDirectory(join(folder, 'secrets'))
  const here = await startServer({ secrets, file: join(folder, 'consulate.db') })
  const origin = await startSecondNode(folder, here.issuer)
  const there: TestServer = { ...here, origin, endpoint: (path) => origin + path }
  const keys = async (...flags: readonly string[]): Promise<{ readonly current: string }> => {
    const { code, stdout, stderr } = await consulate(cwd, ['keys', '--json', ...flags])
    if (code !== 0) throw new Error(stderr)
    return JSON.parse(stdout) as { current: string }
  }
  return { here, there, keys }
}

const statusOf = async ({ origin }: TestServer, path: string, token: string): Promise<number> =>
  (await fetch(origin + path, { headers: { authorization: `Bearer ${token}` } })).status

const publicKeysOf = async (node: TestServer): Promise<JSONWebKeySet> =>
  (await (await fetch(node.endpoint('/.well-known/jwks.json'))).json()) as JSONWebKeySet

/** Waits until a condition is true. */
async function eventually(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + TIMEOUT
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`Not true after ${TIMEOUT} ms`)
    await sleep(50)
  }
}

/** Repeats work until it is stopped. Returns a function that stops it and returns its failures. */
function repeat(work: () => Promise<void>): () => Promise<{ rounds: number; failures: readonly string[] }> {
  const state = { isStopped: false, rounds: 0, failures: [] as string[] }
  const running = (async () => {
    for (; !state.isStopped; state.rounds += 1) {
      await work().catch((cause: unknown) => state.failures.push(String(cause)))
    }
  })()
  return async () => {
    state.isStopped = true
    await running
    return state
  }
}

const kidOf = (token: string): string | undefined => decodeProtectedHeader(token).kid

test('rotations cause no errors under load, on another node or with public keys from before', async () => {
  const { here, there, keys } = await startNodes()
  const client = await here.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
  const visit = {
    server: here,
    browser: openBrowser(here),
    client: await here.addClient(),
    user: await here.addUser(),
  }
  const first = await getTokens(here, client, { grant_type: 'client_credentials' })
  const early = await getCodeFlowTokens(visit)
  let { refresh_token: latest } = await getCodeFlowTokens(visit)
  let keptKeys = createLocalJWKSet(await publicKeysOf(here))
  const signers = new Set<string | undefined>()

  const issueAndVerify = async (issuer: TestServer, verifier: TestServer): Promise<void> => {
    const { access_token: token } = await getTokens(issuer, client, { grant_type: 'client_credentials' })
    signers.add(kidOf(token))
    expect(await statusOf(verifier, '/machine', token)).toBe(200)
    await jwtVerify(token, keptKeys, { issuer: here.issuer, typ: 'at+jwt' })
  }
  const refreshOnBoth = async (): Promise<void> => {
    for (const server of [here, there]) {
      const { status, body } = await refresh({ server, client: visit.client }, latest)
      expect(status).toBe(200)
      latest = String(body['refresh_token'])
    }
  }
  const loads = [
    repeat(() => issueAndVerify(here, there)),
    repeat(() => issueAndVerify(there, here)),
    repeat(refreshOnBoth),
  ]

  for (let round = 0; round < 2; round += 1) {
    keptKeys = createLocalJWKSet(await publicKeysOf(here))
    const [{ current: kid }, { current: secret }] = [
      await keys('--rotate', '--now'),
      await keys('--rotate-secret', '--now'),
    ]
    await eventually(async () => (await publicKeysOf(here)).keys[0]?.kid === kid)
    await eventually(async () => (await publicKeysOf(there)).keys[0]?.kid === kid)
    await eventually(async () => latest.startsWith(`cons_rt_${secret}.`))
    await eventually(async () => signers.has(kid))
  }
  for (const stop of loads) {
    const { rounds, failures } = await stop()
    expect(failures).toEqual([])
    expect(rounds).toBeGreaterThan(0)
  }
  expect(signers.size).toBe(3)
  for (const node of [here, there]) expect(await statusOf(node, '/machine', first.access_token)).toBe(200)
  expect((await refresh({ ...visit, server: there }, early.refresh_token)).status).toBe(200)
  await here.close()
})

test('a dropped key is rejected on every node, even by guards that have cached its tokens', async () => {
  const { here, there, keys } = await startNodes()
  const client = await here.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
  const { access_token: stolen } = await getTokens(here, client, { grant_type: 'client_credentials' })
  for (const node of [here, there]) expect(await statusOf(node, '/machine', stolen)).toBe(200)
  await keys('--rotate', '--drop-current')
  for (const node of [here, there])
    await eventually(async () => (await statusOf(node, '/machine', stolen)) === 401)
  const [{ kid } = {}] = (await publicKeysOf(here)).keys
  const secretId = expect.any(String) as unknown
  expect(here.events.filter(({ name }) => name === 'keys.changed').map(({ payload }) => payload)).toEqual([
    { requestId: null, kid, secretId },
  ])
  const { access_token: token } = await getTokens(there, client, { grant_type: 'client_credentials' })
  for (const node of [here, there]) expect(await statusOf(node, '/machine', token)).toBe(200)
  await here.close()
})
