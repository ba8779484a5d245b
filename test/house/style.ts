import type { Files } from './repository.ts'
import type { Source } from './source.ts'

const LONGEST_SOURCE = 300
const LONGEST_EXAMPLE = 60

/** Public exports without a doc comment, as `src/a.ts: createThing`. `entries` are the files that package.json exports. */
export function undocumented(sources: readonly Source[], entries: readonly string[]): readonly string[] {
  const files = new Map(sources.map((source) => [source.path, source]))
  const problems = entries.flatMap(
    (entry) => files.get(entry)?.undocumented.map((name) => `${entry}: ${name}`) ?? [],
  )
  const pending = entries.flatMap((entry) => files.get(entry)?.reexports ?? [])
  for (const { name, from } of pending) {
    const source = files.get(from)
    if (source?.undocumented.includes(name)) problems.push(`${from}: ${name}`)
    pending.push(...(source?.reexports.filter((reexport) => reexport.name === name) ?? []))
  }
  return [...new Set(problems)]
}

/** Nest creates modules from classes. */
const NEST = 'src/adapters/nest-mount.ts'

/** Banned constructs: `any`, enums, namespaces, classes other than errors, default exports, `export *`. */
export const banned = (sources: readonly Source[]): readonly string[] =>
  sources.flatMap(({ path, banned: names }) =>
    names.filter((name) => !(path === NEST && name.startsWith('class '))).map((name) => `${path}: ${name}`),
  )

/** All text of the pages in one more language: one file, as the guide promises. */
const TRANSLATION = 'examples/german/messages.ts'

/** Source files over 300 lines. */
export const tooLong = (sources: readonly Source[]): readonly string[] =>
  sources
    .filter(({ path, lines }) => lines > LONGEST_SOURCE && path !== TRANSLATION)
    .map(({ path, lines }) => `${path}: ${lines} lines`)

/** Examples over 60 lines. */
export const tooLongToShow = (examples: Files): readonly string[] =>
  Object.entries(examples)
    .map(([path, text]) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ path, lines }) => lines > LONGEST_EXAMPLE && path !== TRANSLATION)
    .map(({ path, lines }) => `${path}: ${lines} lines`)

/** Source files more than two folders below `src`. */
export const tooDeep = (paths: readonly string[]): readonly string[] =>
  paths.filter((path) => path.startsWith('src/') && path.split('/').length > 4)

/** Decisions whose number is in another file name too, or not in their heading. */
export function misnumbered(decisions: Files): readonly string[] {
  const numberOf = (path: string): string => /(\d{4})-[^/]*$/.exec(path)?.[1] ?? ''
  const paths = Object.keys(decisions)
  return paths.filter((path) => {
    const number = numberOf(path)
    const isTaken = paths.some((other) => other !== path && numberOf(other) === number)
    return isTaken || !decisions[path]?.startsWith(`# ${Number(number)}. `)
  })
}

/** Paths that are not kebab-case, or repeat their folder: `grants/password-grant`. */
export const misnamed = (paths: readonly string[]): readonly string[] =>
  paths.filter((path) => !isWellNamed(path))

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|test-d|config|d))?(\.[a-z]+)?$/

/** Names that other tools expect. */
const FIXED_NAMES = new Set(['README.md', '.npmrc', 'Dockerfile', '.dockerignore', 'Caddyfile'])

function isWellNamed(path: string): boolean {
  // Next names parameters in brackets: `[...path]`.
  const parts = path.split('/').map((part) => part.replace(/^\[(?:\.\.\.)?([^\]]+)\]$/, '$1'))
  if (FIXED_NAMES.has(parts.at(-1) ?? '')) return true
  if (!parts.every((part) => KEBAB.test(part))) return false
  const [folder = '', file = ''] = parts.slice(-2)
  const base = file.replace(/\..*$/, '')
  return ![folder, folder.replace(/s$/, '')].some((name) => base.endsWith(`-${name}`))
}
