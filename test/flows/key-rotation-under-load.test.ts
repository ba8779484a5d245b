import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeProtectedHeader } from 'jose'
import type { JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { secretsFromDirectory, secretsFromStore } from '../../src/index.ts'
import { randomBase64url } from '../../src/lib/hash.ts'
import { openStore } from '../../src/store/url.ts'
import { consulate, emptyDirectory, installed, type AtEnd, type Variables } from '../cli/run.ts'
import { startService } from '../guard/start-service.ts'
import { openBrowser } from '../support/browser.ts'
import { eventually } from '../support/cluster.ts'
import { DATABASES } from '../support/databases.ts'
import { dose } from '../support/dose.ts'
import { callApi, getCodeFlowTokens, getTokens, introspectToken, refresh } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import type { ServerOptions, TestServer } from '../support/server.ts'
import { startNode, type NodeOptions } from './key-rotation/second-node.ts'
import { shortenIntervals } from './key-rotation/short-intervals.ts'

let restoreIntervals: () => void
beforeAll(() => {
  restoreIntervals = shortenIntervals()
})
afterAll(() => restoreIntervals())

/** An installation whose nodes share a database and secrets. */
interface Installation {
  readonly cwd: string
  readonly options: ServerOptions
  readonly node: Omit<NodeOptions, 'issuer'>
  /** For nodes in other processes and for commands. */
  readonly env: Variables
}

async function inDirectory(atEnd: AtEnd): Promise<Installation> {
  const cwd = await installed(atEnd)
  const directory = join(cwd, 'data/secrets')
  const file = join(cwd, 'data/consulate.db')
  const options = { secrets: secretsFromDirectory(directory), file }
  return { cwd, options, node: { database: `sqlite:${file}`, directory }, env: {} }
}

async function inDatabase(atEnd: AtEnd): Promise<Installation> {
  const postgres = DATABASES.find(({ name, isAvailable }) => name === 'PostgreSQL' && isAvailable)
  const { url, drop } = await (postgres ?? DATABASES[0] ?? expect.fail('no database')).open()
  atEnd(drop)
  const sealingSecret = randomBase64url(32)
  const options = { secrets: secretsFromStore({ sealingSecret }), store: openStore(url) }
  const env = { CONSULATE_SEALING_SECRET: sealingSecret, CONSULATE_DATABASE_URL: url }
  return { cwd: emptyDirectory(atEnd), options, node: { database: url }, env }
}

const kidOf = async (node: TestServer): Promise<string | undefined> => {
  const response = await fetch(node.endpoint('/.well-known/jwks.json'))
  return ((await response.json()) as JSONWebKeySet).keys[0]?.kid
}

const pick = <Item>(items: readonly Item[]): Item =>
  items[Math.floor(Math.random() * items.length)] ?? expect.fail('nothing to pick')

/** Repeats work until it is stopped. */
function repeat(work: () => Promise<void>) {
  const state = { isStopped: false, rounds: 0, failures: [] as string[] }
  const running = (async () => {
    for (; !state.isStopped; state.rounds += 1) {
      await work().catch((cause: unknown) => state.failures.push(String(cause)))
      await sleep(dose(20, 5))
    }
  })()
  const stop = async () => {
    state.isStopped = true
    await running
  }
  return { state, stop }
}

test.concurrent.for([
  ['a directory', inDirectory],
  ['the database', inDatabase],
] as const)(
  'rotations of keys in %s fail no request at any node or guard, nor at a node that was frozen meanwhile',
  async ([, open], { expect, onTestFinished: atEnd }) => {
    const { cwd, options, node, env } = await open(atEnd)
    const here = await startServer(options)
    atEnd(() => here.server.close())
    const { issuer } = here
    const [second, third] = await Promise.all([
      startNode({ ...node, issuer }, env, atEnd),
      startNode({ ...node, issuer, ahead: 20_000 }, env, atEnd),
    ])
    const asServer = (origin: string): TestServer => ({ ...here, origin, endpoint: (path) => origin + path })
    const [frozen, ahead] = [asServer(second.origin), asServer(third.origin)]
    const machine = await here.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
    const introspector = await here.addClient({ introspects: true, redirectUris: [] })
    const follower = await here.addClient({ followsRevocations: true, redirectUris: [] })
    const visit = {
      server: here,
      browser: openBrowser(here),
      client: await here.addClient(),
      user: await here.addUser(),
    }
    const machineToken = async (at: TestServer): Promise<string> =>
      (await getTokens(at, machine, { grant_type: 'client_credentials' })).access_token
    const revocations = { clientId: follower.id, clientSecret: follower.secret ?? '' }
    await using service = await startService({ issuer, revocations })
    expect(await service.ask('ready')).toBe('ready')

    let nodes: readonly TestServer[] = [here, frozen, ahead]
    const signers = new Set<string | undefined>()
    let { refresh_token: latest } = await getCodeFlowTokens(visit)
    const early = await machineToken(here)
    const checkEverywhere = async (token: string): Promise<void> => {
      const at = pick(nodes)
      expect((await callApi(at, '/machine', token)).status).toBe(200)
      expect((await service.get('/machine', `Bearer ${token}`)).status).toBe(200)
      expect((await introspectToken(at, introspector, token)).body).toMatchObject({ active: true })
    }
    const loads = [
      repeat(async () => {
        const token = await machineToken(pick(nodes))
        signers.add(decodeProtectedHeader(token).kid)
        await checkEverywhere(token)
      }),
      repeat(() => checkEverywhere(early)),
      repeat(async () => {
        const { status, body } = await refresh({ server: pick(nodes), client: visit.client }, latest)
        expect([status, body['error']]).toEqual([200, undefined])
        latest = String(body['refresh_token'])
        expect((await callApi(pick(nodes), '/me', String(body['access_token']))).status).toBe(200)
      }),
    ]
    /** Waits until all rounds have ended that are running now. */
    const finishRounds = async (): Promise<void> => {
      const before = loads.map(({ state }) => state.rounds)
      const haveEnded = () => loads.every(({ state }, index) => state.rounds > (before[index] ?? 0))
      await expect.poll(haveEnded).toBe(true)
    }
    const rotate = async (): Promise<void> => {
      const run = (flag: string) =>
        consulate(cwd, ['keys', flag, '--now', '--json'], { env: { CONSULATE_ISSUER: issuer, ...env } })
      const results = [await run('--rotate'), await run('--rotate-secret')]
      for (const { code, stderr } of results) expect([code, stderr]).toEqual([0, expect.any(String)])
      const [{ current: kid }, { current: secret }] = results.map(
        ({ stdout }) => JSON.parse(stdout) as { readonly current: string },
      ) as [{ current: string }, { current: string }]
      for (const each of nodes) expect(await eventually(async () => (await kidOf(each)) === kid)).toBe(true)
      expect(await eventually(async () => latest.startsWith(`cons_rt_${secret}.`))).toBe(true)
      await expect.poll(() => signers.has(kid)).toBe(true)
    }
    await rotate()
    nodes = [here, ahead]
    await finishRounds()
    second.freeze()
    await rotate()
    await rotate()
    nodes = [frozen, here, ahead]
    second.thaw()
    // It has neither read the new keys nor seen the last root secret when it gets the first token of them.
    expect((await callApi(frozen, '/machine', await machineToken(here))).status).toBe(200)
    expect((await refresh({ server: frozen, client: visit.client }, latest)).status).toBe(200)
    await finishRounds()
    for (const { stop, state } of loads) {
      await stop()
      expect(state.failures).toEqual([])
    }
    expect(signers.size).toBe(4)
  },
)
