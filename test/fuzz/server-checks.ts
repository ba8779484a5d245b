import { callApi, refresh } from '../support/oauth-client.ts'
import { getRefreshToken, signIn, type Credentials } from './credentials.ts'
import type { Results } from './results.ts'
import type { Fixture } from './fixture.ts'

/** By default Node ends the process on these. The results are those of the current job. */
export function reportUnhandledErrors({ fail }: Results): void {
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    process.removeAllListeners(event)
    process.on(event, (cause: unknown) =>
      fail(event, cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)),
    )
  }
}

/** Signs in, obtains tokens, refreshes them and calls the API, to show that the server still works. */
export async function checkServerStillWorks(
  fixture: Fixture,
  credentials: Credentials,
  { fail }: Results,
): Promise<void> {
  try {
    const visitor = await signIn(fixture, credentials)
    const token = await getRefreshToken(fixture, credentials, visitor)
    const { body } = await refresh({ server: fixture.server, client: fixture.web }, token)
    const { status } = await callApi(fixture.server, '/me', String(body['access_token']))
    if (status !== 200) fail('end', `the API responds with ${status} afterwards`)
  } catch (cause) {
    fail('end', `the server no longer works: ${String(cause)}`)
  }
}
