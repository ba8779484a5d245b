import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { CompiledQuery } from 'kysely'
import { createPool, type PoolOptions } from 'mysql2'
import { createPool as createPromisePool } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ConfigError, StoreUnavailableError } from '../../src/errors.ts'
import type { Store } from '../../src/store/contract.ts'
import { mysql } from '../../src/store/mysql.ts'
import { ConnectionError } from '../../src/store/connection-error.ts'
import { openOwnPool } from '../../src/store/mysql/own-pool.ts'
import { createConnections } from '../../src/store/mysql/pool.ts'
import { parseMysqlUrl } from '../../src/store/mysql/url.ts'
import {
  ALICE,
  NOW,
  authorize,
  sampleAuthorization,
  sampleClient,
  sampleCode,
} from '../../src/testing/store/samples.ts'
import type { TestDatabase, TestDatabaseServer } from '../support/database-server.ts'
import { MYSQL_SERVERS } from '../support/mysql.ts'

const failureOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

/** Everything that a log could show of an error. */
const shown = (error: unknown): string => inspect(error, { depth: 10, showHidden: true })

for (const { name, isAvailable, open } of MYSQL_SERVERS)
  describe.runIf(isAvailable)(`a store in ${name}`, () => testStore(name, open))

for (const { name, canStart, start } of MYSQL_SERVERS)
  describe.runIf(canStart)(`a store in ${name} whose server`, () => testFailures(start))

function testStore(brand: string, openDatabase: () => Promise<TestDatabase>): void {
  let database: TestDatabase
  let store: Store
  beforeAll(async () => {
    database = await openDatabase()
    store = mysql(database.url)
    await store.migrate()
    await authorize(store)
  })
  afterAll(async () => {
    await store.close()
    await database.drop()
  })

  const usePool = (options: PoolOptions) => {
    const pool = createPool({ uri: database.url, ...options })
    onTestFinished(() => pool.end())
    return pool
  }

  test.each(['web ', 'WEB', 'wéb', 'web\0', 'ＷＥＢ'])('does not take the ID %j for "web"', async (id) => {
    expect(await store.clients.find(id)).toBeUndefined()
  })

  test('never closes a pool of callbacks or of promises', async () => {
    const pools = [usePool({}), createPromisePool(database.url)] as const
    for (const pool of pools) {
      const other = mysql({ pool })
      expect(await other.clients.find('web')).toEqual(sampleClient())
      await other.close()
    }
    const [rows] = await pools[1].query('select 1 as one')
    expect(rows).toEqual([{ one: 1 }])
    await pools[1].end()
  })

  test('reads and writes the same through the pool of an app with other options', async () => {
    const other = mysql({
      pool: usePool({
        rowsAsArray: true,
        nestTables: true,
        namedPlaceholders: true,
        typeCast: () => 'cast',
        supportBigNumbers: true,
        bigNumberStrings: true,
        decimalNumbers: true,
        connectionLimit: 2,
      }),
    })
    expect(await other.clients.find('web')).toEqual(sampleClient())
    expect(await other.authorizations.find('azn')).toEqual(sampleAuthorization())
    expect(await other.connections.list(ALICE, NOW)).toEqual(await store.connections.list(ALICE, NOW))
    const user = {
      id: '1',
      email: 'ü@example.com',
      name: 'Ü 🎈',
      passwordHash: 'p',
      createdAt: NOW,
      disabledAt: null,
    }
    expect(await other.users.insert(user)).toBe(true)
    expect(await store.users.findByEmail('ü@example.com')).toEqual(user)
  })

  test.each<[string, PoolOptions, string]>([
    ['counts only changed rows', { flags: ['-FOUND_ROWS'] }, '-FOUND_ROWS'],
    ['loses characters', { charset: 'latin1' }, 'utf8mb4'],
  ])('rejects a pool that %s', async (_, options, hint) => {
    const failure = await failureOf(mysql({ pool: usePool(options) }).clients.find('web'))
    expect(failure).toBeInstanceOf(ConfigError)
    expect(String(failure)).toContain(hint)
  })

  test.each([
    ['truncates text', "set session sql_mode = ''", 'sql_mode'],
    ['does not commit', 'set session autocommit = 0', 'autocommit'],
  ])('rejects a pool that %s', async (_, statement, hint) => {
    const pool = usePool({})
    pool.on('connection', (connection) => connection.query(statement, () => {}))
    const failure = await failureOf(mysql({ pool }).clients.find('web'))
    expect(failure).toBeInstanceOf(ConfigError)
    expect(String(failure)).toContain(hint)
  })

  test('shows no password, and no value that is taken, in its errors', async () => {
    const url = new URL(database.url)
    url.password = 'wrong-password'
    const refused = await failureOf(mysql(url.href).clients.find('web'))
    expect(refused).toBeInstanceOf(StoreUnavailableError)
    expect(shown(refused)).not.toContain('wrong-password')
    const taken = await failureOf(store.clients.insert(sampleClient()))
    expect(shown(taken)).toContain('Duplicate entry for key')
    expect(shown(taken)).not.toMatch(/Duplicate entry '|insert into/)
  })

  test('undoes an exchange that fails, and commits what comes after it on the same connection', async () => {
    const [hash, id] = ['code-of-another', 'azn-of-another']
    await store.codes.insert(sampleCode({ hash, authorizationId: id }), 'alice')
    await store.codes.insert(sampleCode(), 'alice')
    await store.authorizations.insert(sampleAuthorization({ id }), 'alice')
    const other = mysql({ pool: usePool({ connectionLimit: 1 }) })
    await other.codes.find(hash)
    await expect(other.codes.exchange(hash, sampleAuthorization({ id }), 'alice', NOW)).rejects.toThrow(
      'Duplicate entry',
    )
    expect(await other.codes.spend('code', NOW)).toBe(true)
    expect((await store.codes.find('code'))?.spentAt).toBe(NOW)
    expect((await store.codes.find(hash))?.spentAt).toBe(null)
  })

  test('exchanges codes on connections from before a migration changed the tables', async () => {
    const other = mysql(`${database.url}?connection_limit=1`)
    onTestFinished(other.close)
    const tables = ['codes', 'authorizations', 'clients', 'sessions', 'users', 'epochs']
    for (const table of ['none', ...tables]) {
      if (table !== 'none')
        await database.query(`alter table consulate_${table} add column later bigint not null default 0`)
      const [hash, authorization] = [`code-${table}`, sampleAuthorization({ id: `azn-${table}` })]
      await store.codes.insert(sampleCode({ hash, authorizationId: authorization.id }), 'alice')
      expect(await other.codes.exchange(hash, authorization, 'alice', NOW)).toBe(true)
      expect(await other.codes.exchange(hash, authorization, 'alice', NOW)).toBe(false)
      expect(await store.authorizations.find(authorization.id)).toEqual(authorization)
    }
  })

  test.each(['URL', 'pool'])('runs transactions at READ COMMITTED, whatever its %s says', async (kind) => {
    const pool = usePool({})
    pool.on('connection', (connection) =>
      connection.query('set session transaction isolation level serializable', () => {}),
    )
    const other = mysql(kind === 'pool' ? { pool } : database.url)
    onTestFinished(other.close)
    await database.query("start transaction; select 1 from consulate_clients where id = 'web' for update")
    const update = other.clients.update('web', { name: 'Other' })
    const waiting =
      "select trx_isolation_level as level from information_schema.innodb_trx where trx_state = 'LOCK WAIT'"
    let level: string | null | undefined
    while (level === undefined) {
      // The server answers from a cache if it was asked less than 100 ms ago.
      await sleep(150)
      level = (await database.query(waiting))[0]?.['level']
    }
    await database.query('rollback')
    await update
    expect(level).toBe('READ COMMITTED')
  })

  // MySQL has no limit for idle transactions.
  test.runIf(brand === 'MariaDB')('lets other nodes lock what a frozen node has locked', async () => {
    const busyTimeout = 2_000
    const { use, close } = createConnections({
      open: () => openOwnPool(parseMysqlUrl(database.url).config, busyTimeout),
      busyTimeout,
    })
    const other = mysql({ url: database.url, busyTimeout })
    onTestFinished(other.close)
    const frozen = use(async (run) => {
      await run(CompiledQuery.raw('start transaction'))
      await run(CompiledQuery.raw("update consulate_clients set name = 'Frozen' where id = 'web'"))
      await other.clients.update('web', { name: 'Other' })
      return failureOf(run(CompiledQuery.raw('commit')))
    }, performance.now() + 10_000)
    expect(await frozen).toBeInstanceOf(ConnectionError)
    await close()
    expect((await store.clients.find('web'))?.name).toBe('Other')
  })
}

function testFailures(startServer: (folder: string) => Promise<TestDatabaseServer>): void {
  let folder: string
  let server: TestDatabaseServer
  let store: Store
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'consulate-mysql-'))
    server = await startServer(folder)
    const admin = createPromisePool(server.url)
    await admin.query('create database consulate')
    await admin.end()
    store = mysql({ url: `${server.url}/consulate`, busyTimeout: 500 })
    await store.migrate()
    await store.clients.insert(sampleClient())
  })
  afterAll(async () => {
    await server.kill()
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('is frozen is unavailable within seconds, and is back when it thaws', async () => {
    server.freeze()
    const start = performance.now()
    for (const call of [1, 2])
      expect(await failureOf(store.clients.find(`web ${call}`))).toBeInstanceOf(StoreUnavailableError)
    expect(performance.now() - start).toBeLessThan(60_000)
    server.thaw()
    expect(await store.clients.find('web')).toEqual(sampleClient())
  })

  test('freezes ends a migration within seconds, and applies it later', async () => {
    const pool = createPool(`${server.url}/consulate`)
    const migrated = mysql({ pool, tablePrefix: 'frozen_', busyTimeout: 500 })
    let connections = 0
    // The first one was for the list of pending migrations.
    pool.on('acquire', () => {
      connections += 1
      if (connections === 2) server.freeze()
    })
    expect(await failureOf(migrated.migrate())).toBeInstanceOf(StoreUnavailableError)
    server.thaw()
    await migrated.migrate()
    expect(await migrated.pendingMigrations()).toEqual([])
    await pool.promise().end()
  })

  test('was killed is unavailable, and is back when it has started again', async () => {
    await server.kill()
    expect(await failureOf(store.clients.find('web'))).toBeInstanceOf(StoreUnavailableError)
    await server.restart()
    expect(await store.clients.find('web')).toEqual(sampleClient())
  })
}

describe('the URL of a database in MySQL', () => {
  test.each([
    'mysql://user:secret-word@host',
    'mysql://:secret-word@host/database',
    'postgres://user:secret-word@host/database',
    'mysql://user:secret/word@host/database',
    'mysql://user:secret-word@host/database#x',
    'mysql://user:secret-word@host/database?unknown=1',
    'mysql://user:secret-word@host/database?sslmode=perhaps',
    'mysql://user:secret-word@host/database?connection_limit=0',
    'mysql://user:%secret-word@host/database',
    'secret-word',
  ])('is rejected without repeating it: %s', (url) => {
    let failure: unknown
    try {
      mysql(url)
    } catch (error) {
      failure = error
    }
    expect(failure).toBeInstanceOf(ConfigError)
    expect(shown(failure).replaceAll(/at .*\n/g, '')).not.toContain('secret')
  })
})
