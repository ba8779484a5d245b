import { sqlite } from '../store/sqlite.ts'
import { print, printJson } from './output.ts'
import { atWorkplace, hasDatabase, type Workplace } from './workplace.ts'

/** The flags of `consulate migrate`. */
export interface MigrateOptions {
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** `consulate migrate`: makes or updates the tables; a dry run only says what there is to do. */
export function migrate({ dryRun = false, json = false }: MigrateOptions): Promise<void> {
  return atWorkplace(async (place) => {
    const applied = dryRun ? [] : await place.store.migrate()
    const pending = await pendingAt(place)
    if (json) return printJson({ applied, pending })
    if (applied.length + pending.length === 0) return print('The tables are up to date.')
    print(...applied.map((name) => `Applied  ${name}`), ...pending.map((name) => `Pending  ${name}`))
  })
}

/** A database that is missing lacks what an empty one does, and is not made by looking. */
const pendingAt = (place: Workplace): Promise<readonly string[]> =>
  (hasDatabase(place) ? place.store : sqlite(':memory:')).pendingMigrations()
