import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { testSecrets } from './secrets.ts'
import type { ServeOrder, Serving } from './serve.ts'
import type { TestServer } from './server.ts'

/** Another node of a server: the same issuer, secrets and database, in a process and on a port of its own. */
export interface ServerProcess {
  /** The server as its clients see it when they happen to reach this node. */
  readonly node: TestServer
  stop(): Promise<void>
}

/** Starts another node of a server. */
export async function startProcess(server: TestServer): Promise<ServerProcess> {
  const child = fork(fileURLToPath(new URL('serve.ts', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const order: ServeOrder = { issuer: server.issuer, file: server.file, secrets: testSecrets }
  child.send(order)
  const [{ port }] = (await once(child, 'message')) as [Serving]
  const origin = `http://127.0.0.1:${port}`
  return {
    node: { ...server, origin, endpoint: (path) => origin + path },
    async stop() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}
