import { existsSync } from 'node:fs'
import { NO_CLIENT_FIELDS, type ClientFields } from '../clients/fields.ts'
import type { ClientDeclaration } from '../clients/declaration.ts'
import type { Config } from '../config/config.ts'
import { resolveSettings, type Settings } from '../config/settings.ts'
import type { SecretsSource } from '../keys/secrets-source.ts'
import { systemClock } from '../lib/clock.ts'
import { subjectOf, type UserRef } from '../model/subject.ts'
import type { Store } from '../store/contract.ts'
import type { AnyUserProvider } from '../users/provider.ts'
import { createActivity, type Activity } from './activity.ts'
import { displayPath } from './config-error.ts'
import { configFilePath, loadConfigFile, findConfigFileNearby } from './config-file.ts'
import { configFromEnvironment } from './environment.ts'
import { CommandError } from './errors.ts'

/** The project that a command works on, with the store and secrets that `consulate serve` would use in the same directory. */
export interface Project {
  /** Where the settings come from, for messages: `consulate.config.ts` or `the environment`. */
  readonly source: string
  readonly config: Config
  readonly store: Store
  /** Records what the command does. */
  readonly activity: Activity
  readonly secrets: SecretsSource
  /** The name of the default user provider. */
  readonly provider: string
  /** The names of all user providers, the default one first. */
  readonly providers: readonly string[]
  /** The types of the enabled grants. */
  readonly grants: ReadonlySet<string>
  /** True if the default provider is `builtInUsers()`. */
  readonly hasBuiltInUsers: boolean
  /** The defined scopes; undefined if the environment does not name any. */
  readonly scopes: ReadonlySet<string> | undefined
  /** Those that only first-party clients can have. */
  readonly firstPartyScopes: ReadonlySet<string>
  /** The checks of the clients' own fields. */
  readonly clientFields: ClientFields
  /** The clients that the configuration declares. */
  readonly declaredClients: readonly ClientDeclaration[]
  /** True without a configuration file. */
  readonly isFromEnvironment: boolean
}

/**
 * Opens the project of the configuration file or, without one, of the environment variables.
 *
 * @throws CommandError if neither is set but there is a configuration file nearby: a command would otherwise create a second
 * database next to the project's own
 */
export async function openProject(): Promise<Project> {
  const path = configFilePath()
  if (path !== undefined) return fromFile(path)
  const nearby = hasVariables() ? undefined : findConfigFileNearby(process.cwd())
  if (nearby !== undefined) {
    const file = displayPath(nearby)
    throw new CommandError(`No configuration file in this directory. To use ${file}, pass --config ${file}.`)
  }
  return fromEnvironment()
}

/** Opens the project for `work` and closes its store afterwards, whatever happens. */
export async function withProject<Result>(work: (project: Project) => Promise<Result>): Promise<Result> {
  const project = await openProject()
  try {
    return await work(project)
  } finally {
    await project.activity.write()
    await project.store.close()
  }
}

/** Returns false if an embedded database does not exist. Check this first, because opening the database would create it. */
export const databaseExists = ({ store: { file } }: Pick<Project, 'store'>): boolean =>
  file === undefined || file === ':memory:' || existsSync(file)

/** Returns whether the tables are up to date. Does not create the database. */
export const isInstalled = async (project: Project): Promise<boolean> =>
  databaseExists(project) && (await project.store.pendingMigrations()).length === 0

/** Throws `CommandError` if the tables are not up to date. */
export async function requireInstalled(project: Project): Promise<void> {
  if (await isInstalled(project)) return
  const { file } = project.store
  const name = file === undefined ? `The database of ${project.source}` : displayPath(file)
  if (!databaseExists(project)) {
    throw new CommandError(
      hasSettings(project) ? `${name} does not exist. Run \`consulate install\`.` : NO_PROJECT,
    )
  }
  throw new CommandError(`${name} has pending migrations. Run \`consulate migrate\`.`)
}

/** Returns false if the database is at its default path because neither a file nor a variable says anything. */
const hasSettings = ({ isFromEnvironment }: Project): boolean => !isFromEnvironment || hasVariables()

/** Returns whether an environment variable configures the project. */
const hasVariables = (): boolean =>
  ['CONSULATE_DATA', 'CONSULATE_DATABASE_URL', 'CONSULATE_ISSUER'].some((name) => process.env[name])

const NO_PROJECT =
  'There is no consulate.config.ts in this directory, and no data/consulate.db. ' +
  'To create a project, run `consulate init`. If another file exports your settings, pass --config.'

/** Returns the settings of a project. Commands other than `serve` need no issuer. Throws `ConfigError`. */
export const settingsOf = ({ config }: Project): Settings =>
  resolveSettings({ ...config, issuer: config.issuer || 'https://localhost' })

/** Throws `CommandError` if neither a configuration file nor the environment sets the issuer. */
export function requireIssuer({ config, isFromEnvironment }: Project): void {
  if (config.issuer !== '' || !isFromEnvironment) return
  throw new CommandError(
    'There is no consulate.config.ts in this directory, and CONSULATE_ISSUER is not set. ' +
      'To create a project, run `consulate init`. To configure the server with environment variables, set CONSULATE_ISSUER ' +
      'to its public URL. To try Consulate, run `consulate serve --demo`.',
  )
}

/** Returns the user provider with a name from `project.providers`, as the server uses it. */
export function userProviderOf(project: Project, name = project.provider): AnyUserProvider {
  const { config, store } = project
  const { users, providers = {} } = config
  const other = name === project.provider ? undefined : providers[name]
  if (other) return other
  return typeof users === 'function' ? users({ store, clock: systemClock }) : users
}

/** Returns a user of the default provider, and their `sub`. */
export function identify({ provider }: Project, userId: string): { user: UserRef; subject: string } {
  const user = { provider, userId }
  return { user, subject: subjectOf(user, provider) }
}

async function fromFile(path: string): Promise<Project> {
  const config = await loadConfigFile(path)
  const { secrets, provider, providers, grants, scopes, clients, clientFields } = resolveSettings(config)
  return {
    source: displayPath(path),
    config,
    store: config.store,
    activity: createActivity(config, config.store, provider),
    secrets,
    provider,
    providers,
    grants: new Set(grants.keys()),
    hasBuiltInUsers: typeof config.users === 'function',
    scopes: scopes.defined,
    firstPartyScopes: scopes.firstPartyOnly,
    clientFields,
    declaredClients: clients,
    isFromEnvironment: false,
  }
}

/** The settings are not checked: only `serve` needs an issuer. */
function fromEnvironment(): Project {
  const { env } = process
  const config = configFromEnvironment(env)
  return {
    source: 'the environment',
    config,
    store: config.store,
    activity: createActivity(config, config.store, 'users'),
    secrets: config.secrets,
    provider: 'users',
    providers: ['users'],
    grants: new Set(config.grants.map(({ type }) => type)),
    hasBuiltInUsers: true,
    scopes: env['CONSULATE_SCOPES'] ? new Set(Object.keys(config.scopes)) : undefined,
    firstPartyScopes: new Set(),
    clientFields: NO_CLIENT_FIELDS,
    declaredClients: [],
    isFromEnvironment: true,
  }
}
