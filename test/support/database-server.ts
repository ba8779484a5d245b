import { execFile, execFileSync, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { isAvailable } from './available.ts'
import { freePort } from './free-port.ts'
import { oncePerRun } from './once-per-run.ts'
import { keepForRun, stopOnExit } from './run-processes.ts'
import { waitUntilReady } from './wait-until-ready.ts'

export const runFile = promisify(execFile)

/** A database of its own on a server. */
export interface TestDatabase {
  /** Signs in as a user who may do everything. */
  readonly url: string
  /** Runs statements. Returns the rows of the last one, with text as values. */
  query(sql: string): Promise<readonly Readonly<Record<string, string | null>>[]>
  /** Deletes the database, and disconnects. */
  drop(): Promise<void>
  /** Disconnects, and leaves the database. */
  disconnect(): Promise<void>
}

/** A database server of one test, which can be stopped and frozen. */
export interface TestDatabaseServer {
  /** Without a database. */
  readonly url: string
  readonly port: number
  /** Stops its processes (SIGSTOP), so that it accepts connections and never answers. */
  freeze(): void
  /** Undoes `freeze`. */
  thaw(): void
  /** Kills it immediately. Its files remain. */
  kill(): Promise<void>
  /** Starts it again on the same port, with the same data. */
  restart(): Promise<void>
}

/** How to run a kind of server. */
export interface ServerProgram {
  readonly name: string
  /** Creates the files of an empty server in a folder. */
  create(folder: string): Promise<void>
  /** Returns the command of the server, and whose process it is. `flags` override its own. */
  command(
    folder: string,
    port: number,
    flags: readonly string[],
  ): readonly [string, readonly string[], SpawnOptions]
  urlOf(port: number): string
  isReady(url: string): Promise<boolean>
  /** What stops it immediately, at the end of a run. */
  readonly stopSignal: NodeJS.Signals
}

/**
 * Whether the programs of a server are installed, or its URL is set. If not, throws with `CI=true`, so that no test is
 * skipped unnoticed.
 */
export function findServer(isPresent: boolean, advice: string): boolean {
  if (!isPresent && process.env['CI'] === 'true') throw new Error(advice)
  return isAvailable(isPresent, `${advice} Its tests are skipped.`)
}

/** Returns the path of a program in PATH, or in folders that Debian does not add to it. */
export function findProgram(name: string, ...folders: readonly string[]): string | undefined {
  const all = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', ...folders]
  return all.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** The folders of the programs of PostgreSQL, newest first. */
export function versionFolders(parent: string): readonly string[] {
  if (!existsSync(parent)) return []
  return readdirSync(parent)
    .toSorted((left, right) => Number(right) - Number(left))
    .map((version) => join(parent, version, 'bin'))
}

/** Returns the URL of a server that all test files share. It starts with the first one and ends with the run. */
export async function sharedServer(program: ServerProgram): Promise<string> {
  const folder = await oncePerRun(program.name, async (own) => {
    const { port, child } = await startFirst(program, own)
    child.unref()
    await writeFile(join(own, 'port'), String(port))
  })
  return program.urlOf(Number(readFileSync(join(folder, 'port'), 'utf8')))
}

/**
 * Starts a server in a folder that is empty, or has the files of another one in `data`. It ends with this process at the
 * latest.
 */
export async function startServerIn(
  program: ServerProgram,
  folder: string,
  flags: readonly string[] = [],
): Promise<TestDatabaseServer> {
  const first = await startFirst(program, folder, flags)
  const { port } = first
  let { child } = first
  stopOnExit(child, program.stopSignal)
  return {
    url: program.urlOf(port),
    port,
    freeze: () => freezeTree(child),
    thaw: () => signalTree(child, 'SIGCONT'),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      signalTree(child, 'SIGKILL')
      await ended
    },
    async restart() {
      child = await launch(program, join(folder, 'data'), port, flags)
      stopOnExit(child, program.stopSignal)
    },
  }
}

/** Stops a process before its children, so that it starts no more of them, and waits until none of their threads runs. */
function freezeTree(child: ChildProcess): void {
  child.kill('SIGSTOP')
  waitUntilStopped(child.pid)
  for (const pid of signalTree(child, 'SIGSTOP')) waitUntilStopped(pid)
}

/** A thread that runs on another core gets the signal later, and may answer a query until then. */
function waitUntilStopped(pid: number | undefined): void {
  const deadline = Date.now() + 60_000
  while (statesOf(pid).some((state) => !'TXZ'.includes(state))) {
    if (Date.now() > deadline) throw new Error(`Process ${pid} has not stopped`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
  }
}

/** The states of the threads of a process (Linux). */
function statesOf(pid: number | undefined): readonly string[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    return threads.map(
      (id) => readFileSync(`/proc/${pid}/task/${id}/stat`, 'utf8').replace(/^.*\) /s, '')[0] ?? '',
    )
  } catch {
    // A thread has ended meanwhile, or this is another system.
    return []
  }
}

/** Sends a signal to a process and its children: PostgreSQL has one for each connection. Returns their ids. */
function signalTree({ pid }: ChildProcess, signal: NodeJS.Signals): readonly number[] {
  if (pid === undefined) return []
  const processes = execFileSync('ps', ['-A', '-o', 'ppid=,pid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const children = processes.filter(([parent]) => parent === pid).map(([, child]) => Number(child))
  const targets = [pid, ...children]
  for (const target of targets) {
    try {
      process.kill(target, signal)
    } catch {
      // It has ended meanwhile.
    }
  }
  return targets
}

async function startFirst(
  program: ServerProgram,
  folder: string,
  flags: readonly string[] = [],
): Promise<{ readonly port: number; readonly child: ChildProcess }> {
  // `oncePerRun` renames its folder, which a running server would not survive.
  const data = join(folder.replace(/-unfinished$/, '-files'), 'data')
  if (!existsSync(data)) await program.create(data)
  const port = Number(await freePort())
  return { port, child: await launch(program, data, port, flags) }
}

async function launch(
  program: ServerProgram,
  data: string,
  port: number,
  flags: readonly string[],
): Promise<ChildProcess> {
  const [file, args, options] = program.command(data, port, flags)
  const child = spawn(file, [...args], { ...options, stdio: 'ignore', detached: true })
  keepForRun(child, program.stopSignal)
  await waitUntilReady(program.name, child, () => program.isReady(program.urlOf(port)))
  return child
}

/** PostgreSQL does not run as root. */
export function ordinaryUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const idOf = (flag: string, user: string): number =>
    Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  try {
    return { uid: idOf('-u', 'postgres'), gid: idOf('-g', 'postgres') }
  } catch {
    return { uid: idOf('-u', 'nobody'), gid: idOf('-g', 'nobody') }
  }
}
