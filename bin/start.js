import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'

const has = (path) => existsSync(new URL(`../${path}`, import.meta.url))

// A second start then reads what the first one compiled: half the time.
enableCompileCache()

// A configuration file that waits for what never comes: Node would end, and say that all went well.
process.once('beforeExit', () => {
  console.error('The configuration file never finished loading: a top-level await in it never settles.')
  process.exitCode = 1
})

// A disk that is full, or a reader who is gone: the end below tells of it.
process.stdout.on('error', () => {})

// A clone runs its source, even where an old build lies beside it. An installed package runs its build: Node strips no
// types below node_modules.
const runsSource = has('.git') || !has('dist/cli/main.js')
const { main } = await (runsSource ? import('../src/cli/main.ts') : import('../dist/cli/main.js'))
const code = await main(process.argv.slice(2))

// Whatever a configuration file has opened (a pool of connections) must not keep a finished command alive.
process.stdout.write('', (error) => {
  if (error && error.code !== 'EPIPE') console.error(`Cannot write the output: ${error.message}`)
  process.exit(error ? code || 1 : code)
})
