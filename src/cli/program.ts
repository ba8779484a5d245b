import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { findConfigFile } from './config-file.ts'
import { addClient } from './commands/clients.ts'
import { addConfigOption, useConfigOption } from './commands/config-option.ts'
import { addHelp, formatHelpItem, formatHelpUsage } from './commands/help.ts'
import { addInit } from './commands/init.ts'
import {
  addAudit,
  addCopy,
  addDoctor,
  addExplain,
  addImport,
  addMigrate,
  addPurge,
  addRecover,
} from './commands/maintenance.ts'
import { addUser } from './commands/users.ts'
import { addInstall, addKeys, addRoutes, addServe } from './commands/server.ts'
import { addAuthorization, addConnection, addSession } from './commands/sessions.ts'
import { addWebhook } from './commands/webhooks.ts'
import { fields, wrap } from './output.ts'

/** Wrapped for the terminal, as the rest of the help is. */
const configurationHelp = (): string =>
  [
    '',
    ...suggestion(),
    ...wrap('Settings come from consulate.config.ts (or .mts, .js, .mjs, .cjs) in this directory.'),
    ...wrap('Without that file, they come from these environment variables:'),
    ...fields([
      ['CONSULATE_DATA', 'Data directory (default: ./data)'],
      ['CONSULATE_DATABASE_URL', 'Database, if not SQLite in the data directory: postgres://…'],
      ['CONSULATE_ISSUER', 'Public URL: https://auth.example.com'],
      ['CONSULATE_SCOPES', 'orders:read=See your orders;orders:create=Place orders'],
      ['CONSULATE_TRUSTED_PROXIES', '10.0.0.0/8,127.0.0.1'],
      ['CONSULATE_SIGN_IN', 'on: enables the sign-in API for your own apps'],
      ['CONSULATE_REDIS_URL', 'Redis that carries messages between nodes: redis://…'],
      ['CONSULATE_PRIVATE_KEY', 'Signing key, instead of the one in the data directory'],
      ['CONSULATE_SECRET', 'Root secret, instead of the one in the data directory'],
      ['CONSULATE_SEALING_SECRET', 'Keeps keys and secrets in the database, sealed (or _FILE: its path)'],
    ]),
  ].join('\n')

/** A directory without a project is where a new user starts. */
const suggestion = (): readonly string[] =>
  process.env['CONSULATE_ISSUER'] || process.env['CONSULATE_CONFIG'] || findConfigFile(process.cwd())
    ? []
    : [...wrap('There is no project in this directory. Run `consulate init` to create one.'), '']

/**
 * Creates the command line. A command's code is imported when it runs, so that `--help` stays fast.
 *
 * Throws commander's errors instead of ending the process.
 */
export function createProgram(): Command {
  const program = new Command('consulate')
    .description('An OAuth 2 authorization server')
    .version(version(), '-V, --version', 'show the version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(toSentence(text)) })
    .helpOption('-h, --help', 'show help')
    .configureHelp({ minWidthToWrap: 20, formatItem: formatHelpItem, styleUsage: formatHelpUsage })
    .addHelpText('after', configurationHelp)
    .hook('preAction', (_program, command) => useConfigOption(command))
  addInit(program)
  addServe(program)
  addInstall(program)
  addKeys(program)
  addClient(program)
  addUser(program)
  addSession(program)
  addConnection(program)
  addAuthorization(program)
  addWebhook(program)
  addDoctor(program)
  addRoutes(program)
  addMigrate(program)
  addCopy(program)
  addImport(program)
  addPurge(program)
  addRecover(program)
  addExplain(program)
  addAudit(program)
  complete(program, 'consulate')
  addHelp(program)
  return program
}

/** Adds what all commands have in common. */
function complete(command: Command, path: string): void {
  command.showHelpAfterError(`Run \`${path} --help\` for usage.`)
  addConfigOption(command)
  if (command.commands.length > 0) command.helpCommand('help [command]', 'Show help for a command')
  for (const child of command.commands) complete(child, `${path} ${child.name()}`)
}

/** Commander writes `error: unknown option '--jsn'`. */
/** Leaves out surplus arguments: a URL among them may have a password. */
function toSentence(text: string): string {
  const message = text.replace(/^error: /, '').replace(/(but got \d+): .*/s, '$1\n')
  return message.charAt(0).toUpperCase() + message.slice(1)
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
