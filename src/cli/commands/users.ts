import { Option, type Command } from 'commander'
import type { InteractiveOptions } from '../interactive.ts'
import type { ResetLinkOptions } from '../reset-link.ts'
import type { NewUser, PasswordOptions, UserOptions } from '../user.ts'
import { JSON_HELP, YES_HELP } from './flags.ts'

/** Adds `consulate user` and its commands. */
export function addUser(program: Command): void {
  const user = program.command('user').description('Manage built-in users')
  addCreate(user)
  addList(user)
  addShow(user)
  addDisable(user)
  addEnable(user)
  addPassword(user)
  addResetLink(user)
}

const STDIN_HELP = 'read the password from standard input; or set CONSULATE_PASSWORD'

function addCreate(user: Command): void {
  user
    .command('create')
    .description('Create a user (interactive if flags are omitted)')
    .option('--email <address>', 'email address, to sign in with')
    .option('--name <name>', 'display name (default: the email address)')
    .addOption(
      new Option('--password <text>', 'password, which other processes can see').conflicts('passwordStdin'),
    )
    .option('--password-stdin', STDIN_HELP)
    .option('--json', JSON_HELP)
    .action(async (options: NewUser) => (await import('../user.ts')).createBuiltInUser(options))
}

function addList(user: Command): void {
  user
    .command('list')
    .description('List users')
    .option('--json', JSON_HELP)
    .action(async (options: UserOptions) => (await import('../user.ts')).listUsers(options))
}

function addShow(user: Command): void {
  user
    .command('show <user>')
    .description('Show a user, by ID or email')
    .option('--json', JSON_HELP)
    .action(async (who: string, options: UserOptions) => (await import('../user.ts')).showUser(who, options))
}

function addDisable(user: Command): void {
  user
    .command('disable <user>')
    .description('Disable a user and sign them out everywhere')
    .option('--yes', YES_HELP)
    .option('--json', JSON_HELP)
    .action(async (who: string, options: InteractiveOptions) =>
      (await import('../user.ts')).disableUser(who, options),
    )
}

function addEnable(user: Command): void {
  user
    .command('enable <user>')
    .description('Let a disabled user sign in again')
    .option('--json', JSON_HELP)
    .action(async (who: string, options: UserOptions) =>
      (await import('../user.ts')).enableUser(who, options),
    )
}

function addPassword(user: Command): void {
  user
    .command('password <user>')
    .description('Change a password, and revoke sessions and first-party tokens')
    .option('--password-stdin', STDIN_HELP)
    .option('--revoke-third-parties', 'revoke the tokens of third-party clients too')
    .option('--json', JSON_HELP)
    .action(async (who: string, options: PasswordOptions) =>
      (await import('../user.ts')).setUserPassword(who, options),
    )
}

function addResetLink(user: Command): void {
  user
    .command('reset-link <user>')
    .description('Print a link with which a user chooses a new password')
    .option('--json', JSON_HELP)
    .action(async (who: string, options: ResetLinkOptions) =>
      (await import('../reset-link.ts')).printUserResetLink(who, options),
    )
}
