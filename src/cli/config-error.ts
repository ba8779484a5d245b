import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigError } from '../errors.ts'
import { CommandError } from './errors.ts'

/** Returns a path as it is shown: relative to the working directory if that is shorter. */
export function displayPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short !== '' && short.length < path.length ? short : path
}

/** Turns whatever a configuration file failed with into one sentence with the file and line of the cause. */
export function describeLoadError(error: unknown, path: string): Error {
  if (error instanceof CommandError || error instanceof ConfigError) return error
  const reason = error instanceof Error ? reasonOf(error) : `it threw ${String(error)}`
  return new CommandError(`Cannot load ${displayPath(path)}: ${reason.replaceAll(/\s*\n\s*/g, ' ')}`)
}

const reasonOf = (error: Error): string => missingModule(error) ?? syntaxError(error) ?? thrownError(error)

/** Node names the importing file after `imported from`, `require` and jiti name it below the message. */
const MISSING =
  /^Cannot find (?:module|package) '(?<specifier>[^']+)'(?:(?: imported from |\nRequire stack:\n- )(?<importer>[^\n]+))?/

function missingModule({ message }: Error): string | undefined {
  const { specifier, importer } = MISSING.exec(message)?.groups ?? {}
  if (specifier === undefined) return undefined
  const where = importer === undefined ? 'it' : importLocation(toPath(importer), specifier)
  return `${where} imports "${specifier}", ${whyMissing(specifier)}`
}

function whyMissing(specifier: string): string {
  if (/^(\.|\/|file:)/.test(specifier)) return 'which does not exist. Check the path.'
  const name = PACKAGE.exec(specifier)?.[0]
  if (name === undefined) return 'which is neither a package nor one of the `paths` of tsconfig.json.'
  return `which is not installed. Run \`npm install ${name}\`.`
}

const PACKAGE = /^(?:@[\w.-]+\/)?[\w][\w.-]*/

/** The error does not say which line: it is the first one that has the specifier in quotes. */
function importLocation(file: string, specifier: string): string {
  if (!existsSync(file)) return displayPath(file)
  const lines = readFileSync(file, 'utf8').split('\n')
  const line = lines.findIndex((text) =>
    [`'${specifier}'`, `"${specifier}"`].some((quoted) => text.includes(quoted)),
  )
  return line === -1 ? displayPath(file) : `${displayPath(file)}:${line + 1}`
}

/** jiti names the place below the message, Node above it in the stack. */
function syntaxError({ name, message, stack = '' }: Error): string | undefined {
  const parsed = /^ParseError: (?<problem>.*?)\s*\n (?<file>.*):(?<line>\d+):\d+$/s.exec(message)?.groups
  if (parsed) return `${displayPath(toPath(parsed['file'] ?? ''))}:${parsed['line']}: ${parsed['problem']}`
  const place = name === 'SyntaxError' ? /^(\S.*):(\d+)\n/.exec(stack) : null
  return place ? `${displayPath(toPath(place[1] ?? ''))}:${place[2]}: ${message}` : undefined
}

function thrownError(error: Error): string {
  const { name, message } = error instanceof AggregateError ? (error.errors[0] as Error) : error
  const place = thrownAt(error)
  return (name === 'Error' ? '' : `${name}: `) + message + (place === undefined ? '' : ` (${place})`)
}

/** This package, whose own frames say nothing about the cause. */
const OURS = fileURLToPath(new URL('..', import.meta.url))

/** Returns the innermost line of the stack that is the project's own. */
function thrownAt({ stack = '' }: Error): string | undefined {
  for (const [, file = '', line = ''] of stack.matchAll(
    /(?:\(|at (?:async )?)(\/.*?|[A-Z]:\\.*?|file:.*?):(\d+):\d+\)?$/gm,
  )) {
    const path = toPath(file)
    if (!path.includes('node_modules') && !path.startsWith(OURS)) return `${displayPath(path)}:${line}`
  }
  return undefined
}

const toPath = (file: string): string => (file.startsWith('file:') ? fileURLToPath(file) : file)
