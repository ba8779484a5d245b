import { pathToFileURL } from 'node:url'
import type { main as sourceMain } from '../../src/cli/main.ts'

/** The command line of another copy of the package, if its path is the first argument. */
const [, , path] = process.argv
const url = path === undefined ? '../../src/cli/main.ts' : pathToFileURL(path).href
const loaded = import(url) as Promise<{ readonly main: typeof sourceMain }>

/** A command for the process to run. */
export interface SharedCommand {
  readonly cwd: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

// Runs one command after another, each in its own directory with its own environment, without the startup of Node.
process.on(
  'message',
  (command: SharedCommand) => void runCommand(command).then((outcome) => process.send?.(outcome)),
)

// What a command left open, such as a connection, must not keep the process running without its parent.
process.once('disconnect', () => process.exit())

async function runCommand({ cwd, args, env }: SharedCommand) {
  process.chdir(cwd)
  process.env = { ...env }
  const stdout = collect(process.stdout)
  const stderr = collect(process.stderr)
  const { main } = await loaded
  const code = await main(args)
  return { code, stdout: stdout.join(''), stderr: stderr.join('') }
}

/** Collects what is written to a stream from now on instead of writing it. */
function collect(stream: NodeJS.WriteStream): readonly string[] {
  const chunks: string[] = []
  stream.write = (chunk: string | Uint8Array) => {
    chunks.push(String(chunk))
    return true
  }
  return chunks
}
