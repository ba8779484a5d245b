import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { SERVER_CORE } from './cores.ts'
import type { Answer, PreparedRequest, Question, Scenario } from './target.ts'

/** A running target in its own process. */
export interface Entrant {
  readonly name: string
  readonly port: number
  /** Signature algorithm and storage. Empty for floors. */
  readonly terms: string
  prepare(scenario: Scenario, count: number): Promise<readonly PreparedRequest[]>
  /** Returns the CPU time used so far, in microseconds. */
  cpu(): Promise<number>
  /** Starts another node on the same database in the same process. Returns the duration (ms). */
  startAgain(): Promise<number>
  stop(): Promise<void>
}

/** A target that did not start. `isNotInstalled` if one of its files or packages is missing. */
export interface Absence {
  readonly name: string
  readonly reason: string
  readonly isNotInstalled: boolean
}

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url))

/** Starts `bench/<name>.ts` in its own process, on its own core if `isPinned`, with more environment variables. */
export async function launch(
  name: string,
  isPinned: boolean,
  variables: Readonly<Record<string, string>> = {},
): Promise<Entrant | Absence> {
  const child = spawnNode([CHILD, name], isPinned, variables)
  const first = await nextAnswer(child)
  if ('ready' in first) return entrant(name, child, first.ready)
  child.kill()
  if ('failed' in first) return { name, reason: first.failed, isNotInstalled: first.isNotInstalled }
  throw new Error(`${name} did not report that it is ready`)
}

function spawnNode(
  args: readonly string[],
  isPinned: boolean,
  variables: Readonly<Record<string, string>>,
): ChildProcess {
  const command = isPinned ? ['taskset', '-c', SERVER_CORE, process.execPath] : [process.execPath]
  const [file = process.execPath, ...rest] = [...command, ...args]
  const env = { ...process.env, NODE_ENV: 'production', ...variables }
  return spawn(file, rest, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

const entrant = (name: string, child: ChildProcess, ready: Pick<Entrant, 'port' | 'terms'>): Entrant => ({
  name,
  ...ready,
  prepare: async (scenario, count) =>
    (await ask(child, { prepare: { scenario, count } }, 'requests')).requests,
  cpu: async () => (await ask(child, { cpu: true }, 'cpu')).cpu,
  startAgain: async () => (await ask(child, { startAgain: true }, 'started')).started,
  async stop() {
    await ask(child, { stop: true }, 'stopped').finally(() => child.kill())
  },
})

async function ask<Key extends string>(child: ChildProcess, question: Question, key: Key) {
  if (!child.connected) throw new Error('the process of the target has exited')
  child.send(question)
  const answer = await nextAnswer(child)
  if (key in answer) return answer as Extract<Answer, Record<Key, unknown>>
  throw new Error('failed' in answer ? answer.failed : `expected "${key}"`)
}

async function nextAnswer(child: ChildProcess): Promise<Answer> {
  const waiting = new AbortController()
  const { signal } = waiting
  const gone = once(child, 'exit', { signal }).then(([code]): Answer => {
    return { failed: `the process exited with code ${String(code)}`, isNotInstalled: false }
  })
  const said = once(child, 'message', { signal }).then(([message]) => message as Answer)
  return Promise.race([gone, said]).finally(() => {
    gone.catch(() => undefined)
    said.catch(() => undefined)
    waiting.abort()
  })
}
