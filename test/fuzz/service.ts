import { callApi, refresh } from '../support/oauth-client.ts'
import { openRefresh, signIn, type Credentials } from './credentials.ts'
import type { Tally } from './tally.ts'
import type { World } from './world.ts'

/** What nobody waits for and nobody catches would end the process of a user. */
export function listenForTheUnhandled({ fail }: Tally): void {
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    process.on(event, (cause: unknown) =>
      fail(event, cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)),
    )
  }
}

/** A person signs in, gets tokens, refreshes them and uses them, as if nothing had happened. */
export async function checkService(world: World, credentials: Credentials, { fail }: Tally): Promise<void> {
  try {
    const visitor = await signIn(world, credentials)
    const token = await openRefresh(world, credentials, visitor)
    const { body } = await refresh({ server: world.server, client: world.web }, token)
    const { status } = await callApi(world.server, '/me', String(body['access_token']))
    if (status !== 200) fail('end', `the API answers ${status} afterwards`)
  } catch (cause) {
    fail('end', `nobody is served afterwards: ${String(cause)}`)
  }
}
