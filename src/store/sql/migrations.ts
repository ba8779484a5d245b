import { sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import type { Migration } from 'kysely/migration'
import { ConfigError } from '../../errors.ts'
import { deviceCodeTables } from './device-code-tables.ts'
import type { SqlDialect } from './dialect.ts'
import { firstTables } from './first-tables.ts'
import { patiently } from './patience.ts'
import type { Sql } from './queries.ts'

/** Brings the tables up to date. */
export interface Migrations {
  /** Applies what is missing; the names of what it applied. Throws `ConfigError` where a later version has made tables. */
  migrate(): Promise<readonly string[]>
  /** The names of what is missing. Throws `ConfigError` where a later version has made tables. */
  pendingMigrations(): Promise<readonly string[]>
}

/** In the order of their names. A published one is never changed: another is added. */
const migrationsFor = (dialect: SqlDialect): Record<string, Migration> => ({
  '0001-first-tables': firstTables(dialect),
  '0002-device-codes': deviceCodeTables(dialect),
})

const APPLIED = 'consulate_migrations'

/** The migrations of a database. */
export function createMigrations({ db, dialect }: Sql): Migrations {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => migrationsFor(dialect) },
    migrationTableName: APPLIED,
    migrationLockTableName: 'consulate_migration_lock',
  })
  const known = Object.keys(migrationsFor(dialect))
  const pending = async (): Promise<readonly string[]> => {
    const migrations = await migrator.getMigrations()
    const missing = migrations.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name)
    if (missing.length < known.length) await refuseLaterVersion(db, known)
    return missing
  }
  return {
    migrate: () => patiently(dialect, async () => ((await pending()).length > 0 ? applyAll(migrator) : [])),
    pendingMigrations: () => patiently(dialect, pending),
  }
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
