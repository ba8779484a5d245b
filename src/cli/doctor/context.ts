import type { Settings } from '../../config/settings.ts'
import { ConfigError, type ConfigProblem } from '../../errors.ts'
import type { Environment } from '../../keys/environment.ts'
import type { Secrets } from '../../keys/secrets.ts'
import { settingsOf, type Project } from '../project.ts'

/** What the checks look at. */
export interface CheckContext extends Project {
  readonly environment: Environment
  /** Undefined where the configuration is not as it must be. */
  readonly settings: Settings | undefined
  /** What is wrong with it. */
  readonly configProblems: readonly ConfigProblem[]
  /** What the source gave, or why it gave nothing. */
  readonly loaded: Secrets | ConfigError
}

/** Takes in what the checks look at. Nothing is made by looking. */
export async function createCheckContext(project: Project): Promise<CheckContext> {
  const { settings, configProblems } = resolveConfig(project)
  return {
    ...project,
    environment: process.env,
    settings,
    configProblems,
    loaded: await project.secrets.load().catch(asConfigError),
  }
}

/** An issuer that is not set is the issuer's own finding: the rest can be judged without it. */
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
