import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** What a task of a worker came to. */
export interface Answer {
  readonly value?: unknown
  readonly error?: string
  readonly cause?: string
}

/** Another process with a store on the same file. */
export interface Worker {
  ask(task: string, argument?: number): Promise<Answer>
}

/** How a worker is started. */
export interface WorkerOptions {
  /** The user and group that it becomes. */
  readonly uid?: number
  /** How large (KiB) a file may grow that it writes: a disk that is full for it alone. */
  readonly fileSize?: number
}

/** A folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'consulate-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Starts a process on a database file; it ends with the test. */
export async function startWorker(path: string, { uid, fileSize }: WorkerOptions = {}): Promise<Worker> {
  const script = fileURLToPath(new URL('worker.ts', import.meta.url))
  const limit = fileSize === undefined ? '' : `trap '' XFSZ; ulimit -f ${fileSize * 2};`
  const child = spawn(
    'sh',
    ['-c', `${limit} exec "$@"`, 'sh', process.execPath, script, path, String(uid ?? '')],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  )
  onTestFinished(() => void child.kill())
  await once(child, 'message')
  return {
    async ask(task, argument = 0) {
      const answered = once(child, 'message')
      child.send([task, argument])
      const [answer] = (await answered) as [Answer]
      return answer
    },
  }
}

/** Starts several. */
export const startWorkers = (path: string, count: number): Promise<Worker[]> =>
  Promise.all(Array.from({ length: count }, () => startWorker(path)))
