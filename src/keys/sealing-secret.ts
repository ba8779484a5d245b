import { readFile } from 'node:fs/promises'
import { ConfigError } from '../errors.ts'
import type { Environment } from './environment.ts'

/** The environment variables with the sealing secret, or with the path of a file that contains it. */
const [VARIABLE, FILE_VARIABLE] = ['CONSULATE_SEALING_SECRET', 'CONSULATE_SEALING_SECRET_FILE'] as const

/** Returns whether the environment has a sealing secret. */
export const hasSealingSecret = (environment: Environment): boolean =>
  Boolean(environment[VARIABLE]?.trim() || environment[FILE_VARIABLE]?.trim())

/** Returns the sealing secrets of the environment. The first one seals. Throws `ConfigError` if there is none. */
export async function readSealingSecrets(environment: Environment): Promise<readonly string[]> {
  const [text, file] = [environment[VARIABLE]?.trim(), environment[FILE_VARIABLE]?.trim()]
  if (text && file) fail(VARIABLE, `must not be set together with ${FILE_VARIABLE}`)
  if (file) return splitSecrets(await readSecretFile(file))
  return text ? splitSecrets(text) : fail(VARIABLE, `is not set. It must contain ${WHAT}`)
}

/** 32 bytes in base64url. */
const MIN_LENGTH = 43
const WHAT = `at least ${MIN_LENGTH} random characters, such as 32 bytes in base64url`

/** Throws `ConfigError` if there is no sealing secret, or if one is too short. */
export function checkSealingSecrets(secrets: readonly string[]): readonly [string, ...string[]] {
  const [first, ...others] = secrets
  if (first === undefined || secrets.some(({ length }) => length < MIN_LENGTH))
    fail(VARIABLE, `must contain ${WHAT}`)
  return [first, ...others]
}

const splitSecrets = (text: string): readonly string[] => text.split(/[\s,]+/).filter(Boolean)

const readSecretFile = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) =>
    fail(FILE_VARIABLE, `cannot read ${path} (${error.code})`),
  )

function fail(path: string, message: string): never {
  throw new ConfigError([{ path, message }])
}
