import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { programFile } from './bundle.ts'
import { testSecrets } from './secrets.ts'
import type { SetClockMessage, ServeMessage, ListeningMessage } from './serve.ts'
import type { TestServer } from './server.ts'

/** Another node of a server: a process with its own port, and the same issuer, secrets and database. */
export interface ServerProcess {
  /** The server as clients of this node see it. */
  readonly node: TestServer
  /** Its log so far, as JSON lines. */
  readonly logs: string
  /** Sets its clock to this many milliseconds ahead of the system clock. */
  setClock(ahead: number): Promise<void>
  stop(): Promise<void>
  /** Stops it (SIGSTOP), so that it accepts connections and never answers. */
  freeze(): void
  /** Undoes `freeze`. */
  thaw(): void
  /** Kills it immediately, as a power failure would. */
  kill(): Promise<void>
}

/** Options of a node. `fileSize` limits the size (KiB) of the files it writes: a full disk for this node alone. */
export interface ProcessOptions extends Omit<ServeMessage, 'issuer' | 'file' | 'secrets'> {
  readonly file?: string
  readonly fileSize?: number
}

/** Starts another node of a server. Throws if it exits before it listens. */
export async function startProcess(
  server: TestServer,
  { fileSize, ...options }: ProcessOptions = {},
): Promise<ServerProcess> {
  const child = startChild(await programFile('test/support/serve.ts'), fileSize)
  let logs = ''
  child.stderr?.on('data', (chunk: Buffer) => (logs += chunk.toString()))
  const ended = once(child, 'exit')
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal)
    await ended
  }
  const message: ServeMessage = { issuer: server.issuer, file: server.file, secrets: testSecrets, ...options }
  child.send(message)
  const first = await Promise.race([once(child, 'message'), ended.then(() => undefined)])
  if (!first) throw new Error(`The process ended: ${logs}`)
  const origin = `http://127.0.0.1:${(first as [ListeningMessage])[0].port}`
  return {
    node: { ...server, origin, endpoint: (path) => origin + path },
    get logs() {
      return logs
    },
    async setClock(ahead) {
      const set = once(child, 'message')
      child.send({ ahead } satisfies SetClockMessage)
      await set
    },
    stop: () => end('SIGTERM'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    kill: () => end('SIGKILL'),
  }
}

function startChild(script: string, fileSize: number | undefined): ChildProcess {
  const limit = fileSize === undefined ? '' : `trap '' XFSZ; ulimit -f ${fileSize * 2};`
  return spawn('sh', ['-c', `${limit} exec "$@"`, 'sh', process.execPath, script], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
}
