import type { Command } from 'commander'
import type { RoutesOptions } from '../routes.ts'
import { JSON_HELP } from './flags.ts'

/** Adds `consulate routes`. */
export function addRoutes(program: Command): void {
  program
    .command('routes')
    .description('list every path that the server answers')
    .option('--json', JSON_HELP)
    .action(async (options: RoutesOptions) => (await import('../routes.ts')).listRoutes(options))
}
