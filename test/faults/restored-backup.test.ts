import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { consulate } from '../cli/run.ts'
import { openBrowser } from '../support/browser.ts'
import { isRejectedEverywhere, isAcceptedEverywhere, eventually, refreshOutcome } from '../support/cluster.ts'
import { callApi, requestToken, getCode, getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import type { JsonResponse, CodeFlow } from '../support/oauth-client.ts'
import { callAdminApi } from '../support/admin-api.ts'
import { isInSample } from '../support/dose.ts'
import { startProcess } from '../support/process.ts'
import type { ServerProcess } from '../support/process.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'

interface Place {
  readonly server: TestServer
  /** Nodes that run through all of it. */
  readonly nodes: readonly TestServer[]
  readonly old: ServerProcess
  /** Starts a node that knows only the restored database. */
  newcomer(): Promise<TestServer>
  recover(): Promise<number>
}

/** A server and another node of it, on the database that the command line finds. */
async function open(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'consulate-restore-'))
  const revocations = { pollInterval: '100ms' } as const
  const server = await startServer({ file: join(folder, 'consulate.db'), revocations })
  await server.server.ready()
  const started: ServerProcess[] = []
  const start = async (): Promise<ServerProcess> => {
    const process = await startProcess(server, { config: { revocations } })
    started.push(process)
    return process
  }
  onTestFinished(async () => {
    await Promise.all(started.map(({ stop }) => stop()))
    await server.close()
    await rm(folder, { recursive: true })
  })
  const old = await start()
  return {
    server,
    nodes: [server, old.node],
    old,
    newcomer: async () => (await start()).node,
    async recover() {
      const { code, stdout, stderr } = await consulate(folder, ['recover', '--yes', '--json'], {
        env: { CONSULATE_DATA: folder },
      })
      if (code !== 0) throw new Error(stderr)
      return (JSON.parse(stdout) as { issuerEpoch: number }).issuerEpoch
    },
  }
}

/** Makes a backup as the guide says. */
async function backUp({ file }: TestServer): Promise<string> {
  const copy = `${file}.backup`
  const database = new DatabaseSync(file)
  await backup(database, copy)
  database.close()
  return copy
}

/** How a backup is put back while servers run. */
const RESTORES: Readonly<Record<string, (file: string, copy: string) => Promise<void>>> = {
  async 'put in its place'(file, copy) {
    await Promise.all([rm(`${file}-wal`, { force: true }), rm(`${file}-shm`, { force: true })])
    await rename(copy, file)
  },
  async "restored into it by SQLite's own means"(file, copy) {
    const source = new DatabaseSync(copy)
    await backup(source, file)
    source.close()
  },
}

const codeFlowOf = async (server: TestServer, client: CodeFlow['client']): Promise<CodeFlow> => ({
  server,
  browser: openBrowser(server),
  client,
  user: await server.addUser(),
})
const accessIn = ({ body }: JsonResponse): string => String(body['access_token'])
const refreshIn = ({ body }: JsonResponse): string => String(body['refresh_token'])
const isSound = ({ file }: TestServer): boolean => {
  const database = new DatabaseSync(file, { readOnly: true })
  const [row] = database.prepare('pragma integrity_check').all()
  database.close()
  return row?.['integrity_check'] === 'ok'
}

describe.each(Object.entries(RESTORES))('a backup that was %s', (how, restore) => {
  const ways = Object.keys(RESTORES)
  const isChosen = (row: number): boolean => isInSample(row, ways.indexOf(how), ways.length)

  test.runIf(isChosen(0))('hides no revocation from the nodes that kept running', async () => {
    const { server, nodes, old } = await open()
    const client = await server.addClient()
    const lost = await codeFlowOf(server, client)
    const visits = await Promise.all([1, 2, 3].map(() => codeFlowOf(server, client)))
    const lostTokens = await getCodeFlowTokens(lost)
    const tokens = []
    for (const flow of visits) tokens.push(await getCodeFlowTokens(flow))
    const copy = await backUp(server)
    for (let ids = 0; ids < 4; ids += 1) await server.server.users.signOutEverywhere(lost.user.id)
    expect(await isRejectedEverywhere(nodes, lostTokens.access_token)).toBe(true)
    await restore(server.file, copy)
    await expect.poll(() => old.logs).toContain('Revocation IDs went back')
    for (const [index, { user }] of visits.entries()) {
      const by = nodes[index % nodes.length] ?? server
      if (by === server) await server.server.users.signOutEverywhere(user.id)
      else await callAdminApi(by, { action: 'sign out everywhere', id: user.id })
      expect(await isRejectedEverywhere(nodes, tokens[index]?.access_token ?? '')).toBe(true)
    }
    expect(isSound(server)).toBe(true)
  })

  test.runIf(isChosen(1))(
    'makes nothing valid again after `consulate recover`, and blocks no one',
    async () => {
      const { server, nodes, newcomer, recover } = await open()
      const client = await server.addClient()
      const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
      const ask = { grant_type: 'client_credentials', scope: 'orders:read' }
      const [gone, steady, everywhere] = await Promise.all([1, 2, 3].map(() => codeFlowOf(server, client)))
      if (!gone || !steady || !everywhere) throw new Error('No code flows')
      const [goneTokens, steadyTokens] = [await getCodeFlowTokens(gone), await getCodeFlowTokens(steady)]
      const everywhereTokens = await getCodeFlowTokens(everywhere)
      const { exchange } = await getCode(steady)
      const copy = await backUp(server)

      await server.server.users.signOutEverywhere(gone.user.id)
      await server.server.users.signOutEverywhere(everywhere.user.id)
      const ahead = await refresh(steady, steadyTokens.refresh_token)
      const later = await getCodeFlowTokens({ ...everywhere, browser: openBrowser(server) })
      const theirs = await requestToken(server, machine, ask)
      const lostEpoch = await recover()
      const latest = await getCodeFlowTokens({ ...steady, browser: openBrowser(server) })
      expect(await isAcceptedEverywhere([server], latest.access_token)).toBe(true)

      await restore(server.file, copy)
      const before = await newcomer()
      expect((await callApi(before, '/me', goneTokens.access_token)).status).toBe(200)
      expect((await refresh({ server: before, client }, refreshIn(ahead))).status).toBe(200)
      expect(await recover()).toBeGreaterThan(lostEpoch)

      const all = [...nodes, before, await newcomer()]
      const access = [
        ...[goneTokens, steadyTokens, everywhereTokens, later, latest].map(
          ({ access_token: token }) => token,
        ),
        accessIn(ahead),
        accessIn(theirs),
      ]
      for (const token of access) expect(await isRejectedEverywhere(all, token)).toBe(true)
      const refreshing = [goneTokens, steadyTokens, everywhereTokens, later, latest].map(
        ({ refresh_token: token }) => token,
      )
      for (const token of [...refreshing, refreshIn(ahead)])
        for (const node of all) expect(await refreshOutcome(node, client, token)).toBe('invalid_grant')
      expect((await requestToken(before, client, exchange)).body['error']).toBe('invalid_grant')
      for (const { browser } of [gone, steady, everywhere])
        expect((await browser.open(server.endpoint('/login'))).forms.map(({ label }) => label)).toEqual([
          'Sign in',
        ])

      for (const visit of [gone, steady, everywhere]) {
        const fresh = await getCodeFlowTokens({ ...visit, browser: openBrowser(server) })
        expect(await eventually(() => isAcceptedEverywhere(all, fresh.access_token))).toBe(true)
        expect(await refreshOutcome(before, client, fresh.refresh_token)).toBe('200')
      }
      const again = await requestToken(before, machine, ask)
      expect(await eventually(() => isAcceptedEverywhere(all, accessIn(again)))).toBe(true)
      expect(isSound(server)).toBe(true)
    },
  )
})
