import { existsSync, readdirSync, readFileSync } from 'node:fs'
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
  try {
    const manifest: unknown = JSON.parse(text)
    if (typeof manifest === 'object' && manifest !== null && !Array.isArray(manifest)) return manifest
  } catch (cause) {
    throw new CommandError('package.json is not valid JSON. Nothing was changed.', { cause })
  }
  throw new CommandError('package.json must contain an object. Nothing was changed.')
}

/** Changing the `type` of a package with code would break that code. */
const hasSources = (path: string): boolean =>
  existsSync(join(path, 'src')) ||
  readdirSync(path).some((name) => /\.(js|ts|jsx|tsx)$/.test(name) && !name.includes('.config.'))

/** Returns the text of a file, or undefined if there is none. */
export const readText = (path: string): string | undefined =>
  existsSync(path) ? readFileSync(path, 'utf8') : undefined
