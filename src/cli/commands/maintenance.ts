import { Option, type Command } from 'commander'
import type { AuditFlags } from '../audit.ts'
import type { CopyOptions } from '../copy/copy.ts'
import type { DoctorOptions } from '../doctor/doctor.ts'
import type { ImportOptions } from '../import/passport.ts'
import type { ExplainOptions } from '../explain.ts'
import type { MigrateOptions } from '../migrate.ts'
import type { PurgeOptions } from '../purge.ts'
import type { RecoverOptions } from '../recover.ts'
import { JSON_HELP, parseLimit, parseNumber, YES_HELP } from './flags.ts'

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

export function addCopy(program: Command): void {
  program
    .command('copy')
    .description('Copy a database into an empty one, and compare both')
    .option(
      '--from <url>',
      'sqlite:./data/consulate.db, postgres://… or mysql://… (default: CONSULATE_COPY_FROM)',
    )
    .option('--to <url>', 'the same, of an empty database (default: CONSULATE_COPY_TO)')
    .option('--json', JSON_HELP)
    .action(async (options: CopyOptions) => (await import('../copy/copy.ts')).copyDatabase(options))
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

export function addImport(program: Command): void {
  program
    .command('import')
    .description('Import from another server')
    .command('passport')
    .description('Import clients, users and tokens of Laravel Passport')
    .option(
      '--from <source>',
      'mysql:// or postgres:// URL, SQLite file, or dump, .gz too (default: CONSULATE_IMPORT_URL)',
    )
    .option('--users-table <name>', 'table of the users (default: users)')
    .option('--timezone <name>', "Laravel's time zone, app.timezone (default: UTC)")
    .option('--dry-run', 'only report what would be imported')
    .option('--json', JSON_HELP)
    .action(async (options: ImportOptions) => (await import('../import/passport.ts')).importPassport(options))
}

export function addRecover(program: Command): void {
  program
    .command('recover')
    .description('Revoke every session and token, after a restored backup or a leak')
    .option('--yes', YES_HELP)
    .option('--json', `${JSON_HELP}; requires --yes`)
    .action(async (options: RecoverOptions) => (await import('../recover.ts')).recover(options))
}

export function addAudit(program: Command): void {
  program
    .command('audit')
    .description('List sign-ins, consents, changes, revocations and failures, newest first')
    .option('--since <time>', 'entries from this time on: 30m, 12h, 7d, or 2026-12-31T23:59Z')
    .option('--until <time>', 'entries before this time')
    .option(
      '--user <user>',
      'only those of this user, by ID or user name; customers:7 for another user provider',
    )
    .option('--client <client_id>', 'only those of this client')
    .option('--event <name>', 'only this event: sign-in.failed')
    .option('--address <address>', 'only those from this IP address')
    .option('--request <request_id>', 'only those of this request')
    .option('--limit <number>', 'maximum number of entries (default: 100; with --follow: 10)', parseLimit)
    .option('--follow', 'print new entries until interrupted')
    .option('--json', `${JSON_HELP}; with --follow, one document per line`)
    .action(async (options: AuditFlags) => (await import('../audit.ts')).showAudit(options))
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
