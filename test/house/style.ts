import type { Files } from './repository.ts'
import type { Source } from './source.ts'

const LONGEST_SOURCE = 300
const LONGEST_EXAMPLE = 60

/** Exported names that nobody explained: `src/a.ts: createThing`. */
export const undocumented = (sources: readonly Source[]): readonly string[] =>
  sources.flatMap(({ path, undocumented: names }) => names.map((name) => `${path}: ${name}`))

/** What the house does without: `any`, enums, namespaces, classes but errors, default exports. */
export const unwelcome = (sources: readonly Source[]): readonly string[] =>
  sources.flatMap(({ path, unwelcome: names }) => names.map((name) => `${path}: ${name}`))

/** Files of src over 300 lines: those are two files. */
export const tooLong = (sources: readonly Source[]): readonly string[] =>
  sources.filter(({ lines }) => lines > LONGEST_SOURCE).map(({ path, lines }) => `${path}: ${lines} lines`)

/** Examples over 60 lines: nobody reads those in one sitting. */
export const tooLongToShow = (examples: Files): readonly string[] =>
  Object.entries(examples)
    .map(([path, text]) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > LONGEST_EXAMPLE)
    .map(({ path, lines }) => `${path}: ${lines} lines`)

/** Files of src with more than two folders between. */
export const tooDeep = (paths: readonly string[]): readonly string[] =>
  paths.filter((path) => path.startsWith('src/') && path.split('/').length > 4)

/** Files and folders of code whose name is not kebab-case, or says again what its folder says: `grants/password-grant`. */
export const misnamed = (paths: readonly string[]): readonly string[] =>
  paths.filter((path) => !isWellNamed(path))

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|test-d|config|d))?(\.[a-z]+)?$/

function isWellNamed(path: string): boolean {
  const parts = path.split('/')
  if (parts.at(-1) === 'README.md') return true
  if (!parts.every((part) => KEBAB.test(part))) return false
  const [folder = '', file = ''] = parts.slice(-2)
  const base = file.replace(/\..*$/, '')
  return ![folder, folder.replace(/s$/, '')].some((name) => base.endsWith(`-${name}`))
}
