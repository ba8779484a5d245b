import type { Settings } from '../../config/settings.ts'
import { ConfigError, StoreUnavailableError, type ConfigProblem } from '../../errors.ts'
import { managedKeysOf } from '../../keys/managed-directory.ts'
import type { Environment } from '../../keys/environment.ts'
import type { Secrets } from '../../keys/secrets.ts'
import { isInstalled, settingsOf, type Project } from '../project.ts'
import { reasonOf } from './finding.ts'

/** What the checks look at. */
export interface CheckContext extends Project {
  readonly environment: Environment
  /** False without a configuration file or environment variables. The app may then configure the server in code. */
  readonly isConfigured: boolean
  /** Undefined if the configuration has problems. */
  readonly settings: Settings | undefined
  readonly configProblems: readonly ConfigProblem[]
  /** The secrets, or why they cannot be loaded. */
  readonly loaded: Secrets | ConfigError
}

/** Loads what the checks look at. Creates nothing. */
export async function createCheckContext(project: Project): Promise<CheckContext> {
  const { settings, configProblems } = resolveConfig(project)
  return {
    ...project,
    environment: process.env,
    isConfigured: !project.isFromEnvironment || project.config.issuer !== '',
    settings,
    configProblems,
    loaded: await loadSecrets(project),
  }
}

/** Secrets in the database need its tables. Reading them must not create it. */
async function loadSecrets(project: Project): Promise<Secrets | ConfigError> {
  const { secrets } = project
  try {
    if (managedKeysOf(secrets)?.areInStore && !(await isInstalled(project))) return NOT_INSTALLED
    return await secrets.load()
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) return asConfigError(error)
    return new ConfigError([
      { path: 'secrets', message: `those in the database cannot be read: ${reasonOf(error)}` },
    ])
  }
}

const NOT_INSTALLED = new ConfigError([
  { path: 'secrets', message: 'are in the database, which is not installed or has pending migrations' },
])

function resolveConfig(project: Project): Pick<CheckContext, 'settings' | 'configProblems'> {
  try {
    return { settings: settingsOf(project), configProblems: [] }
  } catch (error) {
    return { settings: undefined, configProblems: asConfigError(error).problems }
  }
}

function asConfigError(error: unknown): ConfigError {
  if (error instanceof ConfigError) return error
  throw error
}
