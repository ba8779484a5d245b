import type { RequestListener } from 'node:http'
import type { AuthorizationServer } from '../server.ts'
import { listen, type Address } from './listen.ts'
import { print } from './output.ts'

/** A server, how it is reached, and what to do once it is. */
export interface Run {
  readonly server: Pick<AuthorizationServer, 'ready' | 'close'>
  readonly listener: RequestListener
  readonly address: Address
  readonly announce: () => void | Promise<void>
}

/** Runs a server until SIGINT or SIGTERM, then ends it cleanly: requests first, the database last. */
export async function run({ server, listener, address, announce }: Run): Promise<void> {
  const stopped = stopSignal()
  try {
    await server.ready()
    const listening = await listen(listener, address)
    await announce()
    await stopped
    await listening.close()
  } finally {
    await server.close()
  }
  print('Stopped.')
}

/** The first signal to stop. Later ones change nothing: npm sends each Ctrl-C a second time. */
const stopSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    process.on('SIGINT', resolve)
    process.on('SIGTERM', resolve)
  })
