import { print, printJson } from './output.ts'
import { atWorkplace } from './workplace.ts'

/** The flags of `consulate migrate`. */
export interface MigrateOptions {
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** `consulate migrate`: makes or updates the tables; a dry run only says what there is to do. */
export function migrate({ dryRun = false, json = false }: MigrateOptions): Promise<void> {
  return atWorkplace(async ({ store }) => {
    const applied = dryRun ? [] : await store.migrate()
    const pending = await store.pendingMigrations()
    if (json) return printJson({ applied, pending })
    if (applied.length + pending.length === 0) return print('The tables are up to date.')
    print(...applied.map((name) => `Applied  ${name}`), ...pending.map((name) => `Pending  ${name}`))
  })
}
