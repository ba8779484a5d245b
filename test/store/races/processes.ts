import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { sqlite } from '../../../src/store/sqlite.ts'
import type { Store } from '../../../src/store/contract.ts'
import type { DatabaseAddress } from './address.ts'
import type { TaskName } from './worker.ts'

/** The outcome of a task. */
export interface Result {
  readonly value?: unknown
  /** The name of the error that it threw. */
  readonly error?: string
  readonly cause?: string
}

/** Another process, which opens a store of its own. */
export interface Worker {
  run(task: TaskName, database: DatabaseAddress, argument?: number): Promise<Result>
  stop(): void
}

export interface WorkerOptions {
  /** The user and group that the process changes to. */
  readonly uid?: number
  /** The maximum size (KiB) of a file that the process writes. For this process, a larger file means a full disk. */
  readonly fileSize?: number
}

/** Creates a folder that is deleted after the test. */
export async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'consulate-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

let template: Promise<Buffer> | undefined

/** Creates the file of a migrated database. Writing it again is faster than migrating another database. */
async function createTemplate(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'consulate-'))
  const path = join(folder, 'data.db')
  const store = sqlite(path)
  await store.migrate()
  await store.close()
  const template = await readFile(path)
  await rm(folder, { recursive: true })
  return template
}

/** Opens a store on a migrated database file, in a folder that is deleted after the test. */
export async function openMigrated(
  busyTimeout = 5000,
): Promise<{ folder: string; path: string; store: Store }> {
  const folder = await createFolder()
  const path = join(folder, 'data.db')
  await writeFile(path, await (template ??= createTemplate()))
  const store = sqlite({ path, busyTimeout })
  onTestFinished(() => store.close())
  return { folder, path, store }
}

export async function startWorker({ uid, fileSize }: WorkerOptions = {}): Promise<Worker> {
  const script = fileURLToPath(new URL('worker.ts', import.meta.url))
  const limit = fileSize === undefined ? '' : `trap '' XFSZ; ulimit -f ${fileSize * 2};`
  const shell = ['-c', `${limit} exec "$@"`, 'sh', process.execPath, script, String(uid ?? '')]
  const child = spawn('sh', shell, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exited = once(child, 'exit').then(() => {
    throw new Error('The process has exited')
  })
  exited.catch(() => {})
  await Promise.race([once(child, 'message'), exited])
  return {
    async run(task, database, argument = 0) {
      const answered = once(child, 'message')
      child.send([task, database, argument])
      const [result] = (await Promise.race([answered, exited])) as [Result]
      return result
    },
    stop: () => void child.kill(),
  }
}
