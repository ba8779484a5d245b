import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { CommandError } from '../errors.ts'

/** The parts of package.json that matter here. Others are kept as they are. */
export interface Manifest {
  readonly type?: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** What is in the folder before. */
export interface Folder {
  readonly path: string
  readonly manifest: Manifest
  /** The indentation of package.json. */
  readonly indent: string | number
  /** True if files are ES modules, or will be because there are none yet. */
  readonly isModule: boolean
  /** The text of .gitignore. */
  readonly ignores: string
  /** The text of .env. */
  readonly environment: string
  /** The text of tsconfig.json, if there is one. */
  readonly tsconfig: string | undefined
}

/** Reads a folder. Throws `CommandError` if its package.json cannot be parsed. */
export function readFolder(path: string): Folder {
  const text = readText(join(path, 'package.json'))
  const manifest = text === undefined ? newManifest(path) : parseManifest(text)
  return {
    path,
    manifest,
    indent: /^[\t ]+/m.exec(text ?? '')?.[0] ?? 2,
    isModule: manifest.type === 'module' || !hasSources(path),
    ignores: readText(join(path, '.gitignore')) ?? '',
    environment: readText(join(path, '.env')) ?? '',
    tsconfig: readText(join(path, 'tsconfig.json')),
  }
}

const newManifest = (path: string): Manifest & { readonly name: string; readonly private: true } => ({
  name:
    basename(path)
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, '-')
      .replaceAll(/^-+|-+$/g, '') || 'app',
  private: true,
})

function parseManifest(text: string): Manifest {
  const manifest = parseJson(text)
  if (!isRecord(manifest)) throw new CommandError('package.json must contain an object. Nothing was changed.')
  for (const name of ['scripts', 'dependencies', 'devDependencies']) {
    const part = manifest[name] ?? {}
    if (!isRecord(part) || Object.values(part).some((value) => typeof value !== 'string'))
      throw new CommandError(`In package.json, ${name} must be an object of texts. Nothing was changed.`)
  }
  return manifest
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CommandError('package.json is not valid JSON. Nothing was changed.', { cause })
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Changing the `type` of a package with code would break that code. */
const hasSources = (path: string): boolean =>
  existsSync(join(path, 'src')) ||
  readdirSync(path).some((name) => /\.(js|ts|jsx|tsx)$/.test(name) && !name.includes('.config.'))

/** Returns the text of a file, or undefined if it does not exist. */
export function readText(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found && !found.isFile()) throw isInTheWay(basename(path), 'a file')
  return found && readFileSync(path, 'utf8')
}

/**
 * Returns the text of a file that may be written, or undefined if it does not exist.
 *
 * @throws CommandError if something else has its name, or if a symbolic link leads to it: it could be in another folder
 */
export function readTextIn(folder: string, path: string): string | undefined {
  const kindOf = (name: string) => lstatSync(join(folder, name), { throwIfNoEntry: false })
  for (const directory of directoriesOf(path))
    if (kindOf(directory)?.isDirectory() === false) throw isInTheWay(directory, 'a directory')
  if (kindOf(path)?.isFile() === false) throw isInTheWay(path, 'a file')
  return readText(join(folder, path))
}

const isInTheWay = (name: string, wanted: string): CommandError =>
  new CommandError(`${name} exists, but is not ${wanted}. Nothing was changed. Move it away first.`)

/** Returns `app` and `app/api` for `app/api/route.ts`. */
const directoriesOf = (path: string): readonly string[] =>
  path
    .split('/')
    .slice(0, -1)
    .map((_, index, names) => names.slice(0, index + 1).join('/'))
