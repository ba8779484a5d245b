import { join } from 'node:path'
import {
  authorizationCode,
  builtInUsers,
  createAuthorizationServer,
  secretsFromDirectory,
  silentLogger,
  type AuthorizationServer,
} from '../../src/index.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { createUser } from '../../src/users/built-in.ts'

/** Creates the personal access token `Backup` of ada@example.com in an app whose configuration no command reads. */
export async function addPersonalToken(
  cwd: string,
): Promise<{ readonly id: string; readonly server: AuthorizationServer }> {
  const store = sqlite(join(cwd, 'data/consulate.db'))
  const server = createAuthorizationServer({
    issuer: 'https://auth.example.com',
    secrets: secretsFromDirectory(join(cwd, 'data/secrets')),
    store,
    users: builtInUsers(),
    scopes: {},
    grants: [authorizationCode()],
    personalTokens: { lifetime: '90d' },
    logger: silentLogger,
  })
  const input = { email: 'ada@example.com', password: 'correct horse battery' }
  const user = await createUser(store, systemClock, input)
  const { token } = await server.personalTokens.create(user?.id ?? '', { name: 'Backup' })
  return { id: token.id, server }
}
