import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'

const has = (path) => existsSync(new URL(`../${path}`, import.meta.url))

// Halves the time of the second start.
enableCompileCache()

// Nothing is left to wait for, but the command has not finished: Ctrl-D closed a question, or the configuration file awaits
// what never happens. Node would exit with 0.
process.once('beforeExit', () => {
  console.error(
    'Stopped before the command finished: its input was closed, or an await in the configuration file never settles.',
  )
  process.exitCode = 1
})

// A full disk or a closed pipe: reported below.
process.stdout.on('error', () => {})

// A clone runs its source, even if there is an old build. An installed package runs its build, because Node does not strip
// types in node_modules.
const runsSource = has('.git') || !has('dist/cli/main.js')
const { main } = await (runsSource ? import('../src/cli/main.ts') : import('../dist/cli/main.js'))
const code = await main(process.argv.slice(2))

// What a configuration file has opened, such as a connection pool, must not keep a finished command running.
process.stdout.write('', (error) => {
  if (error && error.code !== 'EPIPE') console.error(`Cannot write the output: ${error.message}`)
  process.exit(error ? code || 1 : code)
})
