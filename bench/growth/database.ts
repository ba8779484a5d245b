import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Store } from '../../src/index.ts'
import { postgres } from '../../src/store/postgres.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { runFile, type TestDatabase, type TestDatabaseServer } from '../../test/support/database-server.ts'
import { createDatabase as createOnMariadb, startMariadb } from '../../test/support/mariadb.ts'
import { createDatabase as createOnPostgres, startPostgres } from '../../test/support/postgres.ts'

export const DATABASES = ['sqlite', 'postgres', 'mariadb'] as const

export type DatabaseName = (typeof DATABASES)[number]

type Row = Readonly<Record<string, unknown>>

/**
 * A database of a bench. Servers are started for it, with the settings of the tests, so they do not wait for the disk, and with a
 * gigabyte of memory for pages.
 */
export interface BenchDatabase {
  readonly name: DatabaseName
  /** A file, or a URL with a password. */
  readonly location: string
  query(sql: string): Promise<readonly Row[]>
  /** The statement that lists the columns of a table, as `name`. */
  columnsOf(table: string): string
  /** The bytes of each table, and those of its indexes. */
  sizes(): Promise<ReadonlyMap<string, TableSize>>
  /** Closes it, and deletes it unless it is a template. */
  stop(): Promise<void>
}

export interface TableSize {
  readonly table: number
  readonly indexes: number
}

/** Opens the store of a database. */
export async function openStore(name: DatabaseName, location: string): Promise<Store> {
  if (name === 'sqlite') return sqlite(location)
  if (name === 'postgres') return postgres(location)
  const { mysql } = await import('../../src/store/mysql.ts')
  return mysql(location)
}

export function parseDatabase(name: string): DatabaseName {
  const found = DATABASES.find((one) => one === name)
  if (!found) throw new Error(`--database must be one of ${DATABASES.join(', ')}`)
  return found
}

/** Creates an empty, migrated database. */
export async function openDatabase(name: DatabaseName): Promise<BenchDatabase> {
  return deleteAfterwards(await mkdtemp(join(tmpdir(), 'bench-')), (folder) => openIn(name, folder))
}

/** Opens a copy of the database in a folder. If the folder is missing, creates it first, with a database that is filled. */
export async function openCopy(
  name: DatabaseName,
  template: string,
  fill: (database: BenchDatabase) => Promise<void>,
): Promise<BenchDatabase> {
  if (!existsSync(template)) {
    const part = `${template}.part`
    await rm(part, { recursive: true, force: true })
    await mkdir(part, { recursive: true })
    const database = await openIn(name, part)
    await fill(database)
    await database.stop()
    await rename(part, template)
  }
  return deleteAfterwards(await mkdtemp(join(tmpdir(), 'bench-')), async (folder) => {
    // With the owners of the files, which Node does not copy.
    await runFile('cp', ['--archive', '--reflink=auto', `${template}/.`, folder])
    // Otherwise the first commit that waits for the disk waits for the whole copy.
    await runFile('sync', ['--file-system', folder])
    return openIn(name, folder)
  })
}

async function deleteAfterwards(
  folder: string,
  open: (folder: string) => Promise<BenchDatabase>,
): Promise<BenchDatabase> {
  const database = await open(folder)
  return {
    ...database,
    async stop() {
      await database.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function openIn(name: DatabaseName, folder: string): Promise<BenchDatabase> {
  const database = await OPENERS[name](folder)
  const store = await openStore(name, database.location)
  await store.migrate()
  await store.close()
  return database
}

/** The name of the database on a server. */
const NAME = 'consulate_bench'

const OPENERS: Readonly<Record<DatabaseName, (folder: string) => Promise<BenchDatabase>>> = {
  async sqlite(folder) {
    const file = join(folder, 'consulate.db')
    let database: DatabaseSync | undefined
    const open = (): DatabaseSync => {
      if (database) return database
      database = new DatabaseSync(file)
      // The indexes are larger than SQLite's default cache of 2 MB.
      database.exec('PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF; PRAGMA cache_size = -500000')
      return database
    }
    const query = async (sql: string): Promise<readonly Row[]> => open().prepare(sql).all()
    return {
      name: 'sqlite',
      location: file,
      query,
      columnsOf: (table) => `SELECT name FROM pragma_table_info('${table}')`,
      async sizes() {
        await query('PRAGMA wal_checkpoint(TRUNCATE)')
        return toSizes(
          await query(`SELECT tbl_name AS name, sum(CASE WHEN s.name = tbl_name THEN pgsize ELSE 0 END) AS data,
            sum(CASE WHEN s.name = tbl_name THEN 0 ELSE pgsize END) AS indexes
            FROM dbstat AS s JOIN sqlite_master AS m ON m.name = s.name WHERE s.aggregate = true GROUP BY tbl_name`),
        )
      },
      async stop() {
        database?.close()
      },
    }
  },
  async postgres(folder) {
    const server = await startPostgres(folder, 'shared_buffers=1GB')
    return onServer('postgres', server, await createOnPostgres(server.url, NAME), {
      columns: (table) =>
        `SELECT column_name AS name FROM information_schema.columns WHERE table_name = '${table}'`,
      sizes: `SELECT relname AS name, pg_table_size(oid) AS data, pg_indexes_size(oid) AS indexes
        FROM pg_class WHERE relkind = 'r' AND relname LIKE 'consulate%'`,
    })
  },
  async mariadb(folder) {
    const server = await startMariadb(
      folder,
      '--innodb-buffer-pool-size=1G',
      '--innodb-log-file-size=1G',
      '--innodb-sort-buffer-size=64M',
    )
    const database = await createOnMariadb(server.url, NAME)
    // Statistics are updated in the background.
    const analyze = async (): Promise<void> => {
      const tables = await database.query(`SELECT table_name AS name FROM information_schema.tables
        WHERE table_schema = database()`)
      await database.query(`ANALYZE TABLE ${tables.map(({ name }) => name).join()}`)
    }
    const opened = onServer('mariadb', server, database, {
      columns: (table) => `SELECT column_name AS name FROM information_schema.columns
        WHERE table_schema = database() AND table_name = '${table}'`,
      sizes: `SELECT table_name AS name, data_length AS data, index_length AS indexes
        FROM information_schema.tables WHERE table_schema = database()`,
    })
    return { ...opened, sizes: async () => (await analyze(), opened.sizes()) }
  },
}

const onServer = (
  name: DatabaseName,
  server: TestDatabaseServer,
  { url, query, disconnect }: TestDatabase,
  statements: { readonly columns: (table: string) => string; readonly sizes: string },
): BenchDatabase => ({
  name,
  location: url,
  query,
  columnsOf: statements.columns,
  sizes: async () => toSizes(await query(statements.sizes)),
  async stop() {
    await disconnect()
    await server.kill()
  },
})

const toSizes = (rows: readonly Row[]): ReadonlyMap<string, TableSize> =>
  new Map(
    rows.map(({ name, data, indexes }) => [String(name), { table: Number(data), indexes: Number(indexes) }]),
  )
