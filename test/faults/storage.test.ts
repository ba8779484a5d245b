import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isAvailable } from '../support/available.ts'
import { openBrowser } from '../support/browser.ts'
import { isRejectedEverywhere, eventually } from '../support/cluster.ts'
import {
  callApi,
  fetchJson,
  requestToken,
  getCodeFlowTokens,
  refresh,
  revokeToken,
} from '../support/oauth-client.ts'
import type { JsonResponse, Tokens, CodeFlow } from '../support/oauth-client.ts'
import { callAdminApi } from '../support/admin-api.ts'
import { startProcess } from '../support/process.ts'
import type { ProcessOptions, ServerProcess } from '../support/process.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'

/** A database with a signed-in user, and one process on it. */
interface Place extends ServerProcess {
  readonly server: TestServer
  readonly visit: CodeFlow
  readonly tokens: Tokens
  readonly folder: string
}

async function open(options: ProcessOptions = {}, hasOwnDisk = false): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'consulate-storage-'))
  if (hasOwnDisk) mountDisk(folder)
  const server = await startServer({ file: join(folder, 'data.db') })
  const [user, client] = [await server.addUser(), await server.addClient()]
  const visit = { server, browser: openBrowser(server), client, user }
  const tokens = await getCodeFlowTokens(visit)
  // From now on, only the process has the file open.
  await server.server.close()
  const process = await startProcess(server, options)
  onTestFinished(async () => {
    await process.stop()
    await server.close()
    if (hasOwnDisk) spawnSync('umount', ['-l', folder])
    await rm(folder, { recursive: true, force: true })
  })
  const { node, setClock, stop, kill, freeze, thaw } = process
  return {
    server,
    visit,
    tokens,
    folder,
    node,
    setClock,
    stop,
    kill,
    freeze,
    thaw,
    get logs() {
      return process.logs
    },
  }
}

/** The response to a client if the database fails: try again, never that its token is invalid. */
function expectUnavailable({ status, headers, body }: JsonResponse): void {
  expect([status, body['error']]).toEqual([503, 'temporarily_unavailable'])
  expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
}

/** Returns the log lines of requests that failed because of the server. */
const errorsIn = ({ logs }: Pick<ServerProcess, 'logs'>): readonly Record<string, unknown>[] =>
  logs
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ level }) => level === 'error')

const tokenIn = ({ body }: JsonResponse): string => String(body['refresh_token'])

/** Mounts a disk of 4 MB on a folder. */
function mountDisk(folder: string): void {
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder])
  if (status !== 0) throw new Error(`A disk cannot be mounted: ${stderr.toString()}`)
}

/** Whether this process may mount a disk: only root, and not in every container. */
const canMount = isAvailable(
  process.getuid?.() === 0 &&
    spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0,
  'A test of a full disk is left out: it wants to mount one, as root on Linux.',
)

describe('a full disk', () => {
  test.runIf(canMount)('is a 503 until space is freed', async () => {
    const place = await open({}, true)
    const { node, tokens, visit, folder } = place
    const ballast = join(folder, 'ballast')
    await writeFile(ballast, Buffer.alloc(2 ** 22)).catch(() => undefined)
    expectUnavailable(await refresh({ server: node, client: visit.client }, tokens.refresh_token))
    await expect
      .poll(() => errorsIn(place))
      .toContainEqual(expect.objectContaining({ stack: expect.stringMatching(/disk is full/) as unknown }))
    expect((await callApi(node, '/me', tokens.access_token)).status).toBe(200)
    await rm(ballast)
    expect((await refresh({ server: node, client: visit.client }, tokens.refresh_token)).status).toBe(200)
  })

  test('on which no file can grow is a 503 with Retry-After; guards keep working, nothing is lost, and the server recovers', async () => {
    const place = await open({ fileSize: 1024 })
    const { node, tokens, visit, server } = place
    const { client } = visit
    // Another process has the file open. Otherwise the server itself would free space by closing it as the last one.
    const other = new DatabaseSync(server.file)
    other.exec('select count(*) from consulate_clients')
    let token = tokens.refresh_token
    let response = await refresh({ server: node, client }, token)
    for (let turn = 0; turn < 2_000 && response.status === 200; turn += 1) {
      token = tokenIn(response)
      response = await refresh({ server: node, client }, token)
    }
    expectUnavailable(response)
    await expect
      .poll(() => errorsIn(place))
      .toContainEqual(
        expect.objectContaining({
          message: 'Request refused',
          status: 503,
          detail: 'The database cannot be used',
          stack: expect.stringMatching(/disk/) as unknown,
        }),
      )
    expect((await callApi(node, '/me', tokens.access_token)).status).toBe(200)
    expectUnavailable(await refresh({ server: node, client }, token))
    // Neither a refusal nor a success: the client must repeat it.
    for (const revoked of [token, tokens.access_token])
      expectUnavailable(await revokeToken(node, client, revoked))
    expect((await callApi(node, '/me', tokens.access_token)).status).toBe(200)

    // Busy while the server reads, and then without effect.
    await expect.poll(() => other.prepare('pragma wal_checkpoint(truncate)').get()).toMatchObject({ busy: 0 })
    other.close()
    expect((await refresh({ server: node, client }, token)).status).toBe(200)
    expect((await revokeToken(node, client, token)).status).toBe(200)
    expect((await callApi(node, '/me', tokens.access_token)).status).toBe(401)
  })
})

describe('a database that another process has locked', () => {
  test('is waited for, then a 503 with Retry-After; reads keep working, and the server recovers with the lock', async () => {
    const place = await open({ busyTimeout: 200 })
    const { node, tokens, visit, server } = place
    const { client } = visit
    const other = new DatabaseSync(server.file)
    other.exec('begin immediate')
    const started = performance.now()
    expectUnavailable(await refresh({ server: node, client }, tokens.refresh_token))
    expect(performance.now() - started).toBeGreaterThan(200)
    await expect
      .poll(() => errorsIn(place))
      .toContainEqual(expect.objectContaining({ status: 503, detail: 'The database is busy' }))
    expect((await callApi(node, '/me', tokens.access_token)).status).toBe(200)
    expect((await fetchJson(node, '/.well-known/jwks.json')).status).toBe(200)
    const waiting = refresh({ server: node, client }, tokens.refresh_token)
    other.exec('rollback')
    other.close()
    expect((await waiting).status).toBe(200)
  })

  test('loses none of the requests that wait for it', async () => {
    const { node, tokens, visit, server } = await open({ busyTimeout: 3_000 })
    const { client } = visit
    const other = new DatabaseSync(server.file)
    other.exec('begin immediate')
    const pile = Array.from({ length: 50 }, () => refresh({ server: node, client }, tokens.refresh_token))
    await new Promise((resolve) => setTimeout(resolve, 300))
    other.exec('rollback')
    other.close()
    const responses = await Promise.all(pile)
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(responses.map(tokenIn)).size).toBe(1)
  })
})

describe('a read-only database', () => {
  const setModes = async ({ folder, server: { file } }: Place, directory: number, mode: number) => {
    await chmod(folder, directory)
    for (const name of [file, `${file}-wal`, `${file}-shm`]) await chmod(name, mode).catch(() => undefined)
  }

  test('prevents the start: requests get 503, and the server starts once it is writable', async () => {
    const place = await open()
    await place.stop()
    await setModes(place, 0o555, 0o444)
    // root can write every file, so the process runs as another user.
    const uid = process.getuid?.() === 0 ? { uid: 65_534 } : {}
    const started = await startProcess(place.server, uid)
    onTestFinished(started.stop)
    const { node } = started
    const { client } = place.visit
    const ask = { grant_type: 'refresh_token', refresh_token: place.tokens.refresh_token }
    expectUnavailable(await requestToken(node, client, ask))
    expectUnavailable(await callApi(node, '/me', place.tokens.access_token))
    await expect
      .poll(() => errorsIn(started))
      .toContainEqual(
        expect.objectContaining({
          message: 'Server cannot start',
          cause: expect.stringContaining('The database cannot be used') as unknown,
        }),
      )
    await setModes(place, 0o777, 0o666)
    expect((await callApi(node, '/me', place.tokens.access_token)).status).toBe(200)
    expect((await requestToken(node, client, ask)).status).toBe(200)
  })
})

describe('a database file that is deleted under a process', () => {
  const freshness = { pollInterval: '100ms', maxStaleness: '1s' } as const

  test('is a 503 for clients immediately and for guards once they are stale, never a 401; the server recovers when it is restored', async () => {
    const place = await open({ config: { revocations: freshness } })
    const { node, tokens, visit, server, folder } = place
    const { client } = visit
    const aside = await mkdtemp(join(tmpdir(), 'consulate-aside-'))
    onTestFinished(() => rm(aside, { recursive: true, force: true }))
    const names = ['', '-wal', '-shm'].map((ending) => `data.db${ending}`)
    for (const name of names) await rename(join(folder, name), join(aside, name)).catch(() => undefined)

    expectUnavailable(await refresh({ server: node, client }, tokens.refresh_token))
    const revocation = await callAdminApi(node, { action: 'sign out everywhere', id: visit.user.id })
    expect(revocation.body['error']).toBe('StoreUnavailableError: The database cannot be used')
    expect((await callApi(node, '/me', tokens.access_token)).status).toBe(200)
    expect(
      await eventually(async () => (await callApi(node, '/me', tokens.access_token)).status === 503),
    ).toBe(true)
    expectUnavailable(await callApi(node, '/me', tokens.access_token))
    await expect(stat(server.file)).rejects.toThrow('ENOENT')
    await expect
      .poll(() => errorsIn(place))
      .toContainEqual(
        expect.objectContaining({
          message: 'Revocation feed is unreachable',
          cause: expect.stringContaining('no such file') as unknown,
        }),
      )

    for (const name of names) await rename(join(aside, name), join(folder, name)).catch(() => undefined)
    expect(
      await eventually(async () => (await callApi(node, '/me', tokens.access_token)).status === 200),
    ).toBe(true)
    const next = await refresh({ server: node, client }, tokens.refresh_token)
    expect(next.status).toBe(200)
    await expect.poll(() => place.logs).toContain('Revocation feed is reachable again')
    await callAdminApi(node, { action: 'sign out everywhere', id: visit.user.id })
    expect(await isRejectedEverywhere([node], String(next.body['access_token']))).toBe(true)
  })
})
