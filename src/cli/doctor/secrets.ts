import { ConfigError } from '../../errors.ts'
import { createDerivedKeys } from '../../keys/derived.ts'
import { createKeySet } from '../../keys/key-set.ts'
import type { Secrets } from '../../keys/secrets.ts'
import { ok, problem, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

/** Whether the keys and secrets can be read and used. */
export async function checkSecrets({ loaded, secrets }: CheckContext): Promise<readonly Finding[]> {
  const problems = loaded instanceof ConfigError ? loaded.problems : await problemsOf(loaded)
  const { description, directory } = secrets
  if (problems.length === 0) return [ok(`keys and secrets are read from ${description}`)]
  const mend =
    directory === undefined
      ? `put them right in ${description}`
      : '`consulate install` makes them where there are none; else restore them from the backup'
  return problems.map(({ path, message }) => problem(`${path}: ${message}`, mend))
}

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
