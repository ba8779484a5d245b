import type { Command } from 'commander'
import type { DoctorOptions } from '../doctor/doctor.ts'
import type { RoutesOptions } from '../routes.ts'
import { JSON_HELP } from './flags.ts'

/** Adds `consulate doctor`. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('look for what is wrong, and say how to mend it')
    .option('--json', JSON_HELP)
    .action(async (options: DoctorOptions) => (await import('../doctor/doctor.ts')).doctor(options))
}

/** Adds `consulate routes`. */
export function addRoutes(program: Command): void {
  program
    .command('routes')
    .description('list every path that the server answers')
    .option('--json', JSON_HELP)
    .action(async (options: RoutesOptions) => (await import('../routes.ts')).listRoutes(options))
}
