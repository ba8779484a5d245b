import { ConfigError } from '../../errors.ts'
import { createDerivedKeys, rootSecretFingerprint } from '../../keys/derived.ts'
import { createKeySet } from '../../keys/key-set.ts'
import type { Secrets } from '../../keys/secrets.ts'
import { displayPath } from '../config-error.ts'
import { databaseExists } from '../project.ts'
import { ok, problem, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

/** Checks that keys and secrets can be loaded and used. */
export async function checkSecrets({ loaded, secrets }: CheckContext): Promise<readonly Finding[]> {
  const problems = loaded instanceof ConfigError ? loaded.problems : await problemsOf(loaded)
  const { description, directory } = secrets
  const where = directory === undefined ? description : displayPath(directory)
  if (problems.length === 0) return [ok(`loaded from ${where}`)]
  const fix = directory === undefined ? `Check ${description}.` : RESTORE_FILES
  return problems.map(({ path, message }) => {
    if (path === 'secrets' && message.endsWith(`. ${INSTALL}`)) return missingSecrets(message, directory)
    if (path === 'secrets') return problem(message, fix)
    return problem(`${path}: ${message}`, path.startsWith('CONSULATE_') ? `Change ${path}.` : fix)
  })
}

const INSTALL = 'Run `consulate install`'

/** The message says itself what to do, which a finding says on a line of its own. */
const missingSecrets = (message: string, directory: string | undefined): Finding =>
  problem(message.slice(0, -`. ${INSTALL}`.length), directory === undefined ? `${INSTALL}.` : RESTORE_FILES)

const RESTORE_FILES = 'Run `consulate install` to create missing secrets, or restore them from a backup.'

async function problemsOf(secrets: Secrets): Promise<ConfigError['problems']> {
  try {
    await createKeySet(secrets)
    createDerivedKeys(secrets)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

/** Checks that a server has used the database with the current root secret. Otherwise servers refuse to start. */
export async function checkFingerprint(context: CheckContext): Promise<readonly Finding[]> {
  const { loaded, store } = context
  if (loaded instanceof ConfigError || !databaseExists(context)) return []
  const current = loaded.secrets.find(({ state = 'current' }) => state === 'current')
  if (!current || (await store.pendingMigrations()).length > 0) return []
  const known = await store.fingerprints.list()
  if (known.length === 0) return [ok('no server has used this database yet')]
  if (known.includes(rootSecretFingerprint(current)))
    return [ok('the database and the root secret belong together')]
  return [problem('the database was used with another root secret, so servers refuse to start', RESTORE)]
}

const RESTORE =
  'Restore the secrets that belong to the database. If they are lost, `consulate keys --force` creates new ones: all ' +
  'tokens become invalid.'
