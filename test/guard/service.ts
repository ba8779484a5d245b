import { createServer } from 'node:http'
import { Session } from 'node:inspector'
import type { AddressInfo } from 'node:net'
import { createGuard } from '../../src/guard/standalone.ts'
import type { Guard, GuardOptions } from '../../src/guard/standalone.ts'
import { jsonLogger } from '../../src/lib/log.ts'
import { guardedApi } from '../support/api.ts'
import type { TestScope } from '../support/config.ts'

/** The questions that the process answers, with the types of the answers. */
export interface ServiceAnswers {
  readonly ready: string
  readonly health: ReturnType<Guard['health']>
  readonly logs: readonly string[]
  /** The loaded files and built-in modules. */
  readonly modules: { readonly files: readonly string[]; readonly builtIn: readonly string[] }
}

/** The options that the process receives at the start. */
export type ServiceOptions = Omit<GuardOptions<TestScope>, 'logger' | 'clock' | 'scopes'>

// The test process has exited, and cannot stop this one any more.
process.on('disconnect', () => process.exit())

/** A service of its own: an API behind a guard, without a server, a database or a private key. */
process.once('message', (options: ServiceOptions) => {
  const logs: string[] = []
  const guard = createGuard<TestScope, string>({
    ...options,
    logger: jsonLogger({ write: (line) => void logs.push(line) }),
  })
  const http = createServer(guardedApi(guard))
  process.on('message', (question: keyof ServiceAnswers) => void reply(guard, logs, question))
  http.listen(0, '127.0.0.1', () => process.send?.((http.address() as AddressInfo).port))
})

async function reply(guard: Guard<TestScope>, logs: readonly string[], question: string): Promise<void> {
  if (question === 'logs') process.send?.(logs)
  if (question === 'health') process.send?.(guard.health())
  if (question === 'modules') process.send?.(await loadedModules())
  if (question === 'ready') process.send?.(await guard.ready().then(() => 'ready', String))
}

/** Returns the modules that V8 compiled, however they were loaded. */
async function loadedModules(): Promise<ServiceAnswers['modules']> {
  const session = new Session()
  session.connect()
  const files: string[] = []
  session.on('Debugger.scriptParsed', ({ params }) => void files.push(params.url))
  await new Promise((resolve) => session.post('Debugger.enable', resolve))
  session.disconnect()
  const { moduleLoadList } = process as unknown as { moduleLoadList: readonly string[] }
  return { files: files.filter((url) => url.startsWith('file:')), builtIn: [...moduleLoadList] }
}
