import type { Files } from './repository.ts'

interface Conditions {
  readonly 'consulate-source': string
  readonly types: string
  readonly default: string
}

/** What the checks read of package.json. */
export interface Manifest {
  readonly exports: Readonly<Record<string, Conditions | string>>
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/

/** Dependencies whose version is a range: npm would pick another one on another day, or on another Node. */
export const loose = ({ dependencies, devDependencies }: Manifest): readonly string[] =>
  Object.entries({ ...dependencies, ...devDependencies })
    .filter(([, version]) => !EXACT.test(version))
    .map(([name, version]) => `${name}: ${version}`)

/** Exports and bins that lead nowhere, or whose built files do not mirror their source. */
export function deadEnds({ exports, bin = {} }: Manifest, files: Files): readonly string[] {
  const bins = Object.values(bin).filter((path) => !(normalize(path) in files))
  return [...Object.entries(exports).flatMap(([name, target]) => faultsOf(name, target, files)), ...bins]
}

/** Exports that neither the README nor the documents name, as `consulate/node`. */
export function unmentioned({ exports }: Manifest, documents: Files): readonly string[] {
  const named = new Set(Object.values(documents).flatMap(specifiersIn))
  return subpaths(exports).filter((specifier) => !named.has(specifier))
}

/** Names in the documents that no export answers to: `docs/a.md: consulate/nowhere`. */
export function madeUp({ exports }: Manifest, documents: Files): readonly string[] {
  const known = new Set(subpaths(exports))
  return Object.entries(documents).flatMap(([path, text]) =>
    [...new Set(specifiersIn(text))].filter((name) => !known.has(name)).map((name) => `${path}: ${name}`),
  )
}

/** Dependencies without a row in the table that says why, and rows without a dependency. */
export function unexplained({ dependencies, devDependencies }: Manifest, table: string): readonly string[] {
  const names = Object.keys({ ...dependencies, ...devDependencies })
  const rows = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name)
  return [...names.filter((name) => !rows.includes(name)), ...rows.filter((row) => !names.includes(row))]
}

const normalize = (path: string): string => path.replace(/^\.\//, '')

const subpaths = (exports: Manifest['exports']): readonly string[] =>
  Object.keys(exports)
    .filter((name) => name !== './package.json')
    .map((name) => name.replace(/^\./, 'consulate'))

function faultsOf(name: string, target: Conditions | string, files: Files): readonly string[] {
  if (typeof target === 'string') return normalize(target) in files ? [] : [`${name} → ${target}`]
  const { 'consulate-source': source, types, default: built } = target
  const faults = normalize(source) in files ? [] : [`${name} → ${source}`]
  const stem = source.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '')
  return faults.concat(
    [types, built]
      .filter((path) => ![`${stem}.d.ts`, `${stem}.js`].includes(path))
      .map((path) => `${name} → ${path}`),
  )
}

/** Specifiers of this package in quotes or backticks: `'consulate'`, `consulate/node` in backticks. */
const specifiersIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?<quote>['"`])(?<name>consulate(?:\/[a-z][a-z-]*)?)\k<quote>/g)].map(
    ({ groups }) => groups?.['name'] ?? '',
  )
