import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'
import { isAvailable } from '../support/available.ts'
import { BIN, variables } from './run.ts'

/** Whether a command can be run on a terminal: only the `script` of Linux does it in this way. */
export const hasTerminal = isAvailable(
  process.platform === 'linux' && spawnSync('script', ['--version']).status === 0,
  'The tests on a terminal are left out: they want Linux with `script`, of util-linux or bsdutils.',
)

/** A command on a terminal. */
export interface Conversation {
  /** All that it has shown until now, without colors and cursor movements. */
  screen(): string
  type(keys: string): void
  /** Waits for the end. */
  end(): Promise<{ readonly code: number | null; readonly screen: string }>
}

/**
 * Runs a command on a terminal of its own, which `script` of Linux makes. The shell in between is replaced by the
 * command (`exec`): one that stays gets Ctrl-C as well, and some answer it themselves.
 */
export function onTerminal(cwd: string, args: string): Conversation {
  const command = `stty cols 100 rows 30; exec ${process.execPath} ${BIN} ${args}`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd,
    env: variables({ TERM: 'xterm', SHELL: '/bin/sh' }),
  })
  const screen = watch(child)
  return {
    screen,
    type: (keys) => void child.stdin.write(keys),
    async end() {
      const [code] = (await once(child, 'close')) as [number | null]
      return { code, screen: screen() }
    },
  }
}

function watch({ stdout }: ChildProcess): () => string {
  let seen = ''
  stdout?.on('data', (chunk: Buffer) => (seen += chunk.toString()))
  return () => stripVTControlCharacters(seen)
}
