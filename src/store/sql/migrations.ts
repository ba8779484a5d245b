import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import type { Migration } from 'kysely/migration'
import { ConfigError } from '../../errors.ts'
import type { Store } from '../contract.ts'
import type { SqlDialect } from './dialect.ts'
import { createRecorder } from './recorder.ts'
import type { Recorder } from './recorder.ts'
import { retryWhileBusy } from './retry.ts'
import {
  AUDIT_INDEXES,
  createIndex,
  createTable,
  DEVICE_CODES,
  FIRST_TABLES,
  IMPORTED_TOKENS,
  PASSWORD_RESETS,
  SEALED_SECRETS,
} from './schema.ts'
import type { Tables } from './tables.ts'
import { WEBHOOK_TABLES } from './webhook-tables.ts'
import type { Database } from './database.ts'

/** The part of a store that updates its tables. */
export type Migrations = Pick<Store, 'migrate' | 'pendingMigrations' | 'migrationSql'>

/** Applied in the order of their names. A published migration never changes; a change of the tables is another one. */
const migrationsFor = (dialect: SqlDialect): Record<string, Migration> => ({
  '0001-first-tables': {
    async up(db: Kysely<Tables>) {
      for (const [table, definition] of Object.entries(FIRST_TABLES))
        await createTable(db, dialect, table, definition)
      // An epoch is locked by its row, so the issuer's row must exist from the start.
      await db.insertInto('consulate_epochs').values({ kind: 'issuer', subject: '', epoch: 0 }).execute()
    },
  },
  '0002-device-codes': {
    up: (db: Kysely<Tables>) => createTable(db, dialect, 'consulate_device_codes', DEVICE_CODES),
  },
  '0003-passwords': {
    async up(db: Kysely<Tables>) {
      await createTable(db, dialect, 'consulate_password_resets', PASSWORD_RESETS)
      const type = sql.raw(dialect.types.time)
      await db.schema
        .alterTable('consulate_sessions')
        .addColumn('authenticated_at', type, (column) => column.notNull().defaultTo(0))
        .execute()
      await db
        .updateTable('consulate_sessions')
        .set({ authenticated_at: sql<number>`created_at` })
        .execute()
    },
  },
  '0004-revoked-users': {
    up: (db: Kysely<Tables>) =>
      db.schema.alterTable('consulate_revocations').addColumn('sub', sql.raw(dialect.types.key)).execute(),
  },
  '0005-polling-nodes': {
    up: (db: Kysely<Tables>) =>
      db.schema
        .alterTable('consulate_device_codes')
        .addColumn('last_polled_by', sql.raw(dialect.types.id))
        .execute(),
  },
  '0006-app-sessions': {
    async up(db: Kysely<Tables>) {
      const { id, time } = dialect.types
      await db.schema.alterTable('consulate_sessions').addColumn('app_session_hash', sql.raw(id)).execute()
      await createIndex(db, 'consulate_sessions', ['app_session_hash']).execute()
      await db.schema.alterTable('consulate_epochs').addColumn('raised_at', sql.raw(time)).execute()
    },
  },
  '0007-sign-in-methods': {
    // Nullable: not every database accepts a default for this type.
    up: (db: Kysely<Tables>) =>
      db.schema.alterTable('consulate_sessions').addColumn('methods', sql.raw(dialect.types.json)).execute(),
  },
  '0008-client-features': {
    up: (db: Kysely<Tables>) =>
      db.schema
        .alterTable('consulate_clients')
        .addColumn('introspects', sql.raw(dialect.types.flag), (column) => column.notNull().defaultTo(0))
        .execute(),
  },
  '0009-client-fields': {
    async up(db: Kysely<Tables>) {
      const { time, json } = dialect.types
      const columns = {
        access_token_lifetime: time,
        refresh_token_lifetime: time,
        refresh_token_maximum_lifetime: time,
        fields: json,
      }
      for (const [column, type] of Object.entries(columns))
        await db.schema.alterTable('consulate_clients').addColumn(column, sql.raw(type)).execute()
    },
  },
  '0010-webhooks': {
    async up(db: Kysely<Tables>) {
      for (const [table, definition] of Object.entries(WEBHOOK_TABLES))
        await createTable(db, dialect, table, definition)
    },
  },
  '0011-imported-tokens': {
    up: (db: Kysely<Tables>) => createTable(db, dialect, 'consulate_imported_tokens', IMPORTED_TOKENS),
  },
  '0012-audit': {
    async up(db: Kysely<Tables>) {
      await db.schema.alterTable('consulate_audit').addColumn('actor', sql.raw(dialect.types.id)).execute()
      for (const columns of AUDIT_INDEXES) await createIndex(db, 'consulate_audit', columns).execute()
    },
  },
  '0013-sealed-secrets': {
    up: (db: Kysely<Tables>) => createTable(db, dialect, 'consulate_sealed_secrets', SEALED_SECRETS),
  },
})

const MIGRATION_TABLE = 'consulate_migrations'

export function createMigrations({ db, dialect }: Database): Migrations {
  const migrations = migrationsFor(dialect)
  const migrator = createMigrator(db, migrations)
  const known = Object.keys(migrations)
  const pending = async (): Promise<readonly string[]> => {
    const infos = await migrator.getMigrations()
    const missing = infos.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name)
    if (missing.length < known.length) await rejectLaterVersion(db, known)
    return missing
  }
  return {
    migrate: () =>
      retryWhileBusy(dialect, async () => ((await pending()).length > 0 ? applyAll(migrator) : [])),
    pendingMigrations: () => retryWhileBusy(dialect, pending),
    migrationSql: () =>
      retryWhileBusy(dialect, async () =>
        (await pending()).length > 0 ? recordAll(createRecorder(db, dialect.kysely), migrations) : '',
      ),
  }
}

const createMigrator = (db: Database['db'], migrations: Record<string, Migration>): Migrator =>
  new Migrator({
    db,
    provider: { getMigrations: async () => migrations },
    migrationTableName: MIGRATION_TABLE,
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

/** Kysely ignores applied migrations that it does not know. */
async function rejectLaterVersion(db: Database['db'], known: readonly string[]): Promise<void> {
  const applied = sql<{ name: string }>`select name from ${sql.table(MIGRATION_TABLE)} order by name`
  const { rows } = await applied.execute(db)
  const unknown = rows.find(({ name }) => !known.includes(name))
  if (unknown) throw createLaterVersionError(unknown.name)
}

function createLaterVersionError(migration: string): ConfigError {
  const message = `was migrated by a later version (${migration}): run that version, or restore an earlier backup`
  return new ConfigError([{ path: 'store', message }])
}
