import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addClient } from './commands/clients.ts'
import { addConfigOption, useConfigOption } from './commands/config-option.ts'
import { addHelp } from './commands/help.ts'
import { addDoctor, addExplain, addMigrate, addPurge, addRecover } from './commands/maintenance.ts'
import { addUser } from './commands/users.ts'
import { addInstall, addKeys, addRoutes, addServe } from './commands/server.ts'
import { addAuthorization, addSession } from './commands/sessions.ts'

const CONFIGURATION = `
Settings come from consulate.config.ts (or .mts, .js, .mjs, .cjs) in this directory.
Without that file, they come from the environment:
  CONSULATE_DATA                             data directory (default: ./data)
  CONSULATE_ISSUER                           public URL, such as https://auth.example.com
  CONSULATE_SCOPES                           orders:read=See your orders;orders:create=Place orders
  CONSULATE_TRUSTED_PROXIES                  10.0.0.0/8,127.0.0.1
  CONSULATE_PRIVATE_KEY, CONSULATE_SECRET    keys, instead of those in the data directory`

/**
 * Creates the command line. A command's code is imported when it runs, so that `--help` stays fast.
 *
 * Throws commander's errors instead of ending the process.
 */
export function createProgram(): Command {
  const program = new Command('consulate')
    .description('An OAuth 2 authorization server')
    .version(version())
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(toSentence(text)) })
    .addHelpText('after', CONFIGURATION)
    .hook('preAction', (_program, command) => useConfigOption(command))
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
  complete(program, 'consulate')
  addHelp(program)
  return program
}

/** Adds what all commands have in common. */
function complete(command: Command, path: string): void {
  command.showHelpAfterError(`Run \`${path} --help\` for usage.`)
  addConfigOption(command)
  for (const child of command.commands) complete(child, `${path} ${child.name()}`)
}

/** Commander writes `error: unknown option '--jsn'`. */
function toSentence(text: string): string {
  const message = text.replace(/^error: /, '')
  return message.charAt(0).toUpperCase() + message.slice(1)
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
