import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Files of the repository: path from its root, with forward slashes, to text. */
export type Files = Readonly<Record<string, string>>

/** Where the repository lies, without a slash at the end. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

const NOT_OURS = new Set(['.git', 'node_modules', 'dist', 'data', 'coverage'])
const NOT_TEXT = new Set(['.png', '.jpg', '.ico', '.gif', '.woff2', '.db', '.tgz', '.log'])

/** The text files below a folder of the repository (default: all of them), in order of their paths. */
export function filesBelow(folder = ''): Files {
  const paths = walk(join(ROOT, folder)).filter((path) => !NOT_TEXT.has(extname(path)))
  return Object.fromEntries(
    paths.toSorted().map((path) => [relative(ROOT, path), readFileSync(path, 'utf8')]),
  )
}

/** Those of the files whose path fits. */
export const matching = (files: Files, pattern: RegExp): Files =>
  Object.fromEntries(Object.entries(files).filter(([path]) => pattern.test(path)))

function walk(folder: string): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => !NOT_OURS.has(entry.name))
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return walk(path)
    return entry.isFile() ? [path] : []
  })
}
