import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { listTables } from '../../src/store/sql/table-list.ts'
import { openStore } from '../../src/store/url.ts'
import {
  ALICE,
  authorize,
  NOW,
  sampleAuthorization,
  sampleClient,
  sampleCode,
  sampleRefresh,
} from '../../src/testing/store/samples.ts'
import { consulate } from '../cli/run.ts'
import type { TestDatabase } from '../support/database-server.ts'
import { dose, isInSample } from '../support/dose.ts'
import { MIGRATIONS } from '../support/migrations.ts'
import { MYSQL_SERVERS } from '../support/mysql.ts'
import { hasPgBouncer, startPgBouncer } from '../support/pgbouncer.ts'
import { hasPostgres, openPostgres } from '../support/postgres.ts'
import { openBrowser } from '../support/browser.ts'
import { getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { createFolder, startWorker } from './races/processes.ts'

const runFile = promisify(execFile)

/** A database server, and what its administrator does. */
interface ServerKind {
  readonly name: string
  readonly isAvailable: boolean
  open(): Promise<TestDatabase>
  /** Query parameters of the URL: tables of their own. */
  readonly tables: string
  /** Selects the definition of everything in the database, as text, in any order. */
  readonly describe: string
  /** Runs a script with the client of the database. */
  runScript(url: URL, script: string): Promise<unknown>
  /** Statements that create a user `app`, who may change rows only. */
  readonly createUser: (name: string) => string
}

const SERVERS: readonly ServerKind[] = [
  {
    name: 'PostgreSQL',
    isAvailable: hasPostgres,
    open: openPostgres,
    tables: '?schema=auth&table_prefix=oauth_',
    describe: `
      select concat_ws(' ', table_schema, table_name, column_name, data_type, is_nullable, column_default) as line
        from information_schema.columns where table_schema in ('public', 'auth')
      union all select indexdef from pg_indexes where schemaname in ('public', 'auth')`,
    runScript: (url, script) => runFile('psql', ['--set', 'ON_ERROR_STOP=1', '--file', script, url.href]),
    createUser: (name) => `
      create role ${name} login password 'app';
      grant usage on schema auth to ${name};
      grant select, insert, update, delete on all tables in schema auth to ${name}`,
  },
  ...MYSQL_SERVERS.map(({ name, isAvailable, open: openDatabase }) => ({
    name,
    isAvailable,
    open: openDatabase,
    tables: '?table_prefix=oauth_',
    describe: `
      select concat_ws(' ', table_name, column_name, column_type, is_nullable, column_default, collation_name) as line
        from information_schema.columns where table_schema = database()
      union all select concat_ws(' ', table_name, index_name, seq_in_index, column_name, non_unique)
        from information_schema.statistics where table_schema = database()`,
    runScript: ({ hostname, port, username, password, pathname }: URL, script: string) =>
      runFile('sh', [
        '-c',
        'MYSQL_PWD="$1" exec "$7" --no-defaults -h "$2" -P "$3" -u "$4" "$5" < "$6"',
        'sh',
        password,
        hostname,
        port,
        username,
        pathname.slice(1),
        script,
        // The client of MySQL does not sign in to MariaDB.
        name === 'MariaDB' ? 'mariadb' : 'mysql',
      ]),
    createUser: (user: string) => `
      create user ${user}@'127.0.0.1' identified by 'app';
      grant select, insert, update, delete on *.* to ${user}@'127.0.0.1'`,
  })),
]

async function open({ open: create }: ServerKind): Promise<TestDatabase> {
  const database = await create()
  onTestFinished(() => database.drop())
  return database
}

/** Returns the tables, columns and indexes of a database. */
async function schemaOf({ describe: sql }: ServerKind, database: TestDatabase): Promise<readonly string[]> {
  return (await database.query(sql)).map(({ line }) => line ?? '').toSorted()
}

/** Migrates in another process, which kills itself. Returns whether it came to the end before. */
async function migrateAndKill(url: string, packets: number): Promise<boolean> {
  const script = fileURLToPath(new URL('migrating/killed.ts', import.meta.url))
  const child = spawn(process.execPath, [script, url, String(packets)], { stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code === 0
}

const AVAILABLE = SERVERS.filter(({ isAvailable }) => isAvailable)

describe.each(SERVERS)('migrations of $name', (kind) => {
  /** Runs the next test on one of the servers in `npm test`, and on all of them with `CI=true`. */
  let row = 0
  const testNext = (title: string, body: () => Promise<void>): void => {
    const isChosen = isInSample(row++, AVAILABLE.indexOf(kind), AVAILABLE.length)
    test.runIf(kind.isAvailable && isChosen)(title, body)
  }

  testNext('are completed after each of many kills in the middle', async () => {
    const [complete, database] = [await open(kind), await open(kind)]
    const store = openStore(complete.url)
    await store.migrate()
    await store.close()
    let kills = 0
    // The first packets connect and take the lock. A process that is killed every time still makes progress.
    for (let packets = 14; !(await migrateAndKill(database.url, packets)); packets += dose(60, 3)) kills += 1
    expect(kills).toBeGreaterThan(1)
    expect(await schemaOf(kind, database)).toEqual(await schemaOf(kind, complete))
  })

  testNext(
    'can be printed and run by an administrator, for a server that may not create tables',
    async () => {
      const database = await open(kind)
      const name = new URL(database.url).pathname.slice(1).replace('consulate_test_', 'app_')
      const env = { CONSULATE_DATABASE_URL: database.url + kind.tables }
      const folder = await createFolder()
      const { stdout: script } = await consulate(folder, ['migrate', '--print'], { env })
      await writeFile(join(folder, 'script.sql'), script)
      await kind.runScript(new URL(database.url), join(folder, 'script.sql'))
      for (const statement of kind.createUser(name).split(';')) await database.query(statement)
      expect(await consulate(folder, ['migrate', '--print'], { env })).toMatchObject({ stdout: '' })

      const url = Object.assign(new URL(database.url + kind.tables), { username: name, password: 'app' }).href
      await using server = await startServer({ store: openStore(url) })
      expect(await server.store.pendingMigrations()).toEqual([])
      await server.addUser()
      await server.addClient()
      await server.server.close()
    },
  )

  testNext('let queries pass while they wait for a table that a transaction uses', async () => {
    const database = await open(kind)
    const store = openStore(database.url)
    onTestFinished(() => store.close())
    await store.migrate()
    await database.query(
      `alter table consulate_clients drop column introspects;
         delete from consulate_migrations where name = '0008-client-features'`,
    )
    await database.query('begin')
    await database.query('select * from consulate_clients')
    const migrated = store.migrate()
    // Would wait behind the migration, and that behind the transaction, forever.
    for (let round = 0; round < 20; round += 1) await store.users.list()
    await store.clients.isPublicOrigin('https://app.example')
    await database.query('commit')
    expect(await migrated).toEqual(['0008-client-features'])
    await store.clients.insert(sampleClient())
    expect(await store.clients.find('web')).toEqual(sampleClient())
  })

  testNext('do not stall token requests beside a long transaction', async () => {
    const database = await open(kind)
    const [store, other] = [openStore(database.url), openStore(database.url)]
    onTestFinished(() => other.close())
    await using server = await startServer({ store })
    const [user, client] = [await server.addUser(), await server.addClient()]
    let { refresh_token: token } = await getCodeFlowTokens({
      server,
      browser: openBrowser(server),
      user,
      client,
    })
    /** Returns how long (ms) they take, one after the other. */
    const refreshOften = async (): Promise<number> => {
      const start = performance.now()
      for (let round = 0; round < 100; round += 1) {
        const { status, body } = await refresh({ server, client }, token)
        expect(status).toBe(200)
        token = String(body['refresh_token'])
      }
      return performance.now() - start
    }
    const usual = await refreshOften()
    await database.query(
      `alter table consulate_sessions drop column app_session_hash; alter table consulate_epochs drop column raised_at;
       delete from consulate_migrations where name = '0006-app-sessions'`,
    )
    await database.query('begin')
    await database.query('select * from consulate_epochs')
    let isMigrated = false
    const migrated = other.migrate().finally(() => (isMigrated = true))
    const beside = await refreshOften()
    expect(isMigrated).toBe(false)
    // Most of the time would be spent behind the migration otherwise: 20 times as much.
    expect(beside).toBeLessThan(3 * usual + 3_000)
    await database.query('commit')
    expect(await migrated).toEqual(['0006-app-sessions'])
  })

  testNext('of a later version add columns while this one runs', async () => {
    const database = await open(kind)
    const store = openStore(database.url)
    onTestFinished(() => store.close())
    await store.migrate()
    await authorize(store)
    let generation = 0
    /** Runs prepared statements that return rows, each of which the new columns are part of. */
    const use = async (): Promise<void> => {
      expect((await store.clients.find('web'))?.id).toBe('web')
      expect(await store.sessions.listByUser(ALICE, NOW)).toHaveLength(1)
      const update = sampleRefresh({ from: generation, to: generation + 1 })
      expect(await store.authorizations.refresh(update)).toBeDefined()
      generation += 1
      const [hash, id] = [`code-${generation}`, `azn-${generation}`]
      await store.codes.insert(sampleCode({ hash, authorizationId: id }), 'alice')
      expect(await store.codes.exchange(hash, sampleAuthorization({ id }), 'alice', NOW)).toBe(true)
    }
    await use()
    for (const { name } of listTables()) {
      const added = database.query(`alter table ${name} add column later bigint`)
      await use()
      await added
    }
    await use()
  })

  testNext('skip an index that was created before', async () => {
    const database = await open(kind)
    const store = openStore(database.url)
    onTestFinished(() => store.close())
    await store.migrate()
    const complete = await schemaOf(kind, database)
    await database.query('alter table consulate_audit drop column actor')
    await database.query("delete from consulate_migrations where name = '0012-audit'")
    expect(await store.migrate()).toEqual(['0012-audit'])
    expect(await schemaOf(kind, database)).toEqual(complete)
  })
})

test.runIf(hasPostgres && hasPgBouncer)(
  'four processes apply each migration once through PgBouncer, and leave no lock behind',
  async () => {
    const database = await openPostgres()
    onTestFinished(() => database.drop())
    const { url, kill } = await startPgBouncer(database.url, 5)
    onTestFinished(kill)
    const workers = await Promise.all([1, 2, 3, 4].map(() => startWorker()))
    const results = await Promise.all(workers.map((worker) => worker.run('migrate', { url }, 5)))
    workers.forEach((worker) => worker.stop())
    expect(results.flatMap(({ value }) => value as string[]).toSorted()).toEqual(MIGRATIONS)
    expect(await database.query("select * from pg_locks where locktype = 'advisory'")).toEqual([])
  },
)

test('the names of migrations are in order', () => {
  expect(MIGRATIONS.toSorted()).toEqual(MIGRATIONS)
})
