import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { packageFolder, programFile } from '../support/bundle.ts'
import type { SharedCommand } from './shared-process.ts'
import { freePort } from '../support/free-port.ts'

/** Returns the program. */
export const binFile = (): Promise<string> => programFile('bin/consulate.js')

/** Environment variables for a command. */
export type Variables = Readonly<Record<string, string>>

/** The result of a command. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Registers what must be done at the end. Default: the end of the current test. */
export type AtEnd = (work: () => void | Promise<void>) => void

/** Creates a directory that is removed at the end. */
export function emptyDirectory(atEnd: AtEnd = onTestFinished): string {
  const path = mkdtempSync(join(tmpdir(), 'consulate-cli-'))
  atEnd(() => rmSync(path, { recursive: true, force: true }))
  return path
}

let template: Promise<string> | undefined

/**
 * Returns a directory in which `consulate install` has run. It runs once per worker, so the age of its keys would depend on
 * when a test runs: they look more than an hour old. See `justInstalled` for new ones.
 */
export async function installed(atEnd: AtEnd = onTestFinished): Promise<string> {
  template ??= createTemplate()
  const cwd = emptyDirectory(atEnd)
  cpSync(await template, cwd, { recursive: true })
  return cwd
}

/** Returns a directory in which `consulate install` runs now. */
export async function justInstalled(): Promise<string> {
  const cwd = emptyDirectory()
  await consulate(cwd, ['install'])
  return cwd
}

async function createTemplate(): Promise<string> {
  const cwd = mkdtempSync(join(tmpdir(), 'consulate-cli-'))
  await consulate(cwd, ['install'])
  makeKeysOlder(cwd)
  return cwd
}

/** Makes all keys look an hour older, or more. */
export function makeKeysOlder(cwd: string, hours = 1): void {
  const path = join(cwd, 'data/secrets/keyring.json')
  const older = readFileSync(path, 'utf8').replaceAll(
    /"(createdAt|retiredAt)": (\d+)/g,
    (_, name: string, time: string) => `"${name}": ${Number(time) - hours * 3_600_000}`,
  )
  writeFileSync(path, older)
}

interface RunOptions {
  readonly env?: Variables
  /** Standard input; default: empty. */
  readonly input?: string
  /** The ID of another user to run as. */
  readonly uid?: number
}

/** Lets the files of a directory import the package. */
export async function linkPackage(cwd: string): Promise<void> {
  mkdirSync(join(cwd, 'node_modules'))
  symlinkSync(await packageFolder(), join(cwd, 'node_modules/consulate'))
}

/**
 * Runs a command to its end. Commands share a process, because most of the time of a command is the startup of Node. A
 * command gets a process of its own if it reads standard input, starts workers, or starts while another one is running.
 */
export async function consulate(
  cwd: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const { env = {}, input = '' } = options
  const isAlone = input !== '' || args.includes('--workers')
  if (!isAlone && !shared.isBusy) return shared.run({ cwd, args, env: variables(env) })
  return run(await binFile(), cwd, args, options)
}

/** A process that runs one command after another. */
interface SharedProcess {
  readonly isBusy: boolean
  run(command: SharedCommand): Promise<Outcome>
}

const shared = createSharedProcess(() => programFile('src/cli/main.ts'))

/** Creates a process for commands, which starts with the first one. `findMain` returns the module of the command line. */
export function createSharedProcess(findMain: () => Promise<string>): SharedProcess {
  let child: ChildProcess | undefined
  let last: Promise<unknown> = Promise.resolve()
  let running = 0
  const runNext = async (command: SharedCommand): Promise<Outcome> => {
    const settled = new AbortController()
    try {
      const current = (child ??= startShared(await findMain()))
      current.send(command)
      const events = ['message', 'exit'].map((name) => once(current, name, { signal: settled.signal }))
      const [outcome] = (await Promise.race(events)) as [Outcome | number | null]
      if (outcome !== null && typeof outcome === 'object') return outcome
      child = undefined
      throw new Error(`The process of the command ended with ${outcome}`)
    } finally {
      running -= 1
      settled.abort()
    }
  }
  return {
    get isBusy() {
      return running > 0
    },
    run(command) {
      running += 1
      const next = last.then(() => runNext(command))
      last = next.catch(() => {})
      return next
    },
  }
}

/** Starts the process for commands. It ends with the worker. */
function startShared(main: string): ChildProcess {
  const child = fork(fileURLToPath(new URL('shared-process.ts', import.meta.url)), [main], {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: variables({}),
  })
  child.unref()
  child.channel?.unref()
  return child
}

/** Runs a command of another copy of the package. */
export async function run(
  bin: string,
  cwd: string,
  args: readonly string[],
  { env = {}, input = '', ...user }: RunOptions = {},
): Promise<Outcome> {
  const child = start(bin, cwd, args, env, user)
  child.stdin?.end(input)
  return outcomeOf(child)
}

/** Runs a shell command to its end. */
export const shell = (cwd: string, line: string): Promise<Outcome> =>
  outcomeOf(spawn('sh', ['-c', line], { cwd, env: variables({}) }))

/** A running server. */
export interface RunningServer {
  readonly process: ChildProcess
  readonly origin: string
  /** What it printed until it was ready. */
  readonly printed: string
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Outcome>
}

/** Starts a server on a free port and waits until it says that it is ready. */
export async function serve(
  cwd: string,
  args: readonly string[],
  env: Variables = {},
  atEnd: AtEnd = onTestFinished,
): Promise<RunningServer> {
  const port = env['PORT'] ?? (await freePort())
  const child = start(await binFile(), cwd, ['serve', ...args], { ...env, PORT: port })
  atEnd(() => void child.kill('SIGKILL'))
  const ended = outcomeOf(child)
  const printed = await Promise.race([readUntilReady(child), ended.then(failed)])
  return {
    process: child,
    origin: `http://127.0.0.1:${port}`,
    printed,
    stop: (signal = 'SIGTERM') => (child.kill(signal), ended),
  }
}

const start = (
  bin: string,
  cwd: string,
  args: readonly string[],
  env: Variables,
  user: Pick<RunOptions, 'uid'> = {},
): ChildProcess => spawn(process.execPath, [bin, ...args], { cwd, env: variables(env), ...user })

/** Returns only the variables that a program needs to run fast: no NODE_ENV, no PORT. */
export const variables = (env: Variables): Variables => ({
  PATH: process.env['PATH'] ?? '',
  HOME: tmpdir(),
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
  ...env,
})

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const { stdout, stderr } = child
  if (!stdout || !stderr) throw new Error('The command has no output to read')
  const [out, error, [code]] = await Promise.all([
    text(stdout),
    text(stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  return { code, stdout: out, stderr: error }
}

function readUntilReady(child: ChildProcess): Promise<string> {
  let printed = ''
  return new Promise((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      if (/Press Ctrl-C to stop|is listening on/.test(printed)) resolve(printed)
    })
  })
}

function failed({ code, stderr }: Outcome): never {
  throw new Error(`The server ended with ${code}: ${stderr}`)
}
