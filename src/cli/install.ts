import { managedKeysOf } from '../keys/managed-directory.ts'
import { createKeySet } from '../keys/key-set.ts'
import type { GenerateOptions } from '../keys/managed.ts'
import type { SigningAlgorithm } from '../keys/secrets.ts'
import type { SecretsSource } from '../keys/secrets-source.ts'
import { displayPath } from './config-error.ts'
import { checkKeyOptions } from './keys.ts'
import { print, printJson } from './output.ts'
import { withProject, type Project } from './project.ts'

type KeyOptions = Pick<GenerateOptions, 'algorithm' | 'length'>

/** The flags of `consulate install`. */
export interface InstallOptions extends KeyOptions {
  readonly json?: boolean
}

/** The result of an installation. */
export interface Installation {
  /** `external`: they come from the environment or the configuration. */
  readonly keys: 'created' | 'kept' | 'external'
  /** Where the secrets are. */
  readonly secrets: string
  /** The migrations that were applied. Undefined if the app applies them when it starts. */
  readonly migrations?: readonly string[]
}

/** Keys and tables, and the algorithm of the keys. */
type Installed = Installation & { readonly algorithm: SigningAlgorithm }

/** `consulate install`: creates missing keys and tables. Running it again changes nothing. */
export function install({ json = false, ...options }: InstallOptions): Promise<void> {
  checkKeyOptions(options)
  return withProject(async (project) => {
    const { algorithm, ...installation } = await installProject(project, options)
    if (json) printJson(installation)
    else print(...installationLines(installation, project.secrets), ...hintsAfter(installation))
    warnOfOtherAlgorithm(algorithm, options)
  })
}

/** Creates missing keys and tables. Throws `ConfigError` if the project's secrets cannot be used. */
export async function installProject(
  { secrets, store }: Project,
  options: KeyOptions = {},
): Promise<Installed> {
  // A mistake in the keys must not leave a new database behind, unless they are in it.
  const early = managedKeysOf(secrets)?.areInStore ? await store.migrate() : []
  const installed = await installKeys(secrets, options)
  return { ...installed, migrations: [...early, ...(await store.migrate())] }
}

/** Creates missing keys, and no tables. */
export async function installKeys(secrets: SecretsSource, options: KeyOptions = {}): Promise<Installed> {
  const generated = await managedKeysOf(secrets)?.generate(options)
  const { algorithm } = await createKeySet(await secrets.load())
  const keys = generated === undefined ? 'external' : generated.created ? 'created' : 'kept'
  return { keys, secrets: secrets.description, algorithm }
}

/** Returns what an installation did, for a terminal. */
export function installationLines(
  { keys, secrets, migrations }: Installation,
  { directory }: SecretsSource,
): readonly string[] {
  const where = directory === undefined ? secrets : displayPath(directory)
  const aboutKeys = { created: `Created keys in ${where}.`, kept: `Kept the keys in ${where}.` }
  return [keys === 'external' ? `Keys are read from ${where}.` : aboutKeys[keys], aboutTables(migrations)]
}

function aboutTables(migrations: Installation['migrations']): string {
  if (!migrations) return 'The app creates its tables when it starts.'
  return migrations.length > 0
    ? `Applied migrations: ${migrations.join(', ')}.`
    : 'The tables are up to date.'
}

const hintsAfter = ({ keys }: Installation): readonly string[] =>
  keys === 'created' ? ['Run `consulate doctor` to check the setup.'] : []

/** `--algorithm` applies to new keys only. */
function warnOfOtherAlgorithm(current: SigningAlgorithm, { algorithm = current }: KeyOptions): void {
  if (algorithm === current) return
  console.error(
    `The existing keys use ${current}. Run \`consulate keys --rotate --algorithm ${algorithm}\` to change that.`,
  )
}
