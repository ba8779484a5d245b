import { ConfigError } from '../errors.ts'
import { createValidator, type OptionNames, type Validator } from '../lib/validator.ts'

/** An hour. Timers of more than 24 days would fire immediately. */
const MAX_TIMEOUT = 3_600_000

/** What a caller without a compiler may have passed. */
type Given = Readonly<Record<string, unknown>>

/**
 * Checks the options of a store. `path` is its function: `sqlite`, `postgres` or `mysql`.
 *
 * @throws ConfigError that names each invalid option
 */
export function checkOptions(
  path: string,
  options: object,
  names: OptionNames<object>,
  check: (given: Given, validator: Validator) => void,
): void {
  const validator = createValidator()
  const given = options as Given
  validator.knownOptions(path, given, names)
  for (const name of Object.keys(names))
    if (given[name] === null)
      validator.problem(`${path}.${name}`, 'must not be null. Omit it for the default')
  checkTimeout(path, given, validator)
  check(given, validator)
  validator.throwIfInvalid()
}

function checkTimeout(path: string, { busyTimeout }: Given, validator: Validator): void {
  if (busyTimeout === undefined || busyTimeout === null) return
  const isValid =
    Number.isSafeInteger(busyTimeout) && Number(busyTimeout) >= 1 && Number(busyTimeout) <= MAX_TIMEOUT
  if (!isValid)
    validator.problem(
      `${path}.busyTimeout`,
      `must be a whole number of milliseconds from 1 to ${MAX_TIMEOUT}`,
    )
}

/** The driver of a server, and what its pools look like. */
export interface PoolKind {
  /** The name of its package. */
  readonly driver: string
  readonly isPool: (value: object) => boolean
}

/**
 * Returns the options of a store on a server, which may be given as a URL. Checks them.
 *
 * @throws ConfigError that names each invalid option
 */
export function serverOptions<Options extends object>(
  path: string,
  location: string | Options,
  names: OptionNames<object>,
  { driver, isPool }: PoolKind,
): Options | { readonly url: string } {
  if (typeof location === 'string') return { url: location }
  const isObject = typeof location === 'object' && location !== null
  if (!isObject || isPool(location))
    throw new ConfigError([{ path, message: `must be a URL or an object: { url } or { pool }` }])
  checkOptions(path, location, names, ({ url, pool, preparedStatements }, validator) => {
    if ((url === undefined) === (pool === undefined)) validator.problem(path, 'needs either url or pool')
    const isGivenPool = typeof pool === 'object' && pool !== null && isPool(pool)
    if (pool !== undefined && !isGivenPool)
      validator.problem(`${path}.pool`, `must be a pool of the package ${driver}`)
    if (preparedStatements !== undefined) validator.boolean(`${path}.preparedStatements`, preparedStatements)
  })
  const isPassed = ([, value]: readonly [string, unknown]): boolean => value !== undefined
  return Object.fromEntries(Object.entries(location).filter(isPassed)) as unknown as Options
}
