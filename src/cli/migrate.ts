import { sqlite } from '../store/sqlite.ts'
import { print, printJson } from './output.ts'
import { databaseExists, withProject, type Project } from './project.ts'

/** The flags of `consulate migrate`. */
export interface MigrateOptions {
  readonly dryRun?: boolean
  readonly print?: boolean
  readonly json?: boolean
}

/** `consulate migrate`: creates or updates the tables. `--dry-run` and `--print` change nothing. */
export function migrate({
  dryRun = false,
  print: printsSql = false,
  json = false,
}: MigrateOptions): Promise<void> {
  return withProject(async (project) => {
    if (printsSql) return printSql(project)
    const applied = dryRun ? [] : await project.store.migrate()
    const pending = await readableStore(project).pendingMigrations()
    if (json) return printJson({ applied, pending })
    if (applied.length + pending.length === 0) return print(UP_TO_DATE)
    print(...applied.map((name) => `Applied ${name}`), ...pending.map((name) => `Pending ${name}`))
  })
}

const UP_TO_DATE = 'The tables are up to date.'

async function printSql(project: Project): Promise<void> {
  const sql = await readableStore(project).migrationSql()
  if (sql === '') console.error(UP_TO_DATE)
  else process.stdout.write(sql)
}

/** Opening a missing database would create it. It lacks what an empty one lacks. */
const readableStore = (project: Project): Project['store'] =>
  databaseExists(project) ? project.store : sqlite(':memory:')
