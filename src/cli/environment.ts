import { join, resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import { ConfigError } from '../errors.ts'
import { authorizationCode } from '../grants/authorization-code.ts'
import { clientCredentials } from '../grants/client-credentials.ts'
import { deviceCode } from '../grants/device-code.ts'
import { refreshToken } from '../grants/refresh-token.ts'
import { secretsFromDirectory } from '../keys/directory.ts'
import { secretsFromEnvironment, type Environment } from '../keys/environment.ts'
import type { SecretsSource } from '../keys/secrets.ts'
import { sqlite } from '../store/sqlite.ts'
import { builtInUsers } from '../users/built-in.ts'

/** Where a server without a configuration file keeps what it has. */
export interface DataFolder {
  readonly path: string
  /** The SQLite file. */
  readonly database: string
  /** The directory of the secrets. */
  readonly secrets: string
}

/** The folder that `CONSULATE_DATA` names; `data` in the working directory where it names none. */
export function dataFolder(environment: Environment): DataFolder {
  const path = resolve(environment['CONSULATE_DATA'] || 'data')
  return { path, database: join(path, 'consulate.db'), secrets: join(path, 'secrets') }
}

const hasSecretsInEnvironment = (environment: Environment): boolean =>
  Boolean(environment['CONSULATE_PRIVATE_KEY'] || environment['CONSULATE_SECRET'])

/** A configuration with its secrets as a source. */
export type EnvironmentConfig = Config & { readonly secrets: SecretsSource }

/**
 * The configuration that the environment gives: people of the server's own, SQLite, and every grant but the legacy ones.
 *
 * @throws ConfigError for scopes that cannot be read; a missing issuer is left for the settings to find
 */
export function configFromEnvironment(environment: Environment): EnvironmentConfig {
  const { database, secrets } = dataFolder(environment)
  return {
    issuer: environment['CONSULATE_ISSUER'] ?? '',
    secrets: hasSecretsInEnvironment(environment)
      ? secretsFromEnvironment(environment)
      : secretsFromDirectory(secrets),
    store: sqlite(database),
    users: builtInUsers(),
    scopes: readScopes(environment['CONSULATE_SCOPES'] ?? ''),
    grants: [authorizationCode(), refreshToken(), clientCredentials(), deviceCode()],
    trustedProxies: listOf(environment['CONSULATE_TRUSTED_PROXIES'] ?? '', /[\s,]+/),
  }
}

/** `orders:read=See your orders;orders:create=Place orders`: the sentence may hold a `=`, the scope may not. */
function readScopes(text: string): Readonly<Record<string, string>> {
  const entries = listOf(text, /[;\n]/)
  const problems = entries.filter((entry) => !SCOPE_ENTRY.test(entry))
  if (problems.length > 0) throw new ConfigError(problems.map(scopeProblem))
  return Object.fromEntries(entries.map(readScope))
}

const SCOPE_ENTRY = /^([^\s=]+)\s*=\s*(\S.*)$/

const readScope = (entry: string): readonly [scope: string, sentence: string] => {
  const [, scope = '', sentence = ''] = SCOPE_ENTRY.exec(entry) ?? []
  return [scope, sentence]
}

const scopeProblem = (entry: string): { path: string; message: string } => ({
  path: 'CONSULATE_SCOPES',
  message: `${JSON.stringify(entry)} must be a scope and its sentence: orders:read=See your orders`,
})

const listOf = (text: string, separator: RegExp): readonly string[] =>
  text
    .split(separator)
    .map((entry) => entry.trim())
    .filter(Boolean)
