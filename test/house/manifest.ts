import type { Files } from './repository.ts'

/** The types and the JavaScript of an entry point. */
interface Built {
  readonly types: string
  readonly default: string
}

interface Conditions extends Built {
  readonly 'consulate-source': string
  /** For CommonJS packages. `scripts/commonjs.ts` writes both files. */
  readonly require?: Built
}

/** The fields of package.json that the checks read. */
export interface Manifest {
  readonly exports: Readonly<Record<string, Conditions | string>>
  readonly typesVersions?: { readonly '*': Readonly<Record<string, readonly string[]>> }
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** `express4` is an alias of the package with this exact version. */
const EXACT = /^(npm:[^@]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/

/** Source files behind the package's entry points: `src/index.ts`. */
export const entriesOf = ({ exports }: Manifest): readonly string[] =>
  Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? [] : [normalize(target['consulate-source'])],
  )

/** Dependencies with a version range. npm resolves those differently over time and across Node versions. */
export const ranges = ({ dependencies, devDependencies }: Manifest): readonly string[] =>
  Object.entries({ ...dependencies, ...devDependencies })
    .filter(([, version]) => !EXACT.test(version))
    .map(([name, version]) => `${name}: ${version}`)

/** Exports and bins whose target is missing, or whose built files do not match their source. */
export function brokenTargets({ exports, bin = {} }: Manifest, files: Files): readonly string[] {
  const bins = Object.values(bin).filter((path) => !(normalize(path) in files))
  return [...Object.entries(exports).flatMap(([name, target]) => problemsOf(name, target, files)), ...bins]
}

/** Exports whose types TypeScript cannot find with `moduleResolution: node10`, which reads only `typesVersions`. */
export function exportsWithoutTypes({ exports, typesVersions }: Manifest): readonly string[] {
  return Object.entries(exports).flatMap(([name, target]) => {
    if (name === '.' || typeof target === 'string') return []
    const [path] = typesVersions?.['*'][name.replace('./', '')] ?? []
    return path === target.require?.types ? [] : [name]
  })
}

/** Exports that the docs do not mention, as `consulate/node`. */
export function undocumentedExports({ exports }: Manifest, docs: Files): readonly string[] {
  const named = new Set(Object.values(docs).flatMap(specifiersIn))
  return subpaths(exports).filter((specifier) => !named.has(specifier))
}

/** Specifiers in the docs that the package does not export: `docs/a.md: consulate/nowhere`. */
export function unknownExports({ exports }: Manifest, docs: Files): readonly string[] {
  const known = new Set(subpaths(exports))
  return Object.entries(docs).flatMap(([path, text]) =>
    [...new Set(specifiersIn(text))].filter((name) => !known.has(name)).map((name) => `${path}: ${name}`),
  )
}

/** Dependencies without a row in the decision table, and rows without a dependency. */
export function unexplainedDependencies(
  { dependencies, devDependencies }: Manifest,
  table: string,
): readonly string[] {
  const names = Object.keys({ ...dependencies, ...devDependencies })
  const rows = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name)
  return [...names.filter((name) => !rows.includes(name)), ...rows.filter((row) => !names.includes(row))]
}

const normalize = (path: string): string => path.replace(/^\.\//, '')

const subpaths = (exports: Manifest['exports']): readonly string[] =>
  Object.keys(exports)
    .filter((name) => name !== './package.json')
    .map((name) => name.replace(/^\./, 'consulate'))

function problemsOf(name: string, target: Conditions | string, files: Files): readonly string[] {
  if (typeof target === 'string') return normalize(target) in files ? [] : [`${name} → ${target}`]
  const { 'consulate-source': source, require } = target
  const problems = normalize(source) in files ? [] : [`${name} → ${source}`]
  const stem = source.replace(/^\.\/src\//, '').replace(/\.ts$/, '')
  if (!require) problems.push(`${name} has no require condition`)
  return [
    ...problems,
    ...unexpectedTargets(name, target, `./dist/${stem}`),
    ...(require ? unexpectedTargets(name, require, `./dist/commonjs/${stem}`) : []),
  ]
}

const unexpectedTargets = (name: string, built: Built, stem: string): readonly string[] => [
  ...(built.types === `${stem}.d.ts` ? [] : [`${name} → ${built.types}`]),
  ...(built.default === `${stem}.js` ? [] : [`${name} → ${built.default}`]),
]

/** Specifiers of this package in quotes or backticks: `'consulate'`, `consulate/node` in backticks. */
const specifiersIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?<quote>['"`])(?<name>consulate(?:\/[a-z][a-z-]*)?)\k<quote>/g)].map(
    ({ groups }) => groups?.['name'] ?? '',
  )
