import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { main as sourceMain } from '../../src/cli/main.ts'

/** The module of the command line. */
const [, , path = ''] = process.argv
const loaded = import(pathToFileURL(path).href) as Promise<{ readonly main: typeof sourceMain }>

/** A command for the process to run. */
export interface SharedCommand {
  readonly cwd: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** The commands that have loaded a file of a project, by its URL. */
const loadedBy = new Map<string, number>()
let commands = 0

// Each command loads the files of its project again, because they may have changed, and the command before has closed the
// store that they opened. Node keeps a module as long as its URL stays the same.
registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context)
    const { url } = resolved
    if (!url.startsWith(`${pathToFileURL(process.cwd()).href}/`) || url.includes('/node_modules/'))
      return resolved
    const first = loadedBy.get(url) ?? commands
    loadedBy.set(url, first)
    return first === commands ? resolved : { ...resolved, url: `${url}?${commands}` }
  },
})

// Runs one command after another, each in its own directory with its own environment, without the startup of Node.
process.on(
  'message',
  (command: SharedCommand) => void runCommand(command).then((outcome) => process.send?.(outcome)),
)

// What a command left open, such as a connection, must not keep the process running without its parent.
process.once('disconnect', () => process.exit())

async function runCommand({ cwd, args, env }: SharedCommand) {
  commands += 1
  process.chdir(cwd)
  process.env = { ...env }
  const stdout = collect(process.stdout)
  const stderr = collect(process.stderr)
  const { main } = await loaded
  const code = await main(args)
  for (const signal of ['SIGINT', 'SIGTERM']) process.removeAllListeners(signal)
  return { code, stdout: stdout.join(''), stderr: stderr.join('') }
}

/** Collects what is written to a stream from now on instead of writing it. */
function collect(stream: NodeJS.WriteStream): readonly string[] {
  const chunks: string[] = []
  stream.write = (chunk: string | Uint8Array) => {
    chunks.push(String(chunk))
    // A server that should not have started would run until the timeout of the test.
    if (/is listening on|Press Ctrl-C to stop/.test(String(chunk))) process.exit(1)
    return true
  }
  return chunks
}
