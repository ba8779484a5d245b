import type { Settings } from '../../config/settings.ts'
import { ConfigError, type ConfigProblem } from '../../errors.ts'
import type { Environment } from '../../keys/environment.ts'
import type { Secrets } from '../../keys/secrets.ts'
import { settingsOf, type Project } from '../project.ts'

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
    loaded: await project.secrets.load().catch(asConfigError),
  }
}

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
