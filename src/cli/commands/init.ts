import { InvalidArgumentError, Option, type Command } from 'commander'
import { FRAMEWORKS, GRANTS, namesOf, USER_SOURCES, type GrantName, type InitFlags } from '../init/choices.ts'
import { collect, JSON_HELP } from './flags.ts'

/** Adds `consulate init`. */
export function addInit(program: Command): void {
  program
    .command('init')
    .description('Write a project here: configuration, app, keys and tables')
    .addOption(new Option('--framework <name>', 'framework of the app').choices(namesOf(FRAMEWORKS)))
    .addOption(new Option('--users <source>', 'where users come from').choices(namesOf(USER_SOURCES)))
    .option(
      '--database <kind or url>',
      'sqlite (default), postgres, mysql or mariadb, or the URL of a server',
    )
    .addOption(new Option('--grant <name>', 'how apps get tokens; repeatable').argParser(collectGrants))
    .option('--scope <scope=description>', 'such as "orders:read=See your orders"; repeatable', collect)
    .option('--javascript', 'write JavaScript instead of TypeScript')
    .option('--force', 'replace files that exist')
    .option('--yes', 'use the defaults for what no flag sets')
    .option('--json', `${JSON_HELP}; requires --yes`)
    .action(async (flags: InitFlags) => (await import('../init/init.ts')).init(flags))
}

function collectGrants(value: string, previous: readonly GrantName[] = []): readonly GrantName[] {
  const grant = namesOf(GRANTS).find((name) => name === value)
  if (grant === undefined) throw new InvalidArgumentError(`It must be one of ${namesOf(GRANTS).join(', ')}.`)
  return [...previous, grant]
}
