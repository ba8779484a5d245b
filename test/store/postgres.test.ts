import { Pool } from 'pg'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { StoreUnavailableError } from '../../src/errors.ts'
import type { Store } from '../../src/store/contract.ts'
import { postgres, type PostgresOptions } from '../../src/store/postgres.ts'
import { NOW, sampleClient, sampleSession } from '../../src/testing/store/samples.ts'
import type { TestDatabase, TestDatabaseServer } from '../support/database-server.ts'
import { createDatabase, hasPostgres, startPostgres } from '../support/postgres.ts'

const BUSY_TIMEOUT = 1_000

let folder: string
let server: TestDatabaseServer
let database: TestDatabase

/** Opens a store whose only connection is in use already. */
async function open(options: Partial<PostgresOptions> = {}): Promise<Store> {
  const pool = new Pool({ connectionString: database.url, max: 1 })
  pool.on('error', () => {})
  const store = postgres({ pool, busyTimeout: BUSY_TIMEOUT, ...options })
  onTestFinished(() => store.close().then(() => void pool.end()))
  await store.migrate()
  await store.clients.find('web')
  return store
}

describe.runIf(hasPostgres)('a store in PostgreSQL', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'consulate-postgres-'))
    server = await startPostgres(folder)
    database = await createDatabase(server.url)
  })
  afterAll(async () => {
    await server.kill()
    await rm(folder, { recursive: true, force: true })
  })

  test('leaves a pool open that is not its own', async () => {
    const pool = new Pool({ connectionString: database.url })
    onTestFinished(() => pool.end())
    const store = postgres({ pool })
    await store.migrate()
    await store.close()
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await expect(store.clients.find('web')).rejects.toThrow('The database is closed')
  })

  test('finds nothing for U+0000, which PostgreSQL cannot store, and keeps the rest of a text', async () => {
    const store = await open()
    expect(await store.clients.find('we\0b')).toBeUndefined()
    const session = sampleSession({ id: 'nul', cookieHash: 'nul', userAgent: 'a\0b' })
    expect(await store.sessions.insert(session, 'alice')).toBe(true)
    expect((await store.sessions.find('nul'))?.userAgent).toBe('a\uFFFDb')
  })

  test('continues to work after another node has changed a table', async () => {
    const store = await open()
    await database.query('alter table consulate_clients add column later text')
    expect(await store.clients.find('web')).toBeUndefined()
    await database.query('alter table consulate_clients drop column later')
    expect(await store.clients.find('web')).toBeUndefined()
  })

  test('continues to work after a pooler has lost its prepared statements', async () => {
    const pool = new Pool({ connectionString: database.url, max: 1 })
    const store = await open({ pool })
    await pool.query('deallocate all')
    expect(await store.clients.find('web')).toBeUndefined()
    await pool.query('deallocate all')
    expect(await store.clients.find('web')).toBeUndefined()
    expect((await pool.query('select name from pg_prepared_statements')).rows).toEqual([])
  })

  test('prepares no statements if they are off', async () => {
    const pool = new Pool({ connectionString: database.url, max: 1 })
    await open({ pool, preparedStatements: false })
    expect((await pool.query('select name from pg_prepared_statements')).rows).toEqual([])
  })

  test('survives that its connections are cut', async () => {
    const store = await open()
    const cut = () =>
      database.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()',
      )
    await cut()
    await expect
      .poll(() =>
        store.clients.find('web').then(String, (error: unknown) => error instanceof StoreUnavailableError),
      )
      .toBe('undefined')
    // Within a transaction, which must not be repeated.
    await store.clients.insert(sampleClient({ id: 'cut' }))
    let cutting: Promise<unknown> | undefined
    const update = store.clients.update('cut', (client) => {
      cutting = cut()
      return { name: `${client.name}!` }
    })
    const outcome = await update.then(
      () => 'done',
      (error: unknown) => error instanceof StoreUnavailableError,
    )
    expect([true, 'done']).toContain(outcome)
    // It must not cut the connection of the next test.
    await cutting
  })

  test('is unavailable while a lock is held for too long, and then works again', async () => {
    const store = await open()
    await store.clients.insert(sampleClient({ id: 'locked' }))
    const other = new Pool({ connectionString: database.url, max: 1 })
    onTestFinished(() => other.end())
    await other.query("begin; update consulate_clients set name = 'x' where id = 'locked'")
    await expect(store.clients.update('locked', () => ({ name: 'y' }))).rejects.toThrow(StoreUnavailableError)
    await other.query('rollback')
    expect((await store.clients.update('locked', () => ({ name: 'y' })))?.name).toBe('y')
  })

  test('is unavailable on a replica, which is read-only', async () => {
    const options = '-c default_transaction_read_only=on'
    const pool = new Pool({ connectionString: database.url, options })
    onTestFinished(() => pool.end())
    const store = postgres({ pool })
    expect(await store.clients.find('web')).toBeUndefined()
    await expect(store.clients.insert(sampleClient())).rejects.toThrow(StoreUnavailableError)
    await expect(store.codes.spend('x', NOW)).rejects.toThrow(StoreUnavailableError)
  })

  test('is unavailable within seconds while the server is frozen, also to close, and then works again', async () => {
    const store = postgres({ url: database.url, busyTimeout: BUSY_TIMEOUT })
    await store.clients.find('web')
    const started = performance.now()
    server.freeze()
    // The first uses a connection that is open, the second one opens another.
    const calls = [store.clients.find('web'), store.clients.insert(sampleClient())]
    const errors = await Promise.all(calls.map((call) => call.then(String, (error: unknown) => error)))
    await postgres({ url: database.url, busyTimeout: BUSY_TIMEOUT }).close()
    server.thaw()
    for (const error of errors) expect(error).toBeInstanceOf(StoreUnavailableError)
    expect(performance.now() - started).toBeLessThan(20_000)
    expect(await store.clients.find('web')).toBeUndefined()
    await store.close()
  })

  test('ends a migration within seconds when the server freezes, and applies it later', async () => {
    const pool = new Pool({ connectionString: database.url })
    const store = postgres({ pool, tablePrefix: 'frozen_', busyTimeout: BUSY_TIMEOUT })
    let connections = 0
    // The first one was for the list of pending migrations.
    pool.on('acquire', () => {
      connections += 1
      if (connections === 2) server.freeze()
    })
    await expect(store.migrate()).rejects.toThrow(StoreUnavailableError)
    server.thaw()
    await store.migrate()
    expect(await store.pendingMigrations()).toEqual([])
    await pool.end()
  })

  test('is unavailable while the server is down, and then works again', async () => {
    const store = postgres({ url: database.url, busyTimeout: BUSY_TIMEOUT })
    onTestFinished(store.close)
    await store.clients.find('web')
    await server.kill()
    await expect(store.clients.find('web')).rejects.toThrow(StoreUnavailableError)
    await server.restart()
    await expect.poll(() => store.clients.find('web').catch(String)).toBeUndefined()
  })
})
