import { Option, type Command } from 'commander'
import type { PasswordOptions } from '../password.ts'
import type { NewUser, UserOptions } from '../user.ts'
import { JSON_HELP } from './flags.ts'

/** Adds `consulate user` and what follows it. */
export function addUser(program: Command): void {
  const user = program.command('user').description('see to the people that the server itself keeps')
  addCreate(user)
  addLooks(user)
  addSwitches(user)
  addPassword(user)
}

const STDIN_HELP = 'read the password from standard input; or set CONSULATE_PASSWORD'

function addCreate(user: Command): void {
  user
    .command('create')
    .description('add a person; asks for what is left out, on a terminal')
    .option('--email <address>', 'what they sign in with')
    .option('--name <name>', 'what they are called (default: the email)')
    .addOption(
      new Option('--password <text>', 'seen by whoever lists the processes; better:').conflicts(
        'passwordStdin',
      ),
    )
    .option('--password-stdin', STDIN_HELP)
    .option('--json', JSON_HELP)
    .action(async (options: NewUser) => (await import('../user.ts')).createBuiltInUser(options))
}

function addLooks(user: Command): void {
  user
    .command('list')
    .description('list the people')
    .option('--json', JSON_HELP)
    .action(async (options: UserOptions) => (await import('../user.ts')).listUsers(options))
  user
    .command('show <user>')
    .description('show a person, by id or email')
    .option('--json', JSON_HELP)
    .action(async (who: string, options: UserOptions) => (await import('../user.ts')).showUser(who, options))
}

function addSwitches(user: Command): void {
  user
    .command('disable <user>')
    .description('let a person sign in no more, and sign them out everywhere at once')
    .option('--json', JSON_HELP)
    .action(async (who: string, options: UserOptions) =>
      (await import('../user.ts')).disableUser(who, options),
    )
  user
    .command('enable <user>')
    .description('let a person sign in again')
    .option('--json', JSON_HELP)
    .action(async (who: string, options: UserOptions) =>
      (await import('../user.ts')).enableUser(who, options),
    )
}

function addPassword(user: Command): void {
  user
    .command('password <user>')
    .description('change a password, and end every session and app but those of third parties')
    .option('--password-stdin', STDIN_HELP)
    .option('--revoke-third-parties', 'end the apps of third parties too')
    .option('--json', JSON_HELP)
    .action(async (who: string, options: PasswordOptions & { readonly revokeThirdParties?: boolean }) =>
      (await import('../user.ts')).setUserPassword(who, options),
    )
}
