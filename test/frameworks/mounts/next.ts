import { AsyncLocalStorage } from 'node:async_hooks'
import type { RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { toNext, type NextAdapter } from '../../../src/adapters/next.ts'
import type { TestScope } from '../../support/config.ts'
import type { Mount } from '../../support/mount.ts'
import { build, NEXT } from '../next/build.ts'

interface NextApp {
  prepare(): Promise<void>
  getRequestHandler(): RequestListener
}

/** The server of the current request. The app finds it here. */
const current = new AsyncLocalStorage<NextAdapter<TestScope>>()

let listener: Promise<RequestListener> | undefined

/** One app serves all servers of this process. */
async function start(): Promise<RequestListener> {
  Object.assign(globalThis, { [Symbol.for('consulate.test.next')]: current })
  const dir = await build(join(import.meta.dirname, '../next/guarded-api'))
  keepFetch()
  const next = createRequire(join(NEXT, 'package.json'))('next') as (options: object) => NextApp
  const app = next({ dev: false, dir, quiet: true })
  await app.prepare()
  return app.getRequestHandler()
}

/** Next replaces `fetch` with one that copies each response, which the tests would call too: they run in this process. */
function keepFetch(): void {
  const { fetch } = globalThis
  Object.defineProperty(globalThis, 'fetch', { get: () => fetch, set() {} })
}

/** Next, as a custom server. */
export const mount: Mount = async (server, http) => {
  listener ??= start()
  const handle = await listener
  const auth = toNext(server)
  http.on('request', (request, response) => current.run(auth, () => handle(request, response)))
  return async () => undefined
}
