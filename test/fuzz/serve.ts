import { createCredentials } from './credentials.ts'
import { checkService, listenForTheUnhandled } from './service.ts'
import { createTally } from './tally.ts'
import { createWorld } from './world.ts'

/** A server in a process of its own, as those know it who talk to it. */
export interface Served {
  readonly origin: string
  /** A client that may ask for tokens by itself. */
  readonly machine: { readonly id: string; readonly secret: string }
  /** A client that people can be sent by. */
  readonly web: { readonly id: string; readonly redirectUri: string }
}

/** What it says in the end: what must not have been. */
export interface Ended {
  readonly failures: readonly string[]
}

const tally = createTally()
listenForTheUnhandled(tally)
const world = await createWorld()
const { server, machine, web } = world

process.once('message', () => void end())
process.once('disconnect', () => process.exit())
const served: Served = { origin: server.origin, machine: { ...machine, secret: machine.secret ?? '' }, web }
process.send?.(served)

async function end(): Promise<void> {
  await checkService(world, createCredentials(world), tally)
  for (const leak of world.forget()) tally.fail('end', leak)
  await server.close().catch((cause: unknown) => tally.fail('end', String(cause)))
  process.send?.({ failures: tally.failures } satisfies Ended)
  process.disconnect()
}
