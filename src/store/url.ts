import { ConfigError, type ConfigProblem } from '../errors.ts'
import type { Store } from './contract.ts'
import { mysql } from './mysql.ts'
import { postgres } from './postgres.ts'
import { sqlite } from './sqlite.ts'

/** Opens the store of a URL, by its scheme. */
const STORES: Readonly<Record<string, (url: string) => Store>> = {
  sqlite: (url) => sqlite(url.replace(/^sqlite:(?:\/\/(?=\/))?/, '')),
  postgres,
  postgresql: postgres,
  mysql,
  mariadb: mysql,
}

/**
 * Opens the store that a URL names: `sqlite:./data/consulate.db` or `postgres://user:password@host/database`. Connects when it
 * is first used. No message repeats the URL, because it may contain a password.
 *
 * @throws ConfigError if the URL is invalid, or the package of its driver is not installed. `path` names the option.
 */
export function openStore(url: string, path = 'url'): Store {
  const scheme = /^([a-z]+):/.exec(url)?.[1] ?? ''
  const open = Object.hasOwn(STORES, scheme) ? STORES[scheme] : undefined
  if (!open || /^sqlite:(?:\/\/)?$/.test(url)) throw new ConfigError([{ path, message: UNKNOWN }])
  try {
    return open(url)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(error.problems.map((problem) => ({ path, message: inUrl(problem) })))
  }
}

/** Names the option of a URL that a problem is about: only the path of the problem does. */
function inUrl({ path, message }: ConfigProblem): string {
  const option = OPTIONS.find(([name]) => path.endsWith(`.${name}`))?.[1]
  return option === undefined ? message : `${option} ${message}`
}

const OPTIONS = [
  ['schema', 'schema'],
  ['tablePrefix', 'table_prefix'],
] as const

const UNKNOWN = `must start with ${Object.keys(STORES)
  .map((scheme) => `${scheme}:${scheme === 'sqlite' ? '' : '//'}`)
  .join(', ')}, such as sqlite:./data/consulate.db or postgres://user:password@host/database`
