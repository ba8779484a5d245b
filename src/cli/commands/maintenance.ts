import { Option, type Command } from 'commander'
import type { DoctorOptions } from '../doctor/doctor.ts'
import type { ExplainOptions } from '../explain.ts'
import type { MigrateOptions } from '../migrate.ts'
import type { PurgeOptions } from '../purge.ts'
import type { RecoverOptions } from '../recover.ts'
import { JSON_HELP, parseNumber, YES_HELP } from './flags.ts'

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('Check the server, and say how to fix what is wrong')
    .option('--json', JSON_HELP)
    .action(async (options: DoctorOptions) => (await import('../doctor/doctor.ts')).doctor(options))
}

export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('Create or update the tables')
    .option('--dry-run', 'only list the pending migrations')
    .addOption(
      new Option('--print', 'only print the SQL of the pending migrations').conflicts(['dryRun', 'json']),
    )
    .option('--json', JSON_HELP)
    .action(async (options: MigrateOptions) => (await import('../migrate.ts')).migrate(options))
}

export function addPurge(program: Command): void {
  program
    .command('purge')
    .description('Delete expired and revoked rows')
    .option(
      '--hours <number>',
      'keep rows that expired or were revoked less than this many hours ago (default: 168)',
      parseNumber,
    )
    .option('--revoked', 'delete only what was revoked or used')
    .option('--expired', 'delete only what expired')
    .option('--dry-run', 'only count what would be deleted')
    .option('--json', JSON_HELP)
    .action(async (options: PurgeOptions) => (await import('../purge.ts')).purgeTables(options))
}

export function addRecover(program: Command): void {
  program
    .command('recover')
    .description('Revoke every session and token, after a restored backup or a leak')
    .option('--yes', YES_HELP)
    .option('--json', `${JSON_HELP}; requires --yes`)
    .action(async (options: RecoverOptions) => (await import('../recover.ts')).recover(options))
}

export function addExplain(program: Command): void {
  program
    .command('explain <request_id>')
    .description('Say why a request was refused, by the ID on the error page')
    .option('--json', JSON_HELP)
    .action(async (id: string, options: ExplainOptions) =>
      (await import('../explain.ts')).explainRequest(id, options),
    )
}
