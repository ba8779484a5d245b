import type { Command } from 'commander'
import type { DoctorOptions } from '../doctor/doctor.ts'
import type { ExplainOptions } from '../explain.ts'
import type { MigrateOptions } from '../migrate.ts'
import type { PurgeFlags } from '../purge.ts'
import type { RecoverOptions } from '../recover.ts'
import { JSON_HELP, parseNumber } from './flags.ts'

/** Adds `consulate doctor`. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('look for what is wrong, and say how to mend it')
    .option('--json', JSON_HELP)
    .action(async (options: DoctorOptions) => (await import('../doctor/doctor.ts')).doctor(options))
}

/** Adds `consulate migrate`. */
export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('make or update the tables')
    .option('--dry-run', 'only say what there is to do')
    .option('--json', JSON_HELP)
    .action(async (options: MigrateOptions) => (await import('../migrate.ts')).migrate(options))
}

/** Adds `consulate purge`. */
export function addPurge(program: Command): void {
  program
    .command('purge')
    .description('delete what has ended: codes, authorizations, sessions, revocation and audit entries')
    .option('--hours <number>', 'keep what ended less than this many hours ago (default: 168)', parseNumber)
    .option('--revoked', 'only what was revoked, spent or voided')
    .option('--expired', 'only what expired')
    .option('--dry-run', 'only say what there is to delete')
    .option('--json', JSON_HELP)
    .action(async (options: PurgeFlags) => (await import('../purge.ts')).purgeTables(options))
}

/** Adds `consulate recover`. */
export function addRecover(program: Command): void {
  program
    .command('recover')
    .description('end every session and every token: after a backup was restored, or after a leak')
    .option('--yes', 'do not ask')
    .option('--json', `${JSON_HELP}; needs --yes`)
    .action(async (options: RecoverOptions) => (await import('../recover.ts')).recover(options))
}

/** Adds `consulate explain`. */
export function addExplain(program: Command): void {
  program
    .command('explain <request_id>')
    .description('say why a request was refused, by the id on the error page (X-Request-Id)')
    .option('--json', JSON_HELP)
    .action(async (id: string, options: ExplainOptions) =>
      (await import('../explain.ts')).explainRequest(id, options),
    )
}
