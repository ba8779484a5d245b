import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { createUser } from '../../src/users/built-in.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { consulate } from '../cli/run.ts'
import { createProject, sendAlone, serveWithWorkers } from '../cli/workers.ts'
import type { Answer, WorkersServer } from '../cli/workers.ts'
import { eventually } from '../support/cluster.ts'

/*
 * Workers of `consulate serve` count failures together. The revocations are polled so rarely that only the broadcast can
 * bring them within a test.
 */

const WORKERS = 3
const LIMIT = 10

const config = `
  import { builtInUsers, defineConfig, jsonLogger, secretsFromDirectory, signIn } from 'consulate'
  import { sqlite } from 'consulate/sqlite'
  const write = (line: string) => process.stderr.write(line.replace('{', '{"pid":' + process.pid + ','))
  export default defineConfig({
    issuer: 'https://shop.example.com',
    secrets: secretsFromDirectory('./keys'),
    store: sqlite('shop.db'),
    users: builtInUsers(),
    scopes: {},
    grants: [signIn()],
    logger: jsonLogger({ write }),
    revocations: { pollInterval: '20m', maxStaleness: '1h' },
    throttle: { perAddress: { failures: 100_000, window: '1m' } },
  })`

const PASSWORD = 'correct horse battery staple'
let server: WorkersServer
let log = ''

beforeAll(async () => {
  const ends: (() => void)[] = []
  const atEnd = (work: () => void): void => void ends.unshift(work)
  const cwd = await createProject(config, atEnd)
  await consulate(cwd, ['install'])
  const store = sqlite(join(cwd, 'shop.db'))
  for (const name of ['alice', 'bob', 'carol', 'dave', 'erin']) {
    await createUser(store, systemClock, { email: `${name}@example.com`, password: PASSWORD })
  }
  await store.close()
  server = await serveWithWorkers(cwd, WORKERS, {}, atEnd)
  server.process.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()))
  return async () => {
    await server.stop()
    for (const work of ends) work()
  }
})

const post = (path: string, body: object, headers = {}): Promise<Answer> =>
  sendAlone(server.origin + path, {
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', ...headers },
  })

const logIn = (name: string, password: string, deviceToken?: string): Promise<Answer> =>
  post('/auth/login', { username: `${name}@example.com`, password, device_token: deviceToken })

/** Makes wrong guesses one after the other. Returns how many passwords were checked. */
async function guess(name: string, times: number): Promise<number> {
  let checked = 0
  for (let count = 0; count < times; count += 1) {
    const { status } = await logIn(name, `wrong ${count}`)
    expect([401, 429]).toContain(status)
    if (status === 401) checked += 1
  }
  return checked
}

/** Returns whether every worker refuses even the correct password: each gets at least one of the requests. */
async function isBlockedEverywhere(name: string): Promise<boolean> {
  const answers = await Promise.all(Array.from({ length: 2 * WORKERS }, () => logIn(name, PASSWORD)))
  return answers.every(({ status }) => status === 429)
}

describe('wrong passwords that are spread over workers', () => {
  test('are blocked at the limit of one process', async () => {
    const checked = await guess('alice', 2 * LIMIT)
    // A worker can check a password before it has the latest message of each other one.
    expect(checked).toBeGreaterThanOrEqual(LIMIT)
    expect(checked).toBeLessThanOrEqual(LIMIT + WORKERS)
    expect(await eventually(() => isBlockedEverywhere('alice'))).toBe(true)
    const pids = [...log.matchAll(/"pid":(\d+).*invalid_credentials/g)].map(([, pid]) => Number(pid))
    expect(new Set(pids)).toEqual(new Set(server.pids()))
  })

  test('are blocked at the limit even if they arrive at the same moment', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 * LIMIT }, (_, index) => logIn('bob', `wrong ${index}`)),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]))
    const checked = answers.filter(({ status }) => status === 401).length
    // Each worker checks four passwords at a time, and some can end before a message arrives. It can also be fewer than the
    // limit: a result is not revealed if others have reached the limit meanwhile.
    expect(checked).toBeLessThanOrEqual(LIMIT + 4 * WORKERS)
    expect(await eventually(() => isBlockedEverywhere('bob'))).toBe(true)
  })

  test('do not lock out a device that has signed in before, at any worker', async () => {
    const { body } = await logIn('carol', PASSWORD)
    const { device_token: token } = JSON.parse(body) as { device_token: string }
    await guess('carol', 2 * LIMIT)
    expect(await eventually(() => isBlockedEverywhere('carol'))).toBe(true)
    const answers = await Promise.all(
      Array.from({ length: 2 * WORKERS }, () => logIn('carol', PASSWORD, token)),
    )
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  })
})

test('a worker that replaces a killed one learns from the others which accounts are blocked', async () => {
  await guess('dave', 2 * LIMIT)
  expect(await eventually(() => isBlockedEverywhere('dave'))).toBe(true)
  const [victim = 0] = server.pids()
  process.kill(victim, 'SIGKILL')
  const others = (): readonly number[] => server.pids().filter((pid) => pid !== victim)
  expect(await eventually(async () => others().length === WORKERS)).toBe(true)
  const isListening = async (): Promise<boolean> =>
    log.includes('"message":"Worker exited"') && others().length === WORKERS
  expect(await eventually(isListening)).toBe(true)
  // The new worker checks one password and is then told that the limit is reached.
  expect(await guess('dave', 4 * WORKERS)).toBeLessThanOrEqual(2)
  expect(await eventually(() => isBlockedEverywhere('dave'))).toBe(true)
})

test('a sign-out at one worker is effective at the others long before they poll', async () => {
  const { body } = await logIn('erin', PASSWORD)
  const { access_token: token } = JSON.parse(body) as { access_token: string }
  const headers = { Authorization: `Bearer ${token}` }
  const isSignedIn = async (): Promise<readonly number[]> => {
    const answers = await Promise.all(
      Array.from({ length: 2 * WORKERS }, () => sendAlone(`${server.origin}/auth/devices`, { headers })),
    )
    return answers.map(({ status }) => Number(status))
  }
  expect(new Set(await isSignedIn())).toEqual(new Set([200]))
  expect((await post('/auth/logout', {}, headers)).status).toBe(204)
  expect(await eventually(async () => (await isSignedIn()).every((status) => status === 401))).toBe(true)
})
