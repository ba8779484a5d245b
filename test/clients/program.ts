import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { blocksOf } from '../house/blocks.ts'
import { ROOT } from '../house/repository.ts'
import { bundledPackage } from '../support/bundled-package.ts'
import { FOLDER } from './installed.ts'

const PRELOAD = pathToFileURL(join(FOLDER, 'preload.ts')).href
const FLAGS = ['--input-type=module', '--no-warnings', '--import', PRELOAD]
const PACKAGE = await bundledPackage()

type Environment = Readonly<Record<string, string>>

/** A program from the docs that runs. */
export interface ClientProgram {
  /** Resolves to all that it printed, once it contains a text or the program has ended. */
  printed(text: string): Promise<string>
  /** Resolves to all that it printed, once it has ended. Rejects if it failed. */
  ended(): Promise<string>
  /** Advances the clock of the program. */
  advance(milliseconds: number): Promise<void>
  stop(): Promise<void>
}

/** The blocks of the guides that the tests run, by the name after the language: ` ```js passport `. */
const programs: ReadonlyMap<string, string> = new Map(
  ['docs/guides/clients.md', 'docs/guides/mcp.md'].flatMap((path) =>
    blocksOf({ [path]: readFileSync(join(ROOT, path), 'utf8') }).flatMap(({ language, text }) => {
      const [, name] = /^js (\S+)$/.exec(language) ?? []
      return name === undefined ? [] : [[name, text] as const]
    }),
  ),
)

/** The names of all such blocks. */
export const programNames: readonly string[] = [...programs.keys()]

/** Returns the text of a block. */
export function programText(name: string): string {
  const text = programs.get(name)
  if (text === undefined) throw new Error(`No block "js ${name}" in the guides`)
  return text
}

/** Other blocks that a program imports, by file name: `{ 'auth.js': 'mcp-auth' }`. */
type Modules = Readonly<Record<string, string>>

interface RunOptions {
  readonly modules?: Modules
  /** Default: the folder where the clients are installed. */
  readonly cwd?: string
}

/** Runs a block exactly as the page has it. */
export const runProgram = (name: string, environment: Environment, options?: RunOptions): ClientProgram =>
  runText(programText(name), environment, options)

/** Runs JavaScript that can import the installed clients. */
export function runText(
  text: string,
  environment: Environment,
  { modules = {}, cwd = FOLDER }: RunOptions = {},
): ClientProgram {
  const texts = Object.entries(modules).map(([file, name]) => [file, programText(name)])
  const child = spawn(process.execPath, [...FLAGS, '--eval', text], {
    cwd,
    env: { ...process.env, ...environment, PACKAGE, MODULES: JSON.stringify(Object.fromEntries(texts)) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)))
  const end = new Promise<number | null>((resolve) => void child.on('close', resolve))
  const until = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => void (output.includes(text) && resolve())
      child.stdout?.on('data', look)
      look()
    })
  return {
    async printed(text) {
      await Promise.race([until(text), end])
      if (!output.includes(text)) throw new Error(output)
      return output
    },
    async ended() {
      if ((await end) !== 0) throw new Error(output)
      return output
    },
    async advance(milliseconds) {
      const advanced = once(child, 'message')
      child.send(milliseconds)
      await advanced
    },
    async stop() {
      child.kill('SIGKILL')
      await end
    },
  }
}
