import { join, resolve } from 'node:path'
import { redis } from '../broadcast/redis.ts'
import type { Config } from '../config/config.ts'
import { ConfigError } from '../errors.ts'
import { authorizationCode } from '../grants/authorization-code.ts'
import { clientCredentials } from '../grants/client-credentials.ts'
import { deviceCode } from '../grants/device-code.ts'
import { refreshToken } from '../grants/refresh-token.ts'
import { signIn, type SignInFeature } from '../grants/sign-in.ts'
import type { Environment } from '../keys/environment.ts'
import type { SecretsSource } from '../keys/secrets-source.ts'
import type { Store } from '../store/contract.ts'
import { sqlite } from '../store/sqlite.ts'
import { openStore } from '../store/url.ts'
import { builtInUsers } from '../users/built-in.ts'
import { secretsOf } from './environment-secrets.ts'

/** The files of a server without a configuration file. */
export interface DataDirectory {
  readonly path: string
  /** The SQLite file. */
  readonly database: string
  /** A directory. */
  readonly secrets: string
}

/** Returns the directory that `CONSULATE_DATA` names; default: `data` in the working directory. */
export function dataDirectory(environment: Environment): DataDirectory {
  const path = resolve(environment['CONSULATE_DATA'] || 'data')
  return { path, database: join(path, 'consulate.db'), secrets: join(path, 'secrets') }
}

/** A configuration with its secrets as a source. */
export type EnvironmentConfig = Config & { readonly secrets: SecretsSource }

/**
 * Reads a configuration from the environment, with built-in users, SQLite unless there is a URL, and every grant but the legacy
 * ones. The sign-in API is off unless it is turned on. The issuer may be missing.
 *
 * @throws ConfigError if the scopes or the URL of the database cannot be parsed, or if there are secrets of two kinds
 */
export function configFromEnvironment(environment: Environment): EnvironmentConfig {
  const { database, secrets: directory } = dataDirectory(environment)
  const issuer = environment['CONSULATE_ISSUER'] ?? ''
  const redisUrl = environment['CONSULATE_REDIS_URL']
  const store = storeOf(environment['CONSULATE_DATABASE_URL'], database)
  return {
    issuer,
    secrets: secretsOf(environment, { store, issuer, directory }),
    store,
    users: builtInUsers(),
    scopes: parseScopes(environment['CONSULATE_SCOPES'] ?? ''),
    grants: [
      authorizationCode(),
      refreshToken(),
      clientCredentials(),
      deviceCode(),
      ...signInFrom(environment['CONSULATE_SIGN_IN'] ?? ''),
    ],
    trustedProxies: listOf(environment['CONSULATE_TRUSTED_PROXIES'] ?? '', /[\s,]+/),
    ...(redisUrl && { broadcast: redis(redisUrl) }),
  }
}

/** An empty URL is a secret that the platform did not fill in: with SQLite instead, all data would seem to be lost. */
function storeOf(url: string | undefined, file: string): Store {
  if (url?.trim() === '')
    throw new ConfigError([
      {
        path: 'CONSULATE_DATABASE_URL',
        message:
          'is empty. Set it to the URL of the database, or unset it to use SQLite in the data directory',
      },
    ])
  return url === undefined ? sqlite(file) : openStore(url, 'CONSULATE_DATABASE_URL')
}

/** Turns on the sign-in API for `on`, or for a list of the origins of web apps. */
function signInFrom(text: string): readonly SignInFeature[] {
  const entries = listOf(text, /[\s,]+/)
  return entries.length === 0 ? [] : [signIn({ origins: entries.filter((entry) => entry !== 'on') })]
}

/** Parses `orders:read=See your orders;orders:create=Place orders`. A description may contain `=`, a scope may not. */
function parseScopes(text: string): Readonly<Record<string, string>> {
  const entries = listOf(text, /[;\n]/)
  const problems = entries.filter((entry) => !SCOPE_ENTRY.test(entry))
  if (problems.length > 0) throw new ConfigError(problems.map(scopeProblem))
  return Object.fromEntries(entries.map(parseScope))
}

const SCOPE_ENTRY = /^([^\s=]+)\s*=\s*(\S.*)$/

const parseScope = (entry: string): readonly [scope: string, description: string] => {
  const [, scope = '', description = ''] = SCOPE_ENTRY.exec(entry) ?? []
  return [scope, description]
}

const scopeProblem = (entry: string): { path: string; message: string } => ({
  path: 'CONSULATE_SCOPES',
  message: `${JSON.stringify(entry)} must be a scope and its description, such as orders:read=See your orders`,
})

const listOf = (text: string, separator: RegExp): readonly string[] =>
  text
    .split(separator)
    .map((entry) => entry.trim())
    .filter(Boolean)
