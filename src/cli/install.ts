import { generateSecrets } from '../keys/generate.ts'
import { createKeySet } from '../keys/key-set.ts'
import { print, printJson } from './output.ts'
import { withProject, type Project } from './project.ts'

/** The flags of `consulate install`. */
export interface InstallOptions {
  readonly json?: boolean
}

/** What an installation has done. */
export interface Installed {
  /** `elsewhere`: they come from the environment or the configuration, and can be used. */
  readonly keys: 'created' | 'kept' | 'elsewhere'
  /** Where the secrets are. */
  readonly secrets: string
  readonly migrations: readonly string[]
}

/** `consulate install`: makes keys and tables where there are none. Again and again is harmless. */
export function install({ json = false }: InstallOptions): Promise<void> {
  return withProject(async (project) => {
    const installed = await installProject(project)
    if (json) return printJson(installed)
    const { keys, secrets, migrations } = installed
    const made = { created: 'made in', kept: 'there already, in', elsewhere: 'read from' }
    print(
      `Keys    ${made[keys]} ${secrets}`,
      `Tables  ${migrations.length > 0 ? `made or updated: ${migrations.join(', ')}` : 'up to date'}`,
    )
  })
}

/** Makes keys and tables of a workplace where there are none. Throws `ConfigError` where its secrets cannot be used. */
export async function installProject({ secrets, store }: Project): Promise<Installed> {
  const keys =
    secrets.directory === undefined
      ? 'elsewhere'
      : (await generateSecrets(secrets.directory)).created
        ? 'created'
        : 'kept'
  await createKeySet(await secrets.load())
  return { keys, secrets: secrets.description, migrations: await store.migrate() }
}
