import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Files by path relative to the repository root, with forward slashes. */
export type Files = Readonly<Record<string, string>>

/** The absolute path of the repository, without a trailing slash. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

const IGNORED = new Set([
  '.git',
  '.next',
  '.tests',
  'node_modules',
  'dist',
  'data',
  'coverage',
  'generated',
  'cache',
  '.temp',
])
const BINARY = new Set(['.png', '.jpg', '.ico', '.gif', '.woff2', '.db', '.tgz', '.log'])

/** Returns the text files below a folder (default: the whole repository), sorted by path. */
export function filesBelow(folder = ''): Files {
  const paths = walk(join(ROOT, folder)).filter((path) => !BINARY.has(extname(path)))
  return Object.fromEntries(
    paths.toSorted().map((path) => [relative(ROOT, path), readFileSync(path, 'utf8')]),
  )
}

/** Returns the files whose path matches. */
export const matching = (files: Files, pattern: RegExp): Files =>
  Object.fromEntries(Object.entries(files).filter(([path]) => pattern.test(path)))

function walk(folder: string): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => !IGNORED.has(entry.name))
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return walk(path)
    return entry.isFile() ? [path] : []
  })
}
