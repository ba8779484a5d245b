import type { Command } from 'commander'
import type { AuthorizationOptions } from '../authorization.ts'
import type { SessionOptions } from '../session.ts'
import { JSON_HELP, parseNumber } from './flags.ts'

const USER_HELP =
  'only those of this person: an id, or what they sign in with; after its name and a colon where it is not the first provider'
const LIMIT_HELP = 'show at most so many (default: 100)'

/** Adds `consulate session` and what follows it. */
export function addSession(program: Command): void {
  const session = program.command('session').description('see to the devices that people are signed in on')
  session
    .command('list')
    .description('list the sessions that live')
    .option('--user <user>', USER_HELP)
    .option('--limit <number>', LIMIT_HELP, parseNumber)
    .option('--json', JSON_HELP)
    .action(async (options: SessionOptions) => (await import('../session.ts')).listSessions(options))
  session
    .command('revoke <session_id>')
    .description('sign a device out, and end what ends with it, at once')
    .option('--json', JSON_HELP)
    .action(async (id: string, options: SessionOptions) =>
      (await import('../session.ts')).revokeSession(id, options),
    )
}

/** Adds `consulate authorization` and what follows it. */
export function addAuthorization(program: Command): void {
  const authorization = program
    .command('authorization')
    .description('see to what people have allowed clients')
  authorization
    .command('list')
    .description('list the authorizations that have a living token')
    .option('--user <user>', USER_HELP)
    .option('--client <client_id>', 'only those of this client')
    .option('--limit <number>', LIMIT_HELP, parseNumber)
    .option('--json', JSON_HELP)
    .action(async (options: AuthorizationOptions) =>
      (await import('../authorization.ts')).listAuthorizations(options),
    )
  authorization
    .command('revoke <authorization_id>')
    .description('end an authorization and its tokens, at once')
    .option('--json', JSON_HELP)
    .action(async (id: string, options: AuthorizationOptions) =>
      (await import('../authorization.ts')).revokeAuthorization(id, options),
    )
}
