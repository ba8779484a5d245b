import { existsSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import { resolveSettings, type Settings } from '../config/settings.ts'
import type { SecretsSource } from '../keys/secrets.ts'
import { systemClock } from '../lib/clock.ts'
import { subjectOf, type UserRef } from '../model/subject.ts'
import type { Store } from '../store/contract.ts'
import type { UserProvider } from '../users/provider.ts'
import { displayPath } from './config-error.ts'
import { configFilePath, loadConfigFile, findConfigFileNearby } from './config-file.ts'
import { configFromEnvironment } from './environment.ts'
import { CommandError } from './errors.ts'

/** What a command works on: the same store and secrets that `consulate serve` would use in the same project. */
export interface Project {
  /** Where that is said, for messages: `consulate.config.ts`, or `the environment`. */
  readonly source: string
  readonly config: Config
  readonly store: Store
  readonly secrets: SecretsSource
  /** The provider that new clients sign people in with. */
  readonly provider: string
  /** The names of all providers, that one first. */
  readonly providers: readonly string[]
  /** The types of the grants that are listed. */
  readonly grants: ReadonlySet<string>
  /** Whether the server itself keeps its people. */
  readonly hasBuiltInUsers: boolean
  /** The scopes that are defined; undefined where nothing was said about them. */
  readonly scopes: ReadonlySet<string> | undefined
  /** Whether nothing but the environment says what the server is: then `consulate serve` runs it. */
  readonly isFromEnvironment: boolean
}

/**
 * Opens the project that the configuration file describes; without one, the project that the environment describes.
 *
 * @throws CommandError if neither does, but there is a configuration file nearby: a command would otherwise create a second
 * database beside the project's own
 */
export async function openProject(): Promise<Project> {
  const path = configFilePath()
  if (path !== undefined) return fromFile(path)
  const { CONSULATE_DATA: data, CONSULATE_ISSUER: issuer } = process.env
  const nearby = data || issuer ? undefined : findConfigFileNearby(process.cwd())
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
    await project.store.close()
  }
}

/** Whether the database is there to be asked: an embedded one would be made by opening it. */
export const databaseExists = ({ store: { file } }: Pick<Project, 'store'>): boolean =>
  file === undefined || file === ':memory:' || existsSync(file)

/** Whether the tables are up to date. A database that is missing is not made by looking. */
export const isInstalled = async (project: Project): Promise<boolean> =>
  databaseExists(project) && (await project.store.pendingMigrations()).length === 0

/** Throws `CommandError` where the tables are not up to date. */
export async function requireInstalled(project: Project): Promise<void> {
  if (await isInstalled(project)) return
  const where = project.store.file ?? `what ${project.source} names`
  throw new CommandError(`${where} has no tables, or old ones: run \`consulate install\``)
}

/** The settings of a workplace. Whoever serves nobody need not say where the server lives. Throws `ConfigError`. */
export const settingsOf = ({ config }: Project): Settings =>
  resolveSettings({ ...config, issuer: config.issuer || 'https://localhost' })

/** Throws `CommandError` where the environment names no issuer: in its own words, which the settings do not know. */
export function requireIssuer({ config, isFromEnvironment }: Project): void {
  if (config.issuer !== '' || !isFromEnvironment) return
  const help = 'set it, or write consulate.config.ts; to try Consulate out: `consulate serve --demo`'
  throw new CommandError(`CONSULATE_ISSUER is not set, and there is no consulate.config.ts here: ${help}`)
}

/** The people of one provider of a workplace, as its server looks them up; default: those of the first. */
export function userProviderOf({ config, store, provider: first }: Project, provider = first): UserProvider {
  const { users, providers = {} } = config
  const other = provider === first ? undefined : providers[provider]
  if (other) return other
  return typeof users === 'function' ? users({ store, clock: systemClock }) : users
}

/** A person of the workplace's provider, and their `sub`. */
export function identify({ provider }: Project, userId: string): { user: UserRef; subject: string } {
  const user = { provider, userId }
  return { user, subject: subjectOf(user, provider) }
}

async function fromFile(path: string): Promise<Project> {
  const config = await loadConfigFile(path)
  const { secrets, provider, providers, grants, scopes } = resolveSettings(config)
  return {
    source: displayPath(path),
    config,
    store: config.store,
    secrets,
    provider,
    providers,
    grants: new Set(grants.keys()),
    hasBuiltInUsers: typeof config.users === 'function',
    scopes: scopes.defined,
    isFromEnvironment: false,
  }
}

/** Only `serve` needs an issuer, so nothing is checked here. */
function fromEnvironment(): Project {
  const { env } = process
  const config = configFromEnvironment(env)
  return {
    source: 'the environment',
    config,
    store: config.store,
    secrets: config.secrets,
    provider: 'users',
    providers: ['users'],
    grants: new Set(config.grants.map(({ type }) => type)),
    hasBuiltInUsers: true,
    scopes: env['CONSULATE_SCOPES'] ? new Set(Object.keys(config.scopes)) : undefined,
    isFromEnvironment: true,
  }
}
