import { existsSync } from 'node:fs'
import { resolveSettings, type Settings } from '../../config/settings.ts'
import { ConfigError, type ConfigProblem } from '../../errors.ts'
import type { Environment } from '../../keys/environment.ts'
import type { Secrets } from '../../keys/secrets.ts'
import type { Workplace } from '../workplace.ts'

/** What the checks look at. */
export interface Patient extends Workplace {
  readonly environment: Environment
  /** Undefined where the configuration is not as it must be. */
  readonly settings: Settings | undefined
  /** What is wrong with it. */
  readonly configProblems: readonly ConfigProblem[]
  /** What the source gave, or why it gave nothing. */
  readonly loaded: Secrets | ConfigError
  /** Whether nothing but the environment says what the server is: then `consulate serve` runs it. */
  readonly isFromEnvironment: boolean
}

/** Takes in what the checks look at. Nothing is made by looking. */
export async function admit(place: Workplace): Promise<Patient> {
  const { settings, configProblems } = settingsOf(place)
  return {
    ...place,
    environment: process.env,
    settings,
    configProblems,
    loaded: await place.secrets.load().catch(asConfigError),
    isFromEnvironment: place.database !== undefined,
  }
}

/** Whether the database is there to be asked: an embedded one would be made by opening it. */
export const hasDatabase = ({ store: { file } }: Pick<Workplace, 'store'>): boolean =>
  file === undefined || file === ':memory:' || existsSync(file)

/** An issuer that is not set is the issuer's own finding: the rest can be judged without it. */
function settingsOf({ config }: Workplace): Pick<Patient, 'settings' | 'configProblems'> {
  try {
    const settings = resolveSettings({ ...config, issuer: config.issuer || 'https://localhost' })
    return { settings, configProblems: [] }
  } catch (error) {
    return { settings: undefined, configProblems: asConfigError(error).problems }
  }
}

function asConfigError(error: unknown): ConfigError {
  if (error instanceof ConfigError) return error
  throw error
}
