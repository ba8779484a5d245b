import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

// Runs after the compiler. CommonJS packages load the same ES modules with require(), which Node supports. But TypeScript
// assumes that require() cannot load declarations below `"type": "module"`. So the build has a second copy of the
// declarations below `"type": "commonjs"`, and one line of JavaScript for each entry point.

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
}

const dist = resolve(import.meta.dirname, '../dist')
const commonjs = join(dist, 'commonjs')

const { exports } = JSON.parse(readFileSync(join(dist, '../package.json'), 'utf8')) as Manifest
const entries = Object.values(exports).flatMap((target) =>
  typeof target === 'string' ? [] : [resolve(dist, '..', target.default)],
)
const needed = reachable(entries.map((entry) => entry.replace(/\.js$/, '.d.ts')))

removeOtherDeclarations()
for (const path of needed) copy(path)
for (const entry of entries) writeEntry(entry)
writeFileSync(join(commonjs, 'package.json'), '{ "type": "commonjs" }\n')

/** Returns the files, and those that they import. */
function reachable(paths: readonly string[]): ReadonlySet<string> {
  const found = new Set(paths)
  for (const path of found) for (const imported of importsOf(path)) found.add(imported)
  return found
}

function importsOf(path: string): readonly string[] {
  const specifiers = readFileSync(path, 'utf8').matchAll(/(?:from |import |import\()['"](\.[^'"]+)['"]/g)
  return [...specifiers].map(([, name = '']) => resolve(dirname(path), name.replace(/\.[jt]s$/, '.d.ts')))
}

/** Nothing can import them. They would be a third of the package. */
function removeOtherDeclarations(): void {
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.d.ts') && !needed.has(join(dist, name))) rmSync(join(dist, name))
  }
}

function copy(path: string): void {
  cpSync(path, join(commonjs, relative(dist, path)))
}

function writeEntry(path: string): void {
  const target = join(commonjs, relative(dist, path))
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, `module.exports = require('${relative(dirname(target), path)}')\n`)
}
