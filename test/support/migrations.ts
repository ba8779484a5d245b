import { DatabaseSync } from 'node:sqlite'
import { MIGRATIONS as STEPS } from '../../src/store/sql/migrations.ts'
import type { MigrationStep } from '../../src/store/sql/steps.ts'

/** The migrations of the SQL store, in their order. */
export const MIGRATIONS: readonly string[] = Object.keys(STEPS)

/** Takes a database file back to the first version. */
export function downgrade(path: string): void {
  const database = new DatabaseSync(path)
  const later = MIGRATIONS.slice(1).flatMap((name) => STEPS[name] ?? [])
  for (const step of later.toReversed()) database.exec(undo(step))
  database.exec("delete from consulate_migrations where name > '0002'")
  database.close()
}

function undo(step: MigrationStep): string {
  if (step.kind === 'table') return `drop table ${step.table}`
  if (step.kind === 'index') return `drop index ${step.table}_${step.columns.join('_')}`
  if (step.kind === 'columns')
    return Object.keys(step.columns)
      .map((column) => `alter table ${step.table} drop column ${column}`)
      .join('; ')
  return ''
}
