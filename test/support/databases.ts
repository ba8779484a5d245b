import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '../../src/store/contract.ts'
import { mysql } from '../../src/store/mysql.ts'
import { postgres } from '../../src/store/postgres.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import type { TestDatabase } from './database-server.ts'
import { createMigratedFile } from './migrated-file.ts'
import { MYSQL_SERVERS } from './mysql.ts'
import { hasPostgres, openPostgres } from './postgres.ts'

/** A migrated database without rows of its own. */
export interface OpenDatabase {
  /** Other processes can open it with `openStore(url)`. */
  readonly url: string
  readonly store: Store
  /** Closes the store and empties the database. */
  drop(): Promise<void>
}

/** A kind of database that the store supports. */
export interface DatabaseKind {
  readonly name: string
  /** False if its server is not installed. Skip its tests. */
  readonly isAvailable: boolean
  open(): Promise<OpenDatabase>
  /** Creates a database without tables. */
  openEmpty(): Promise<EmptyDatabase>
}

/** A database without tables. */
export interface EmptyDatabase {
  readonly url: string
  /** Deletes it. */
  drop(): Promise<void>
}

/** What differs between servers when a database is emptied. */
interface Emptying {
  /** Selects the names of all tables. */
  readonly tables: string
  readonly quote: (name: string) => string
}

const POSTGRES_TABLES: Emptying = {
  tables: "select tablename as name from pg_tables where schemaname = 'public' order by 1",
  quote: (name) => `"${name}"`,
}

const MYSQL_TABLES: Emptying = {
  tables:
    'select table_name as name from information_schema.tables where table_schema = database() order by 1',
  quote: (name) => `\`${name}\``,
}

/** How long (ms) a call may wait. On a busy machine, many parallel calls take longer than the default. */
export const PATIENCE = 60_000

/** Opens databases of PostgreSQL that nothing else uses, for tests that leave rows or settings behind. */
export const ownPostgres = (): DatabaseKind['open'] =>
  reuse(openPostgres, (url) => postgres({ url, busyTimeout: PATIENCE }), POSTGRES_TABLES)

/** Opens databases of MariaDB or MySQL that nothing else uses. */
export const ownMysql = (openEmpty: () => Promise<TestDatabase>): DatabaseKind['open'] =>
  reuse(openEmpty, (url) => mysql({ url, busyTimeout: PATIENCE }), MYSQL_TABLES)

/** The databases that tests of the store run on. */
export const DATABASES: readonly DatabaseKind[] = [
  { name: 'SQLite', isAvailable: true, open: openSqlite, openEmpty: openEmptySqlite },
  {
    name: 'PostgreSQL',
    isAvailable: hasPostgres,
    open: ownPostgres(),
    openEmpty: openPostgres,
  },
  ...MYSQL_SERVERS.map(({ name, isAvailable, open }) => ({
    name,
    isAvailable,
    open: ownMysql(open),
    openEmpty: open,
  })),
]

async function openEmptySqlite(): Promise<EmptyDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'consulate-'))
  return {
    url: `sqlite:${join(folder, 'consulate.db')}`,
    drop: () => rm(folder, { recursive: true, force: true }),
  }
}

async function openSqlite(): Promise<OpenDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'consulate-'))
  const path = join(folder, 'consulate.db')
  await createMigratedFile(path)
  const store = sqlite(path)
  return {
    url: `sqlite:${path}`,
    store,
    async drop() {
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/**
 * Opens migrated databases on a server. Those that were dropped are emptied and used again: emptying takes milliseconds, and
 * migrating takes half a second.
 */
function reuse(
  create: () => Promise<TestDatabase>,
  openStore: (url: string) => Store,
  emptying: Emptying,
): DatabaseKind['open'] {
  const free: MigratedDatabase[] = []
  return async () => {
    const database = free.pop() ?? (await migrateNew(await create(), openStore, emptying))
    const { url } = database
    const store = openStore(url)
    let dropping: Promise<void> | undefined
    const drop = async (): Promise<void> => {
      await store.close()
      await database.empty().then(
        () => void free.push(database),
        () => database.drop(),
      )
    }
    return { url, store, drop: () => (dropping ??= drop()) }
  }
}

interface MigratedDatabase {
  readonly url: string
  /** Fails if a test has deleted a table. */
  empty(): Promise<void>
  drop(): Promise<void>
}

/**
 * The rows that migrations have written, such as the epoch of the issuer, are kept in tables of their own. Most tests use a
 * few of the tables, and emptying all of them would take longer than such a test.
 */
async function migrateNew(
  database: TestDatabase,
  openStore: (url: string) => Store,
  { tables, quote }: Emptying,
): Promise<MigratedDatabase> {
  const store = openStore(database.url)
  await store.migrate()
  await store.close()
  const names = (await database.query(tables)).map(({ name }) => name ?? '')
  const copyOf = (name: string): string => quote(`copy_of_${name}`)
  for (const name of names)
    await database.query(`create table ${copyOf(name)} as select * from ${quote(name)}`)
  const filled = (of: (name: string) => string): Promise<ReadonlySet<string>> =>
    listFilled(database, names, (name) => quote(of(name)))
  const initial = await filled((name) => `copy_of_${name}`)
  return {
    url: database.url,
    async empty() {
      const script = [...initial.union(await filled((name) => name))].flatMap((name) => [
        `delete from ${quote(name)}`,
        ...(initial.has(name) ? [`insert into ${quote(name)} select * from ${copyOf(name)}`] : []),
      ])
      await database.query(script.join('; '))
    },
    drop: () => database.drop(),
  }
}

/** Returns the names of which the tables have rows. Fails if one of the tables is gone. */
async function listFilled(
  database: TestDatabase,
  names: readonly string[],
  tableOf: (name: string) => string,
): Promise<ReadonlySet<string>> {
  const selects = names.map(
    (name) => `select '${name}' as name where exists (select 1 from ${tableOf(name)})`,
  )
  const rows = await database.query(selects.join(' union all '))
  return new Set(rows.map(({ name }) => name ?? ''))
}
