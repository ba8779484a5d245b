import { ConfigError } from '../../errors.ts'
import { rootSecretFingerprint } from '../../keys/derived.ts'
import { databaseExists } from '../project.ts'
import { ok, problem, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

/** Whether the store knows the root secret in use: servers refuse to start where it knows others only. */
export async function checkFingerprint(context: CheckContext): Promise<readonly Finding[]> {
  const { loaded, store } = context
  if (loaded instanceof ConfigError || !databaseExists(context)) return []
  const current = loaded.secrets.find(({ state = 'current' }) => state === 'current')
  if (!current || (await store.pendingMigrations()).length > 0) return []
  const known = await store.fingerprints.list()
  if (known.length === 0) return [ok('no server has started on this database yet')]
  if (known.includes(rootSecretFingerprint(current))) return [ok('the database knows the root secret')]
  const mend =
    'put back the secrets that belong to the database; if they are lost, `consulate keys --force` makes others'
  return [problem('the database does not know the root secret: servers refuse to start', mend)]
}
