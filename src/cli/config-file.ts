import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Config } from '../config/config.ts'
import { describeLoadError, displayPath } from './config-error.ts'
import { CommandError } from './errors.ts'

const EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']
const NAMES = EXTENSIONS.map((extension) => `consulate.config${extension}`)

/** Returns the configuration file in a directory: the first of `consulate.config.ts`, `.mts`, `.cts`, `.js` and so on. */
export const findConfigFile = (directory: string): string | undefined =>
  NAMES.map((name) => join(directory, name)).find((path) => existsSync(path))

/**
 * Returns the file that `--config` or `CONSULATE_CONFIG` names, otherwise the one in the working directory.
 *
 * @throws CommandError if the named file does not exist or is a directory
 */
export function configFilePath(): string | undefined {
  const named = process.env['CONSULATE_CONFIG']
  if (!named) return findConfigFile(process.cwd())
  const path = resolve(named)
  if (!existsSync(path)) throw new CommandError(`Configuration file ${named} does not exist.`)
  if (!statSync(path).isDirectory()) return path
  const inside = findConfigFile(path) ?? join(path, 'consulate.config.ts')
  throw new CommandError(`${named} is a directory. Pass the file: --config ${displayPath(inside)}`)
}

/** Returns a configuration file that may be meant instead: the built one, or that of a directory above in the same package. */
export const findConfigFileNearby = (directory: string): string | undefined =>
  findConfigFile(join(directory, 'dist')) ?? findAbove(directory)

function findAbove(directory: string): string | undefined {
  const parent = dirname(directory)
  const isTop = ['package.json', '.git'].some((name) => existsSync(join(directory, name)))
  if (isTop || parent === directory) return undefined
  return findConfigFile(parent) ?? findAbove(parent)
}

/**
 * Runs a configuration file and returns its default export.
 *
 * @throws CommandError with the file and line of the cause, if it cannot be loaded or exports no configuration
 */
export async function loadConfigFile(path: string): Promise<Config> {
  const notice = setTimeout(() => console.error(`Still loading ${displayPath(path)}…`), 3000).unref()
  try {
    return toConfig(await defaultExport(await importFile(path)), path)
  } catch (error) {
    throw describeLoadError(error, path)
  } finally {
    clearTimeout(notice)
  }
}

/**
 * Node itself loads ES modules, and strips their types. What it refuses and every TypeScript project may have is jiti's:
 * `./users.js` for `users.ts`, missing extensions, enums, CommonJS packages, `paths` of tsconfig.json.
 */
async function importFile(path: string): Promise<unknown> {
  if (isEsModule(path)) {
    try {
      return await import(pathToFileURL(path).href)
    } catch (error) {
      if (!isLoaderError(error)) throw error
    }
  }
  return importWithJiti(path)
}

/**
 * In production, the package that tsconfig.json extends is often not installed, and it has nothing but options of the
 * compiler. So an unusable tsconfig.json is an error only if an import cannot be resolved without its `paths`.
 */
async function importWithJiti(path: string): Promise<unknown> {
  const { createJiti } = await import('jiti')
  const load = (tsconfigPaths: boolean) =>
    createJiti(path, { fsCache: false, tsconfigPaths, interopDefault: false })
  try {
    return await load(true).import(path)
  } catch (cause) {
    if (!isTsconfigError(cause)) throw cause
    return load(false)
      .import(path)
      .catch((error: unknown) => {
        throw isMissingModule(error) ? cause : error
      })
  }
}

/** The error of jiti for a missing base: `File '@tsconfig/node24/tsconfig.json' not found.` */
const isTsconfigError = (error: unknown): boolean =>
  error instanceof Error && /^File '[^']*' not found\.$/.test(error.message)

const isMissingModule = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).endsWith('MODULE_NOT_FOUND')

function isEsModule(path: string): boolean {
  const extension = extname(path)
  if (extension === '.mjs' || extension === '.mts') return true
  if (extension !== '.js' && extension !== '.ts') return false
  return packageType(dirname(path)) === 'module'
}

/** Returns the `type` of the nearest package.json. */
function packageType(directory: string): string | undefined {
  const manifest = join(directory, 'package.json')
  if (existsSync(manifest)) return (JSON.parse(readFileSync(manifest, 'utf8')) as { type?: string }).type
  const parent = dirname(directory)
  return parent === directory ? undefined : packageType(parent)
}

/** Returns whether Node could not resolve, read or compile a file. Errors of the program itself are none of these. */
function isLoaderError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof SyntaxError) return true
  if (error instanceof ReferenceError) return error.message.endsWith('is not defined in ES module scope')
  return 'code' in error && LOADER_CODES.has(String(error.code))
}

const LOADER_CODES: ReadonlySet<string> = new Set([
  'ERR_IMPORT_ATTRIBUTE_MISSING',
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_DIR_IMPORT',
])

/** A CommonJS module that was compiled from an ES module has its own `default`. A promise is awaited. */
async function defaultExport(module: unknown): Promise<unknown> {
  const outer = property(module, 'default') ?? module
  return property(outer, 'default') ?? outer
}

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

/** Only checks that a configuration is meant: what is wrong with it, the settings say. */
function toConfig(value: unknown, path: string): Config {
  const isObject = typeof value === 'object' && value !== null
  if (isObject && 'core' in value) throw wrongExport(path, 'a server')
  if (isObject && ('issuer' in value || 'store' in value)) return value as Config
  throw wrongExport(path, typeof value === 'function' ? 'a function' : 'no configuration')
}

const wrongExport = (path: string, what: string): CommandError =>
  new CommandError(
    `${displayPath(path)} exports ${what}. Write \`export default defineConfig({ issuer, … })\`.`,
  )
