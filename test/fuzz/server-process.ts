import { createCredentials } from './credentials.ts'
import { checkServerStillWorks, reportUnhandledErrors } from './server-checks.ts'
import { createResults } from './results.ts'
import { createFixture } from './fixture.ts'

/** Sent by the process once its server listens. */
export interface ServerInfo {
  readonly origin: string
  /** A client with the client credentials grant. */
  readonly machine: { readonly id: string; readonly secret: string }
  /** A client with the authorization code grant. */
  readonly web: { readonly id: string; readonly redirectUri: string }
}

/** Sent after the process was asked to stop. */
export interface ServerResult {
  readonly failures: readonly string[]
}

const results = createResults()
reportUnhandledErrors(results)
const fixture = await createFixture()
const { server, machine, web } = fixture

process.once('message', () => void stop())
process.once('disconnect', () => process.exit())
const info: ServerInfo = { origin: server.origin, machine: { ...machine, secret: machine.secret ?? '' }, web }
process.send?.(info)

async function stop(): Promise<void> {
  await checkServerStillWorks(fixture, createCredentials(fixture), results)
  for (const leak of fixture.clearRecords()) results.fail('end', leak)
  await server.close().catch((cause: unknown) => results.fail('end', String(cause)))
  process.send?.({ failures: results.failures } satisfies ServerResult)
  process.disconnect()
}
