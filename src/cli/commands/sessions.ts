import type { Command } from 'commander'
import type { AuthorizationOptions } from '../authorization.ts'
import type { InteractiveOptions } from '../interactive.ts'
import type { SessionOptions } from '../session.ts'
import { JSON_HELP, parseNumber, YES_HELP } from './flags.ts'

const USER_HELP = 'only those of this user, by ID or user name; customers:7 for another user provider'
const LIMIT_HELP = 'maximum number of rows (default: 100)'

/** Adds `consulate session` and its commands. */
export function addSession(program: Command): void {
  const session = program.command('session').description('Manage signed-in devices')
  session
    .command('list')
    .description('List active sessions')
    .option('--user <user>', USER_HELP)
    .option('--limit <number>', LIMIT_HELP, parseNumber)
    .option('--json', JSON_HELP)
    .action(async (options: SessionOptions) => (await import('../session.ts')).listSessions(options))
  session
    .command('revoke <session_id>')
    .description('Sign out a device')
    .option('--yes', YES_HELP)
    .option('--json', JSON_HELP)
    .action(async (id: string, options: InteractiveOptions) =>
      (await import('../session.ts')).revokeSession(id, options),
    )
}

/** Adds `consulate connection` and its commands. */
export function addConnection(program: Command): void {
  const connection = program.command('connection').description("Manage a user's connected apps")
  connection
    .command('list <user>')
    .description('List connected apps')
    .option('--json', JSON_HELP)
    .action(async (user: string, options: { readonly json?: boolean }) =>
      (await import('../connection.ts')).listConnections(user, options),
    )
  connection
    .command('disconnect <user> <client_id>')
    .description('Disconnect an app: revoke its access and forget the consent')
    .option('--yes', YES_HELP)
    .option('--json', JSON_HELP)
    .action(async (user: string, clientId: string, options: InteractiveOptions) =>
      (await import('../connection.ts')).disconnectApp(user, clientId, options),
    )
}

/** Adds `consulate authorization` and its commands. */
export function addAuthorization(program: Command): void {
  const authorization = program
    .command('authorization')
    .description('Manage authorizations and personal access tokens')
  authorization
    .command('list')
    .description('List active authorizations')
    .option('--user <user>', USER_HELP)
    .option('--client <client_id>', 'only those of this client')
    .option('--limit <number>', LIMIT_HELP, parseNumber)
    .option('--json', JSON_HELP)
    .action(async (options: AuthorizationOptions) =>
      (await import('../authorization.ts')).listAuthorizations(options),
    )
  authorization
    .command('revoke <authorization_id>')
    .description('Revoke an authorization and its tokens')
    .option('--yes', YES_HELP)
    .option('--json', JSON_HELP)
    .action(async (id: string, options: InteractiveOptions) =>
      (await import('../authorization.ts')).revokeAuthorization(id, options),
    )
}
