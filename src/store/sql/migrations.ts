import { sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import type { Migration } from 'kysely/migration'
import { ConfigError } from '../../errors.ts'
import type { Store } from '../contract.ts'
import { deviceCodeTables } from './device-code-tables.ts'
import type { SqlDialect } from './dialect.ts'
import { firstTables } from './first-tables.ts'
import { createRecorder } from './recorder.ts'
import type { Recorder } from './recorder.ts'
import { patiently } from './patience.ts'
import type { Sql } from './queries.ts'

/** The part of a store that updates its tables. */
export type Migrations = Pick<Store, 'migrate' | 'pendingMigrations' | 'migrationSql'>

/** In the order of their names. A published one is never changed: another is added. */
const migrationsFor = (dialect: SqlDialect): Record<string, Migration> => ({
  '0001-first-tables': firstTables(dialect),
  '0002-device-codes': deviceCodeTables(dialect),
})

const APPLIED = 'consulate_migrations'

/** Creates the migrations of a database. */
export function createMigrations({ db, dialect }: Sql): Migrations {
  const migrations = migrationsFor(dialect)
  const migrator = createMigrator(db, migrations)
  const known = Object.keys(migrations)
  const pending = async (): Promise<readonly string[]> => {
    const infos = await migrator.getMigrations()
    const missing = infos.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name)
    if (missing.length < known.length) await refuseLaterVersion(db, known)
    return missing
  }
  return {
    migrate: () => patiently(dialect, async () => ((await pending()).length > 0 ? applyAll(migrator) : [])),
    pendingMigrations: () => patiently(dialect, pending),
    migrationSql: () =>
      patiently(dialect, async () =>
        (await pending()).length > 0 ? recordAll(createRecorder(db, dialect.kysely), migrations) : '',
      ),
  }
}

const createMigrator = (db: Sql['db'], migrations: Record<string, Migration>): Migrator =>
  new Migrator({
    db,
    provider: { getMigrations: async () => migrations },
    migrationTableName: APPLIED,
    migrationLockTableName: 'consulate_migration_lock',
  })

/** Applies the migrations to a recorder, each under a comment with its name. */
async function recordAll(recorder: Recorder, migrations: Record<string, Migration>): Promise<string> {
  const named = Object.entries(migrations).map(([name, migration]): [string, Migration] => [
    name,
    {
      up: async (db) => {
        recorder.note(`-- ${name}`)
        await migration.up(db)
      },
    },
  ])
  await applyAll(createMigrator(recorder.db, Object.fromEntries(named)))
  return recorder.script()
}

async function applyAll(migrator: Migrator): Promise<readonly string[]> {
  const { error, results = [] } = await migrator.migrateToLatest()
  if (error instanceof Error) throw error
  return results.map(({ migrationName }) => migrationName)
}

/** Kysely tells of migrations that it knows, applied or not, and of no others. */
async function refuseLaterVersion(db: Sql['db'], known: readonly string[]): Promise<void> {
  const applied = sql<{ name: string }>`select name from ${sql.table(APPLIED)} order by name`
  const { rows } = await applied.execute(db)
  const unknown = rows.find(({ name }) => !known.includes(name))
  if (unknown) throw laterVersion(unknown.name)
}

function laterVersion(name: string): ConfigError {
  const problem = `a later version has changed its tables (${name}): run that version, or restore a backup from before`
  return new ConfigError([{ path: 'store', message: problem }])
}
