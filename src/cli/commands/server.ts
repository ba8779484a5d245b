import { InvalidArgumentError, Option, type Command } from 'commander'
import type { InstallOptions } from '../install.ts'
import type { KeysOptions } from '../keys.ts'
import type { RoutesOptions } from '../routes.ts'
import type { ServeOptions } from '../serve.ts'
import { JSON_HELP, parseNumber } from './flags.ts'

/** Adds `consulate serve`. */
export function addServe(program: Command): void {
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
    .action(async (options: ServeOptions) => (await import('../serve.ts')).serve(options))
}

const LOOPBACK = '127.0.0.1'

/** An environment variable that is set to nothing counts as not set. */
function parsePort(text: string, usual: number): number {
  const port = text === '' ? usual : parseNumber(text)
  if (port < 1 || port > 65_535) throw new InvalidArgumentError('It must be a number from 1 to 65535.')
  return port
}

const parseHost = (text: string, usual: string): string => text || usual

/** Adds `consulate install`. */
export function addInstall(program: Command): void {
  program
    .command('install')
    .description('make what is missing: keys and tables')
    .option('--json', JSON_HELP)
    .action(async (options: InstallOptions) => (await import('../install.ts')).install(options))
}

/** Adds `consulate keys`. */
export function addKeys(program: Command): void {
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
    .action(async (options: KeysOptions) => (await import('../keys.ts')).keys(options))
}

/** Adds `consulate routes`. */
export function addRoutes(program: Command): void {
  program
    .command('routes')
    .description('list every path that the server answers')
    .option('--json', JSON_HELP)
    .action(async (options: RoutesOptions) => (await import('../routes.ts')).listRoutes(options))
}
