import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'
import { isAvailable } from '../support/available.ts'
import { binFile, variables, type Variables } from './run.ts'

/** True if commands can be run on a terminal: that needs the `script` of Linux. */
export const hasTerminal = isAvailable(
  process.platform === 'linux' && spawnSync('script', ['--version']).status === 0,
  'The tests on a terminal are skipped: they need Linux with `script`, from util-linux or bsdutils.',
)

const bin = await binFile()

/** The result of a command on a terminal. */
export interface TerminalOutcome {
  readonly code: number | null
  /** Everything that was shown, without colors and cursor movements. */
  readonly screen: string
  /** The same with them. */
  readonly raw: string
}

/** A command that runs on a terminal. */
export interface TerminalSession {
  /** Everything that was shown so far, without colors and cursor movements. */
  screen(): string
  /** Waits until a text is shown that was not there when keys were last typed. Throws if the command ends before. */
  waitFor(text: string): Promise<void>
  type(keys: string): void
  /** Waits for the end. */
  end(): Promise<TerminalOutcome>
}

interface TerminalOptions {
  /** The width of the terminal; default 80. */
  readonly columns?: number
  readonly env?: Variables
}

/**
 * Runs a command on a terminal of its own. `exec` replaces the shell in between: one that stays also gets Ctrl-C, and
 * some shells handle it themselves.
 */
export function onTerminal(
  cwd: string,
  args: string,
  { columns = 80, env = {} }: TerminalOptions = {},
): TerminalSession {
  const command = `stty cols ${columns} rows 40; exec ${process.execPath} ${bin} ${args}`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd,
    env: variables({ TERM: 'xterm-256color', SHELL: '/bin/sh', ...env }),
  })
  const output = watch(child)
  const ended = once(child, 'close') as Promise<[number | null]>
  let typedAt = 0
  return {
    screen: output.screen,
    waitFor: (text) =>
      Promise.race([
        output.waitUntil(() => output.screen().slice(typedAt).includes(text)),
        ended.then(() => {
          throw new Error(`The command ended before it showed "${text}": ${output.screen()}`)
        }),
      ]),
    type(keys) {
      typedAt = output.screen().length
      child.stdin.write(keys)
    },
    async end() {
      const [code] = await ended
      return { code, screen: output.screen(), raw: output.raw() }
    },
  }
}

function watch({ stdout }: ChildProcess) {
  let raw = ''
  const screen = (): string => stripVTControlCharacters(raw)
  stdout?.setEncoding('utf8').on('data', (chunk: string) => (raw += chunk))
  return {
    raw: () => raw,
    screen,
    async waitUntil(isShown: () => boolean): Promise<void> {
      while (!isShown()) if (stdout) await once(stdout, 'data')
    },
  }
}
