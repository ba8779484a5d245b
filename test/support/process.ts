import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { testSecrets } from './secrets.ts'
import type { ClockOrder, ServeOrder, Serving } from './serve.ts'
import type { TestServer } from './server.ts'

/** Another node of a server: the same issuer, secrets and database, in a process and on a port of its own. */
export interface ServerProcess {
  /** The server as its clients see it when they happen to reach this node. */
  readonly node: TestServer
  /** What it has logged so far: JSON lines. */
  readonly logs: string
  /** Sets its clock, so many milliseconds ahead of the machine's. */
  setClock(ahead: number): Promise<void>
  stop(): Promise<void>
  /** Ends it as the machine's own end would: at once, whatever it is doing. */
  kill(): Promise<void>
}

/** How another node is started. `fileSize`: how large (KiB) a file may grow that it writes, a disk that is full for it alone. */
export interface ProcessOptions extends Omit<ServeOrder, 'issuer' | 'file' | 'secrets'> {
  readonly file?: string
  readonly fileSize?: number
}

/** Starts another node of a server. Throws where it ends before it listens. */
export async function startProcess(
  server: TestServer,
  { fileSize, ...options }: ProcessOptions = {},
): Promise<ServerProcess> {
  const child = startChild(fileSize)
  let logs = ''
  child.stderr?.on('data', (chunk: Buffer) => (logs += chunk.toString()))
  const ended = once(child, 'exit')
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal)
    await ended
  }
  const order: ServeOrder = { issuer: server.issuer, file: server.file, secrets: testSecrets, ...options }
  child.send(order)
  const first = await Promise.race([once(child, 'message'), ended.then(() => undefined)])
  if (!first) throw new Error(`The process ended: ${logs}`)
  const origin = `http://127.0.0.1:${(first as [Serving])[0].port}`
  return {
    node: { ...server, origin, endpoint: (path) => origin + path },
    get logs() {
      return logs
    },
    async setClock(ahead) {
      const set = once(child, 'message')
      child.send({ ahead } satisfies ClockOrder)
      await set
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

/** What every process has compiled, so that the next one starts in half the time. */
const COMPILED = join(tmpdir(), 'consulate-compiled')

function startChild(fileSize: number | undefined): ChildProcess {
  const script = fileURLToPath(new URL('serve.ts', import.meta.url))
  const limit = fileSize === undefined ? '' : `trap '' XFSZ; ulimit -f ${fileSize * 2};`
  return spawn('sh', ['-c', `${limit} exec "$@"`, 'sh', process.execPath, script], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
  })
}
