import { sqlite } from '../store/sqlite.ts'
import { print, printJson } from './output.ts'
import { withProject, databaseExists, type Project } from './project.ts'

/** The flags of `consulate migrate`. */
export interface MigrateOptions {
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** `consulate migrate`: makes or updates the tables; a dry run only says what there is to do. */
export function migrate({ dryRun = false, json = false }: MigrateOptions): Promise<void> {
  return withProject(async (project) => {
    const applied = dryRun ? [] : await project.store.migrate()
    const pending = await pendingAt(project)
    if (json) return printJson({ applied, pending })
    if (applied.length + pending.length === 0) return print('The tables are up to date.')
    print(...applied.map((name) => `Applied  ${name}`), ...pending.map((name) => `Pending  ${name}`))
  })
}

/** A database that is missing lacks what an empty one does, and is not made by looking. */
const pendingAt = (project: Project): Promise<readonly string[]> =>
  (databaseExists(project) ? project.store : sqlite(':memory:')).pendingMigrations()
