import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { isAvailable } from './available.ts'
import { freePort } from './free-port.ts'
import { stopOnExit } from './run-processes.ts'
import { waitUntilReady } from './wait-until-ready.ts'

/** A Redis server of a test. */
export interface TestRedis {
  readonly url: string
  readonly port: number
  readonly hasPassword: boolean
  /** Runs a command: `command('GET', 'key')`. */
  command(...words: readonly string[]): Promise<unknown>
  /** Returns the names of all keys that match a pattern, sorted. */
  keys(pattern?: string): Promise<readonly string[]>
  /** Returns a list that grows with every command that any client sends. */
  watch(): Promise<readonly string[]>
  /** Kills it immediately, with all its data. */
  kill(): Promise<void>
  /** Starts it again on the same port, empty unless it saved its data. */
  restart(): Promise<void>
  /** Stops its process (SIGSTOP), so that it accepts connections and never answers. */
  freeze(): void
  /** Undoes `freeze`. */
  thaw(): void
}

/** A Redis server that a test may share with others. It uses only keys and channels with this prefix. */
export interface SharedRedis extends Pick<TestRedis, 'url' | 'command'> {
  readonly keyPrefix: string
  /** Deletes the keys with the prefix, and disconnects. */
  stop(): Promise<void>
}

const ADVICE = 'redis-server was not found. Run `apt-get install redis-server`.'

/**
 * Whether redis-server is installed, for tests that fill, flush, freeze or kill a server: never the one at `REDIS_URL`. If
 * not, throws with `CI=true`, so that no test is skipped unnoticed.
 */
export const hasRedis = findRedis()

function findRedis(): boolean {
  const isPresent = spawnSync('redis-server', ['--version']).status === 0
  if (!isPresent && process.env['CI'] === 'true') throw new Error(ADVICE)
  return isAvailable(isPresent, `${ADVICE} Tests that start their own Redis are skipped.`)
}

/** The server of the developer, for tests that only use their own keys. */
const sharedUrl = process.env['REDIS_URL'] ?? ''

/** Whether `openSharedRedis` finds a server. */
export const hasSharedRedis = sharedUrl !== '' || hasRedis

/** Connects to the Redis server at `REDIS_URL`. Starts one if that is not set. */
export async function openSharedRedis(): Promise<SharedRedis> {
  const own = sharedUrl === '' ? await startRedis() : undefined
  const url = own?.url ?? sharedUrl
  const keyPrefix = `consulate-test-${randomUUID()}:`
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => {})
  await client.connect()
  return {
    url,
    keyPrefix,
    command: (...words) => client.sendCommand([...words]),
    async stop() {
      for await (const keys of client.scanIterator({ MATCH: `${keyPrefix}*` }))
        if (keys.length > 0) await client.del(keys)
      client.destroy()
      await own?.stop()
    },
  }
}

/** Starts a Redis server on a free loopback port, in memory. `flags` are those of redis-server. */
export async function startRedis(
  ...flags: readonly string[]
): Promise<TestRedis & { stop(): Promise<void> }> {
  const [port, folder] = [Number(await freePort()), await mkdtemp(join(tmpdir(), 'redis-'))]
  const [url, password] = [`redis://127.0.0.1:${port}`, passwordIn(flags)]
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...IN_MEMORY, ...flags]
  let running = await launch(args, url)
  const client = createClient({ url, ...(password !== undefined && { password }) })
  client.on('error', () => {})
  const watchers: (typeof client)[] = []
  const send = async (...words: readonly string[]): Promise<unknown> => {
    if (!client.isOpen) await client.connect()
    return client.sendCommand([...words])
  }
  const kill = async (): Promise<void> => {
    const ended = once(running, 'exit')
    running.kill('SIGKILL')
    await ended
  }
  return {
    url,
    port,
    hasPassword: password !== undefined,
    command: send,
    keys: async (pattern = '*') => ((await send('KEYS', pattern)) as string[]).toSorted(),
    async watch() {
      const commands: string[] = []
      const watcher = client.duplicate()
      watchers.push(watcher)
      await watcher.connect()
      await watcher.monitor((command) => void commands.push(command))
      return commands
    },
    kill,
    async restart() {
      running = await launch(args, url)
    },
    freeze: () => void running.kill('SIGSTOP'),
    thaw: () => void running.kill('SIGCONT'),
    async stop() {
      for (const open of [client, ...watchers]) if (open.isOpen) open.destroy()
      if (running.exitCode === null && running.signalCode === null) await kill()
    },
  }
}

const IN_MEMORY = ['--save', '', '--appendonly', 'no']

const passwordIn = (flags: readonly string[]): string | undefined =>
  flags.includes('--requirepass') ? flags[flags.indexOf('--requirepass') + 1] : undefined

/** Starts the process and waits until it answers. */
async function launch(args: readonly string[], url: string): Promise<ChildProcess> {
  const child = spawn('redis-server', [...args], { stdio: 'ignore' })
  stopOnExit(child, 'SIGKILL')
  await waitUntilReady('redis-server', child, () => isListening(url))
  return child
}

async function isListening(url: string): Promise<boolean> {
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch (error) {
    // It wants a password, or is loading its data: either way, it listens.
    return /NOAUTH|LOADING/.test(String(error))
  } finally {
    if (client.isOpen) client.destroy()
  }
}
