import { InvalidArgumentError, Option, type Command } from 'commander'
import type { InstallOptions } from '../install.ts'
import type { KeysOptions } from '../keys.ts'
import type { RoutesOptions } from '../routes.ts'
import type { ServeOptions } from '../serve.ts'
import { addKeyOptions, JSON_HELP, parseNumber } from './flags.ts'

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('Run the server')
    .option('--demo', 'run a demo with a user, clients and an API; never in production')
    .addOption(
      new Option('--port <number>', 'port to listen on').env('PORT').default(3000).argParser(parsePort),
    )
    .addOption(
      new Option('--host <address>', 'address to listen on')
        .env('HOST')
        .default('127.0.0.1')
        .argParser(parseHost),
    )
    .addOption(
      new Option(
        '--workers <number>',
        'number of worker processes, or "auto" for one per core (default: none)',
      )
        .argParser(parseWorkers)
        .conflicts('demo'),
    )
    .addOption(
      new Option('--drain <seconds>', 'accept requests for this long after SIGTERM, while not ready')
        .env('CONSULATE_DRAIN')
        .default(0)
        .argParser(parseDrain),
    )
    .action(async (options: ServeOptions) => (await import('../serve.ts')).serve(options))
}

/** An empty environment variable counts as not set. */
function parsePort(text: string, defaultPort: number): number {
  const port = text === '' ? defaultPort : parseNumber(text)
  if (port < 1 || port > 65_535) throw new InvalidArgumentError('It must be a number from 1 to 65535.')
  return port
}

const MAX_WORKERS = 256

function parseWorkers(text: string): number | 'auto' {
  if (text === 'auto') return text
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= MAX_WORKERS) return count
  throw new InvalidArgumentError(`It must be a number from 1 to ${MAX_WORKERS}, or auto.`)
}

const MAX_DRAIN = 300

function parseDrain(text: string, defaultDrain: number): number {
  const seconds = text === '' ? defaultDrain : parseNumber(text)
  if (seconds <= MAX_DRAIN) return seconds
  throw new InvalidArgumentError(`It must be a number from 0 to ${MAX_DRAIN}.`)
}

const parseHost = (text: string, defaultHost: string): string => text || defaultHost

export function addInstall(program: Command): void {
  addKeyOptions(program.command('install'))
    .description('Create missing keys and tables')
    .option('--json', JSON_HELP)
    .action(async (options: InstallOptions) => (await import('../install.ts')).install(options))
}

/** The options of `keys` that change keys, or say which. */
const CHANGES = ['force', 'rotate', 'rotateSecret', 'now', 'dropCurrent', 'algorithm', 'length']

export function addKeys(program: Command): void {
  addKeyOptions(program.command('keys'))
    .description('Create or rotate signing keys and root secrets')
    .addOption(
      new Option('--force', 'replace existing keys: all tokens become invalid').conflicts([
        'rotate',
        'rotateSecret',
      ]),
    )
    .option('--rotate', 'sign with the next key; existing tokens stay valid')
    .addOption(
      new Option('--rotate-secret', 'use the next root secret for new refresh tokens').conflicts([
        'rotate',
        'algorithm',
        'length',
      ]),
    )
    .addOption(
      new Option('--reseal', 'seal the keys in the database with the first sealing secret').conflicts([
        ...CHANGES,
        'import',
      ]),
    )
    .addOption(
      new Option('--import <directory>', 'copy the keys of a directory into the database, sealed').conflicts(
        CHANGES,
      ),
    )
    .option('--now', 'rotate even if other processes may not know the next key yet')
    .option('--drop-current', 'rotate, and reject what the current and retired keys made (after a theft)')
    .option('--json', JSON_HELP)
    .action(async (options: KeysOptions) => (await import('../keys.ts')).keys(options))
}

export function addRoutes(program: Command): void {
  program
    .command('routes')
    .description('List the paths that the server handles')
    .option('--json', JSON_HELP)
    .action(async (options: RoutesOptions) => (await import('../routes.ts')).listRoutes(options))
}
