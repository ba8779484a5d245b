import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { addClient } from './commands/clients.ts'
import { addDoctor, addRoutes } from './commands/examination.ts'
import { JSON_HELP, parseNumber } from './commands/flags.ts'
import { addUser } from './commands/people.ts'
import { addAuthorization, addSession } from './commands/sign-ins.ts'
import { addExplain, addPurge, addRecover } from './commands/upkeep.ts'
import type { KeysOptions } from './keys.ts'
import type { InstallOptions } from './install.ts'
import type { MigrateOptions } from './migrate.ts'
import type { ServeOptions } from './serve.ts'

const WHERE = `
Works on what consulate.config.ts (.js, .mjs) in this directory says, or without one on the environment:
  CONSULATE_DATA                             folder of the database and the secrets (./data)
  CONSULATE_ISSUER                           where the server lives: https://auth.example.com
  CONSULATE_SCOPES                           orders:read=See your orders;orders:create=Place orders
  CONSULATE_TRUSTED_PROXIES                  10.0.0.0/8,127.0.0.1
  CONSULATE_PRIVATE_KEY, CONSULATE_SECRET    secrets, in place of those in the folder`

/**
 * The command line. What a command does is imported when it runs, so that `--help` need not wait for it.
 *
 * Throws commander's errors instead of ending the process.
 */
export function createProgram(): Command {
  const program = new Command('consulate')
    .description('An OAuth 2 authorization server')
    .version(version())
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(--help says how it is written)')
    .addHelpText('after', WHERE)
  addServe(program)
  addInstall(program)
  addKeys(program)
  addClient(program)
  addUser(program)
  addSession(program)
  addAuthorization(program)
  addDoctor(program)
  addRoutes(program)
  addMigrate(program)
  addPurge(program)
  addRecover(program)
  addExplain(program)
  return program
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

function addServe(program: Command): void {
  program
    .command('serve')
    .description('run the server until it is told to stop')
    .option('--demo', 'with a demo person, demo clients and a small API; never in production')
    .addOption(
      new Option('--port <number>', 'where to listen').env('PORT').default(3000).argParser(parsePort),
    )
    .addOption(
      new Option('--host <address>', 'where to listen').env('HOST').default(LOOPBACK).argParser(parseHost),
    )
    .action(async (options: ServeOptions) => (await import('./serve.ts')).serve(options))
}

function addInstall(program: Command): void {
  program
    .command('install')
    .description('make what is missing: keys and tables')
    .option('--json', JSON_HELP)
    .action(async (options: InstallOptions) => (await import('./install.ts')).install(options))
}

function addKeys(program: Command): void {
  program
    .command('keys')
    .description('make signing keys and secrets, or rotate them')
    .addOption(
      new Option('--algorithm <name>', 'what tokens are signed with (default: ES256)').choices([
        'ES256',
        'RS256',
        'PS256',
        'EdDSA',
      ]),
    )
    .option('--length <bits>', 'of an RSA key (default: 4096)', parseNumber)
    .addOption(
      new Option(
        '--force',
        'replace the keys that there are: every access and refresh token is void then',
      ).conflicts(['rotate', 'rotateSecret']),
    )
    .option('--rotate', 'let the next signing key sign; nobody notices')
    .addOption(
      new Option(
        '--rotate-secret',
        'use the next root secret: new refresh tokens are made with it',
      ).conflicts(['rotate', 'algorithm', 'length']),
    )
    .option('--now', 'rotate even if others may not know the next one yet')
    .option(
      '--drop-current',
      'rotate, and refuse what the current one and those before it made: it was stolen',
    )
    .option('--json', JSON_HELP)
    .action(async (options: KeysOptions) => (await import('./keys.ts')).keys(options))
}

function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('make or update the tables')
    .option('--dry-run', 'only say what there is to do')
    .option('--json', JSON_HELP)
    .action(async (options: MigrateOptions) => (await import('./migrate.ts')).migrate(options))
}

const LOOPBACK = '127.0.0.1'

/** An environment variable that is set to nothing counts as not set. */
function parsePort(text: string, usual: number): number {
  const port = text === '' ? usual : parseNumber(text)
  if (port < 1 || port > 65_535) throw new InvalidArgumentError('It must be a number from 1 to 65535.')
  return port
}

const parseHost = (text: string, usual: string): string => text || usual
