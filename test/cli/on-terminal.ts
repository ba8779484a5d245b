import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'
import { isAvailable } from '../support/available.ts'
import { BIN, variables, type Variables } from './run.ts'

/** True if commands can be run on a terminal: that needs the `script` of Linux. */
export const hasTerminal = isAvailable(
  process.platform === 'linux' && spawnSync('script', ['--version']).status === 0,
  'The tests on a terminal are skipped: they need Linux with `script`, from util-linux or bsdutils.',
)

/** A command that runs on a terminal. */
export interface TerminalSession {
  /** Returns everything that it has shown so far, without colors and cursor movements. */
  screen(): string
  type(keys: string): void
  /** Waits for the end. `raw` is the screen with colors. */
  end(): Promise<{ readonly code: number | null; readonly screen: string; readonly raw: string }>
}

interface TerminalOptions {
  /** The width of the terminal; default 100. */
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
  { columns = 100, env = {} }: TerminalOptions = {},
): TerminalSession {
  const command = `stty cols ${columns} rows 30; exec ${process.execPath} ${BIN} ${args}`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd,
    env: variables({ TERM: 'xterm-256color', SHELL: '/bin/sh', ...env }),
  })
  let raw = ''
  child.stdout.on('data', (chunk: Buffer) => (raw += chunk.toString()))
  const screen = (): string => stripVTControlCharacters(raw)
  return {
    screen,
    type: (keys) => void child.stdin.write(keys),
    async end() {
      const [code] = (await once(child, 'close')) as [number | null]
      return { code, screen: screen(), raw }
    },
  }
}
