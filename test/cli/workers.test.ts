import { setTimeout } from 'node:timers/promises'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { availableParallelism } from 'node:os'
import { describe, expect, test } from 'vitest'
import { eventually } from '../support/cluster.ts'
import { binFile, consulate, installed, serve, type Variables } from './run.ts'
import {
  childrenOf,
  createProject,
  isRunning,
  sendAlone,
  serveWithWorkers,
  type WorkersServer,
} from './workers.ts'
import { isThorough } from '../support/dose.ts'
import { freePort } from '../support/free-port.ts'

const ENVIRONMENT: Variables = {
  CONSULATE_ISSUER: 'https://auth.example.com',
  CONSULATE_SCOPES: 'orders:read=See your orders',
}

const started = async (count: number | 'auto' = 2): Promise<{ cwd: string; server: WorkersServer }> => {
  const cwd = await installed()
  return { cwd, server: await serveWithWorkers(cwd, count, ENVIRONMENT) }
}

const configWith = (store: string, before = ''): string => `
  import { builtInUsers, clientCredentials, defineConfig, secretsFromDirectory } from 'consulate'
  import { sqlite } from 'consulate/sqlite'
  ${before}
  export default defineConfig({
    issuer: 'https://shop.example.com',
    secrets: secretsFromDirectory('./keys'),
    store: sqlite('${store}'),
    users: builtInUsers(),
    scopes: {},
    grants: [clientCredentials()],
  })`

/** Creates a project with keys, whose workers run this code before they start. */
async function createFailing(code: string): Promise<string> {
  const before = `import cluster from 'node:cluster'\nif (cluster.isWorker) ${code}`
  const cwd = await createProject(configWith('shop.db', before))
  cpSync(join(await installed(), 'data/secrets'), join(cwd, 'keys'), { recursive: true })
  return cwd
}

/** Opens a connection on which a request was begun, and returns a function that finishes the request. */
async function beginRequest(origin: string): Promise<{ finish(): Promise<string> }> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1')
  await once(socket, 'connect')
  const body = 'grant_type=client_credentials'
  socket.write(
    `POST /oauth/token HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n` +
      `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n`,
  )
  // "100 Continue": a worker has read the headers.
  await once(socket, 'data')
  const answer = text(socket)
  return { finish: () => (socket.write(body), answer) }
}

describe('consulate serve --workers', () => {
  test('says once that it listens, answers from every worker, and stops them all', async () => {
    const { server } = await started(2)
    const workers = server.pids()
    expect(workers).toHaveLength(2)
    for (const path of ['/oauth/health/live', '/oauth/health/ready', '/.well-known/jwks.json']) {
      const answers = await Promise.all(Array.from({ length: 4 }, () => sendAlone(server.origin + path)))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    }
    const { code, stdout, stderr } = await server.stop()
    const banner = `Consulate https://auth.example.com is listening on ${server.origin} with 2 workers`
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${banner}\nStopped.\n`, stderr: '' })
    expect(workers.filter(isRunning)).toEqual([])
  })

  // SQLite keeps the file if two processes close the database at the same time.
  test('a worker that stops closes the database', async () => {
    const { cwd, server } = await started(1)
    await server.stop()
    expect(existsSync(join(cwd, 'data/consulate.db-wal'))).toBe(false)
  })

  // Dozens of processes would take too long.
  test.runIf(availableParallelism() <= 16)('auto starts one worker per core', async () => {
    const { server } = await started('auto')
    expect(server.pids()).toHaveLength(availableParallelism())
    await server.stop()
  })

  test('runs without a terminal and with no other environment variables', async () => {
    const [cwd, port] = [await installed(), await freePort()]
    const args = [await binFile(), 'serve', '--workers', '2', '--port', port]
    const child = spawn(process.execPath, args, {
      cwd,
      env: ENVIRONMENT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    await once(child.stdout, 'data')
    expect((await sendAlone(`http://127.0.0.1:${port}/oauth/health/ready`)).status).toBe(200)
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })

  test.each<[string, readonly string[], Variables, number, string]>([
    [
      'an invalid configuration',
      ['2'],
      { CONSULATE_ISSUER: 'http://auth.example.com' },
      1,
      'Invalid configuration:\n  issuer: must use https (http is allowed for localhost only)\n',
    ],
    [
      'too few',
      ['0'],
      {},
      2,
      "Option '--workers <number>' argument '0' is invalid. It must be a number from 1 to 256, or auto.\n",
    ],
    [
      'a word',
      ['many'],
      {},
      2,
      "Option '--workers <number>' argument 'many' is invalid. It must be a number from 1 to 256, or auto.\n",
    ],
    ['--demo', ['2', '--demo'], {}, 2, "Option '--workers <number>' cannot be used with option '--demo'\n"],
  ])('rejects %s once, before it starts workers', async (_what, args, env, exitCode, message) => {
    const { code, stdout, stderr } = await consulate(await installed(), ['serve', '--workers', ...args], {
      env: { ...ENVIRONMENT, ...env },
    })
    const usage = exitCode === 2 ? 'Run `consulate serve --help` for usage.\n' : ''
    expect({ code, stdout, stderr }).toEqual({ code: exitCode, stdout: '', stderr: message + usage })
  })

  test('rejects an in-memory database, which workers cannot share', async () => {
    const cwd = await createProject(configWith(':memory:'))
    const { code, stderr } = await consulate(cwd, ['serve', '--workers', '2'])
    const message = 'Workers cannot share the in-memory database of consulate.config.ts.'
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `${message} Use a database file, or omit --workers.\n`,
    })
  })

  test('says once that the port is in use', async () => {
    const cwd = await installed()
    const other = await serve(cwd, [], ENVIRONMENT)
    const { port } = new URL(other.origin)
    const { code, stderr } = await consulate(cwd, ['serve', '--workers', '3', '--port', port], {
      env: ENVIRONMENT,
    })
    const message = `Port ${port} on 127.0.0.1 is in use. Choose another one, such as --port 3001.\n`
    expect({ code, stderr }).toEqual({ code: 1, stderr: message })
    await other.stop()
  })

  test('gives up and says why if workers cannot start', async () => {
    const cwd = await createFailing("throw new Error('no license')")
    const { code, stdout, stderr } = await consulate(cwd, ['serve', '--workers', '2'])
    const message = 'Cannot load consulate.config.ts: no license (consulate.config.ts:5)\n'
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: message })
  })

  test('gives up and says how they ended if workers exit before they listen', async () => {
    const cwd = await createFailing('process.exit(7)')
    const { code, stderr } = await consulate(cwd, ['serve', '--workers', '2'])
    const message = 'A worker exited before it could listen (exit code 7).\n'
    expect({ code, stderr }).toEqual({ code: 1, stderr: message })
  })
})

describe('a worker that is killed', () => {
  test('loses only its own requests, and is replaced', async () => {
    const { cwd, server } = await started(2)
    const flags = ['client', 'create', '--machine', '--name', 'Import', '--scope', 'orders:read', '--json']
    const client = JSON.parse((await consulate(cwd, flags, { env: ENVIRONMENT })).stdout) as Record<
      string,
      string
    >
    const headers = { Authorization: `Basic ${btoa(`${client['client_id']}:${client['client_secret']}`)}` }
    const body = 'grant_type=client_credentials'
    const getToken = () => sendAlone(`${server.origin}/oauth/token`, { body, headers })
    const connections = 8
    const answers: (number | string)[] = []
    const traffic = { isOn: true }
    const loops = Array.from({ length: connections }, async () => {
      while (traffic.isOn) answers.push((await getToken()).status)
    })
    const [victim, survivor] = server.pids()
    await expect.poll(() => answers.length).toBeGreaterThan(20)
    process.kill(victim ?? 0, 'SIGKILL')
    const others = () => server.pids().filter((pid) => pid !== victim)
    expect(await eventually(async () => others().length === 2)).toBe(true)
    const before = answers.length
    await expect.poll(() => answers.length).toBeGreaterThan(before + 40)
    traffic.isOn = false
    await Promise.all(loops)
    const lost = answers.filter((status) => status !== 200)
    expect(lost.length).toBeLessThanOrEqual(connections)
    expect(new Set(lost)).not.toContain('ABORT_ERR')
    expect(answers.slice(before).filter((status) => status !== 200)).toEqual([])
    expect(others()).toContain(survivor)
    const { code, stderr } = await server.stop()
    const line = { level: 'error', message: 'Worker exited', pid: victim, cause: 'signal SIGKILL' }
    expect({ code, log: JSON.parse(stderr) as unknown }).toMatchObject({ code: 0, log: line })
  })
})

describe('consulate serve --workers shuts down cleanly', () => {
  test('open requests are answered by every worker', async () => {
    const { server } = await started(2)
    const requests = [await beginRequest(server.origin), await beginRequest(server.origin)]
    const ended = server.stop()
    // It no longer listens. A connection that was accepted just before gets no answer until the workers exit.
    const live = async () => (await sendAlone(`${server.origin}/oauth/health/live`)).status
    const isRefused = async () => (await Promise.race([live(), setTimeout(1000, undefined)])) !== 200
    expect(await eventually(isRefused)).toBe(true)
    for (const request of requests) expect(await request.finish()).toMatch(/HTTP\/1\.1 401 .*invalid_client/s)
    expect(await ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/Stopped\.\n$/) as string })
  })

  test('a second signal ends it without waiting for open requests', async () => {
    const { server } = await started(2)
    const workers = server.pids()
    await beginRequest(server.origin)
    const ended = server.stop('SIGINT')
    const repeated = setInterval(() => server.process.kill('SIGINT'), 100)
    const { code, stderr } = await ended
    clearInterval(repeated)
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'Stopped before open requests were finished.\n' })
    expect(await eventually(async () => !workers.some(isRunning))).toBe(true)
  })

  test('a Ctrl-C that npm and the terminal repeat for every process waits for open requests', async () => {
    const { server } = await started(2)
    const request = await beginRequest(server.origin)
    for (const pid of [...server.pids(), server.process.pid ?? 0]) process.kill(pid, 'SIGINT')
    const ended = server.stop('SIGINT')
    expect(await request.finish()).toMatch(/^HTTP\/1\.1 401 /m)
    expect(await ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/Stopped\.\n$/) as string })
  })

  test('workers exit by themselves if the primary process is killed', async () => {
    const { server } = await started(2)
    const workers = server.pids()
    await server.stop('SIGKILL')
    expect(await eventually(async () => !workers.some(isRunning))).toBe(true)
  })

  test.runIf(isThorough)('20 starts and stops leave no process behind', async () => {
    const rounds = 20
    const cwd = await installed()
    const pids: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const server = await serveWithWorkers(cwd, 2, ENVIRONMENT)
      pids.push(server.process.pid ?? 0, ...server.pids())
      expect((await server.stop()).code).toBe(0)
    }
    expect(pids).toHaveLength(3 * rounds)
    expect(pids.filter((pid) => isRunning(pid) || childrenOf(pid).length > 0)).toEqual([])
  })
})
