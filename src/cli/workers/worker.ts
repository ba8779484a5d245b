import { toNode } from '../../adapters/node.ts'
import type { Address } from '../../lib/http-server.ts'
import { createAuthorizationServer } from '../../server.ts'
import { describeError } from '../errors.ts'
import { withProject } from '../project.ts'
import { runServer } from '../run-server.ts'
import { workerBroadcast } from './broadcast.ts'
import type { PrimaryMessage, WorkerMessage } from './messages.ts'

/**
 * Runs the server in a worker until the primary process tells it to stop. A worker that cannot start reports the reason to the
 * primary, so that it is printed once. If the primary disappears, `node:cluster` ends the worker.
 */
export async function runWorker(address: Address): Promise<void> {
  const stopped = stopMessage()
  ignoreSignals()
  try {
    await withProject(async ({ config }) => {
      // Redis, if configured, connects workers with each other too. With two carriers, each failure would count twice.
      const { broadcast = workerBroadcast } = config
      const server = createAuthorizationServer({ ...config, broadcast })
      const listener = toNode(server).routes()
      const waitsForDatabase = config.store.file === undefined
      await runServer({ server, listener, address, stopped, waitsForDatabase })
    })
  } catch (error) {
    const { text = '', exitCode } = describeError(error)
    await send({ kind: 'failed', text, exitCode })
  }
}

const stopMessage = (): Promise<number> =>
  new Promise((resolve) => {
    process.on('message', (message: PrimaryMessage) => {
      if (message.kind === 'stop') resolve(message.drainTime)
    })
  })

/** Terminals and systemd send their signals to all processes. The primary decides what they mean. */
function ignoreSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
}

/** Resolves when the message was written, or when the primary has exited. */
const send = (message: WorkerMessage): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve())
    else resolve()
  })
