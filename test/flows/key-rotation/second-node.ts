import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { AtEnd } from '../../cli/run.ts'
import { programFile } from '../../support/bundle.ts'

/** How a node is set up. */
export interface NodeOptions {
  readonly issuer: string
  /** A URL. */
  readonly database: string
  /** The secrets. Default: they are in the database, sealed with `CONSULATE_SEALING_SECRET`. */
  readonly directory?: string
  /** How far (ms) its clock is ahead. */
  readonly ahead?: number
}

/** A node in another process. */
export interface NodeProcess {
  readonly origin: string
  /** Stops it (SIGSTOP), so that it neither answers nor reads anything. */
  freeze(): void
  /** Undoes `freeze`. */
  thaw(): void
}

/** Starts another node of an issuer in another process, which ends with the test. */
export async function startNode(
  options: NodeOptions,
  env: Readonly<Record<string, string>> = {},
  atEnd: AtEnd = onTestFinished,
): Promise<NodeProcess> {
  const script = await programFile('test/flows/key-rotation/node.ts')
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
    env: { ...process.env, ...env },
  })
  atEnd(() => void child.kill('SIGKILL'))
  const [origin] = (await once(child, 'message')) as [string]
  return {
    origin,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  }
}

/** Starts a node with the database and the secrets of an installed folder. Returns its origin. */
export async function startSecondNode(folder: string, issuer: string): Promise<string> {
  const database = `sqlite:${join(folder, 'consulate.db')}`
  return (await startNode({ issuer, database, directory: join(folder, 'secrets') })).origin
}
