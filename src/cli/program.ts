import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addClient } from './commands/clients.ts'
import { addDoctor, addExplain, addMigrate, addPurge, addRecover } from './commands/maintenance.ts'
import { addUser } from './commands/users.ts'
import { addInstall, addKeys, addRoutes, addServe } from './commands/server.ts'
import { addAuthorization, addSession } from './commands/sessions.ts'

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
