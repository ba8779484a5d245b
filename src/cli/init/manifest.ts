import { readFileSync } from 'node:fs'
import type { AppTemplate } from './app-template.ts'
import type { Choices } from './choices.ts'
import type { Extension } from './code.ts'
import { serverOf } from './database.ts'
import type { Folder, Manifest } from './folder.ts'

/**
 * Returns package.json with scripts and packages, and with `"type": "module"` if the package has no code yet. Scripts and
 * versions that are there already stay.
 */
export function updatedManifest(
  folder: Folder,
  app: AppTemplate,
  extension: Extension,
  choices: Pick<Choices, 'language' | 'database'>,
): string {
  const { manifest, isModule, indent } = folder
  const { scripts, dependencies, devDependencies } = manifest
  const { packages, tools } = packagesFor(app, choices)
  const known = { ...dependencies, ...devDependencies }
  const missing = (names: readonly string[]) => names.filter((name) => known[name] === undefined)
  const [added, addedTools] = [missing(packages), missing(tools)]
  const updated: Manifest = {
    ...manifest,
    ...(isModule && { type: 'module' }),
    scripts: { ...withoutPlaceholder(scripts), ...scriptsOf(app, extension), ...withoutPlaceholder(scripts) },
    ...(added.length > 0 && { dependencies: withVersions(dependencies, added, app.versions) }),
    ...(addedTools.length > 0 && {
      devDependencies: withVersions(devDependencies, addedTools, app.versions),
    }),
  }
  return `${JSON.stringify(updated, null, indent)}\n`
}

/** Returns the packages that a project runs with, and those that it is built with. */
export function packagesFor(
  { packages, tools }: AppTemplate,
  { language, database }: Pick<Choices, 'language' | 'database'>,
) {
  const driver = serverOf(database)?.driver
  return {
    packages: driver === undefined ? packages : [...packages, driver],
    tools: [
      ...(language === 'typescript' ? ['typescript', '@types/node'] : []),
      ...(tools?.[language] ?? []),
    ],
  }
}

/** Returns the npm scripts of a project. */
export const scriptsOf = (
  { scripts }: AppTemplate,
  extension: Extension,
): Readonly<Record<string, string>> => ({
  ...(scripts ?? { dev: `node --watch app.${extension}`, start: `node app.${extension}` }),
  doctor: 'consulate doctor',
})

/** `npm init` writes a `test` script that only fails. */
function withoutPlaceholder(scripts: Manifest['scripts'] = {}): Readonly<Record<string, string>> {
  const { test, ...others } = scripts
  return test === undefined || test.includes('no test specified') ? others : scripts
}

/** Sorted by name, as npm does. */
function withVersions(
  existing: Readonly<Record<string, string>> = {},
  names: readonly string[],
  known: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const versions = names.map((name) => [name, `^${known[name] ?? TESTED[name] ?? ''}`] as const)
  const all = [...Object.entries(existing), ...versions]
  return Object.fromEntries(all.toSorted(([left], [right]) => (left < right ? -1 : 1)))
}

/** The versions that this version of Consulate is tested with. */
const TESTED: Readonly<Record<string, string>> = readTestedVersions()

function readTestedVersions(): Readonly<Record<string, string>> {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const manifest = JSON.parse(text) as { readonly devDependencies: Readonly<Record<string, string>> }
  return manifest.devDependencies
}

/** The database and the secrets. */
const IGNORED = ['node_modules/', 'data/']

/** Returns .gitignore with what must not be in a repository. */
export function updatedIgnores(text: string, more: readonly string[] = []): string {
  const lines = new Set(text.split('\n').map((line) => line.trim().replaceAll(/^\/|\/$/g, '')))
  const missing = [...IGNORED, ...more].filter((entry) => !lines.has(entry.replace(/\/$/, '')))
  if (missing.length === 0) return text
  const start = text === '' || text.endsWith('\n') ? text : `${text}\n`
  return `${start}${missing.join('\n')}\n`
}
