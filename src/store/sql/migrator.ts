import { ConfigError } from '../../errors.ts'
import type { Store } from '../contract.ts'
import {
  createMigrationTable,
  readApplied,
  recordApplied,
  selectApplied,
  UNFINISHED_COPY,
} from './applied-migrations.ts'
import { toScript } from './migration-script.ts'
import type { ScriptSection } from './migration-script.ts'
import { MIGRATIONS } from './migrations.ts'
import { retryWhileBusy } from './retry.ts'
import { statementsOf } from './steps.ts'
import type { Statement } from './steps.ts'
import type { Database } from './database.ts'
import type { RunQuery } from './dialect.ts'

/** The part of a store that updates its tables. */
export type Migrations = Pick<Store, 'migrate' | 'pendingMigrations' | 'migrationSql'>

/** The names of all migrations of this version. */
const KNOWN: readonly string[] = Object.keys(MIGRATIONS)

/** How long (ms) a node waits for others that migrate, and for transactions that use a table. */
const TIMEOUT = 60_000

export function createMigrations(database: Database): Migrations {
  const pending = async (): Promise<readonly string[]> => pendingOf(await readApplied(database))
  return {
    pendingMigrations: pending,
    async migrate() {
      const applied: string[] = []
      // Reading needs no lock, and no permission to create tables.
      while ((await pending()).length > 0) {
        const name = await applyNext(database)
        if (name !== undefined) applied.push(name)
      }
      return applied
    },
    async migrationSql() {
      const names = await pending()
      return names.length === 0 ? '' : toScript(database.dialect, await sectionsOf(database, names))
    },
  }
}

/** @throws ConfigError if the database cannot be used by this version */
function pendingOf(applied: readonly string[]): readonly string[] {
  const unknown = applied.filter((name) => !KNOWN.includes(name))
  if (unknown.includes(UNFINISHED_COPY)) throw problem(UNFINISHED)
  const breaking = unknown.find((name) => /^\d+-breaking-/.test(name))
  if (breaking !== undefined)
    throw problem(
      `was migrated by a later version (${breaking}): run that version, or restore an earlier backup`,
    )
  return KNOWN.filter((name) => !applied.includes(name))
}

const UNFINISHED = 'holds an unfinished copy of another database: run `consulate copy` again'

const problem = (message: string): ConfigError => new ConfigError([{ path: 'store', message }])

/**
 * Applies the first pending migration, under the lock of the database. Each is a transaction of its own, so that no table is
 * locked longer than necessary. Returns its name, or undefined if none is pending.
 */
const applyNext = (database: Database): Promise<string | undefined> =>
  retryWhileBusy(
    database.dialect,
    () =>
      database.db
        .transaction()
        .execute((connection) =>
          applyUnderLock(database, async (query) => (await connection.executeQuery(query)).rows),
        ),
    { timeout: TIMEOUT, pause: database.dialect.migrations.pause },
  )

async function applyUnderLock(database: Database, run: RunQuery): Promise<string | undefined> {
  const { db, dialect } = database
  const { lock, unlock, listExisting } = dialect.migrations
  await lock(run)
  try {
    await run(createMigrationTable(database))
    const [name] = pendingOf((await run(selectApplied(db))).map((row) => row.name))
    if (name === undefined) return undefined
    const existing = await listExisting(run)
    for (const { query } of missingOf(statementsIn(database, name), existing)) await run(query.compile())
    await run(recordApplied(db, name))
    return name
  } finally {
    await unlock?.(run)
  }
}

const statementsIn = ({ db, dialect }: Database, name: string): readonly Statement[] =>
  (MIGRATIONS[name] ?? []).flatMap((step) => statementsOf(step, db, dialect))

/** Leaves out what was created already: by hand, or by a process that was killed within the migration. */
const missingOf = (statements: readonly Statement[], existing: ReadonlySet<string>): readonly Statement[] =>
  statements.filter(({ creates }) => creates === undefined || !existing.has(creates))

async function sectionsOf(database: Database, names: readonly string[]): Promise<readonly ScriptSection[]> {
  const { db, dialect } = database
  const existing = await dialect.migrations.listExisting(database.all)
  return names.map((name) => ({
    title: name,
    statements: [
      ...(name === KNOWN[0] ? [createMigrationTable(database)] : []),
      ...missingOf(statementsIn(database, name), existing).map(({ query }) => query.compile()),
      recordApplied(db, name),
    ],
  }))
}
