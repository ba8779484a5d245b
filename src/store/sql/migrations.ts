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
  /** The names of what is missing. */
  pendingMigrations(): Promise<readonly string[]>
}

/** In the order of their names. A published one is never changed: another is added. */
const migrationsFor = (dialect: SqlDialect): Record<string, Migration> => ({
  '0001-first-tables': firstTables(dialect),
  '0002-device-codes': deviceCodeTables(dialect),
})

/** The migrations of a database. */
export function createMigrations({ db, dialect }: Sql): Migrations {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => migrationsFor(dialect) },
    migrationTableName: 'consulate_migrations',
    migrationLockTableName: 'consulate_migration_lock',
  })
  return {
    migrate: () => patiently(dialect, () => applyAll(migrator)),
    async pendingMigrations() {
      const migrations = await patiently(dialect, () => migrator.getMigrations())
      return migrations.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name)
    },
  }
}

async function applyAll(migrator: Migrator): Promise<readonly string[]> {
  const { error, results = [] } = await migrator.migrateToLatest()
  if (error instanceof Error) throw laterVersion(error) ?? error
  return results.map(({ migrationName }) => migrationName)
}

/** What a migration of a later version comes to for Kysely, which knows none that is not listed. */
const UNKNOWN = /^corrupted migrations: previously executed migration (\S+) is missing$/

function laterVersion({ message }: Error): ConfigError | undefined {
  const [, name] = UNKNOWN.exec(message) ?? []
  if (name === undefined) return undefined
  const problem = `a later version has changed its tables (${name}): run that version, or restore a backup from before`
  return new ConfigError([{ path: 'store', message: problem }])
}
