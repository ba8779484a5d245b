import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { StoreUnavailableError } from '../../src/errors.ts'
import type { Store } from '../../src/store/contract.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import {
  ALICE,
  authorize,
  NOW,
  sampleAuthorization,
  sampleClient,
  sampleCode,
  sampleDeviceCode,
  sampleSession,
  sampleUser,
  signIn,
} from '../../src/testing/store/samples.ts'
import { downgrade, MIGRATIONS } from '../support/migrations.ts'
import { createFolder, openMigrated, startWorker } from './races/processes.ts'

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

/** Takes the write lock, as another process would. */
function lock(path: string): { release: () => void } {
  const database = new DatabaseSync(path)
  database.exec('begin immediate')
  onTestFinished(() => database.close())
  return { release: () => database.exec('rollback') }
}

/** Records a migration that this version does not have. */
function recordMigration(path: string, name: string): void {
  using database = new DatabaseSync(path)
  database.exec(`insert into consulate_migrations values ('${name}', '2099-01-01T00:00:00.000Z')`)
}

/** Linux lists the locks of all processes here. */
const LOCKS = '/proc/locks'

/** Returns how many locks there are on a file. */
async function countLocks(path: string): Promise<number> {
  const [{ ino }, text] = await Promise.all([stat(path), readFile(LOCKS, 'utf8')])
  return text.split('\n').filter((line) => line.includes(`:${ino} `)).length
}

describe('the database file', () => {
  test('is readable by its owner only, like the files next to it', async () => {
    const folder = join(await createFolder(), 'a/new/folder')
    const store = sqlite(join(folder, 'data.db'))
    onTestFinished(() => store.close())
    await store.migrate()
    expect(await modeOf(folder)).toBe('700')
    for (const ending of ['', '-wal', '-shm'])
      expect(await modeOf(join(folder, `data.db${ending}`))).toBe('600')
  })

  test('keeps its data when the store is closed', async () => {
    const { path, store } = await openMigrated()
    await signIn(store)
    await store.close()
    const again = sqlite(path)
    onTestFinished(() => again.close())
    expect(await again.pendingMigrations()).toEqual([])
    expect(await again.clients.find('web')).toEqual(sampleClient())
    expect(await again.sessions.find('laptop')).toEqual(sampleSession())
  })

  test('is closed after the calls that came before, even if the first of them opens it', async () => {
    const { path, store } = await openMigrated()
    await signIn(store)
    await store.close()
    for (let round = 0; round < 5; round++) {
      const opened = sqlite(path)
      const ids = Array.from({ length: 20 }, (_, index) => `${round}-${index}`)
      const calls = ids.map((id) => opened.sessions.insert(sampleSession({ id }), 'alice'))
      await opened.close()
      expect(await Promise.all(calls)).toEqual(ids.map(() => true))
    }
  })

  // Otherwise a program that opens and closes the file, such as the sqlite3 shell, deletes the log that is in use.
  test.runIf(existsSync(LOCKS))('stays locked if a process opens it twice', async () => {
    const { path, store } = await openMigrated()
    await store.clients.insert(sampleClient())
    const locks = await countLocks(path)
    expect(locks).toBeGreaterThan(0)
    const second = sqlite(path)
    onTestFinished(() => second.close())
    expect(await second.clients.find('web')).toBeDefined()
    expect(await countLocks(path)).toBe(locks)
  })

  test('of an earlier version is migrated and keeps its data', async () => {
    const { path, store } = await openMigrated()
    await signIn(store)
    await store.close()
    downgrade(path)
    const later = sqlite(path)
    onTestFinished(() => later.close())
    expect(await later.pendingMigrations()).toEqual(MIGRATIONS.slice(1))
    expect(await later.migrate()).toEqual(MIGRATIONS.slice(1))
    expect(await later.clients.find('web')).toEqual(sampleClient())
    expect(await later.sessions.find('laptop')).toEqual(sampleSession({ methods: [] }))
    expect(await later.deviceCodes.insert(sampleDeviceCode())).toBe('inserted')
  })

  test('of a later version is used by an earlier one, unless a migration breaks it', async () => {
    const { path, store } = await openMigrated()
    recordMigration(path, '0999-later')
    expect(await store.pendingMigrations()).toEqual([])
    expect(await store.migrate()).toEqual([])
    recordMigration(path, '1000-breaking-later')
    await expect(store.migrate()).rejects.toThrow('was migrated by a later version (1000-breaking-later)')
  })

  test('is created by the first call', async () => {
    const path = join(await createFolder(), 'data.db')
    await sqlite(path).close()
    await expect(stat(path)).rejects.toThrow('ENOENT')
  })
})

describe('the SQL of pending migrations', () => {
  /** What the database file holds, apart from the times of its migrations. */
  function contentOf(path: string): unknown {
    const database = new DatabaseSync(path)
    const read = (table: string) => database.prepare(`select * from ${table} order by 1, 2`).all()
    const migrations = read('consulate_migrations').map(({ name }) => name)
    const schema = read('sqlite_schema').map(({ sql, tbl_name: table }) => ({ table, sql }))
    const rows = read('consulate_epochs')
    database.close()
    return { migrations, schema, rows }
  }

  /** Prints the SQL for a database, then runs it there. */
  async function runPrinted(path: string): Promise<string> {
    const store = sqlite(path)
    const script = await store.migrationSql()
    await store.close()
    const database = new DatabaseSync(path)
    database.exec(script)
    database.close()
    return script
  }

  test('creates the same tables as migrating', async () => {
    const { folder, path } = await openMigrated()
    const printed = join(folder, 'printed.db')
    await runPrinted(printed)
    expect(contentOf(printed)).toEqual(contentOf(path))
    const store = sqlite(printed)
    onTestFinished(() => store.close())
    expect(await store.pendingMigrations()).toEqual([])
    expect(await store.migrate()).toEqual([])
  })

  test('holds only the migrations that are pending', async () => {
    const { path, store } = await openMigrated()
    const complete = contentOf(path)
    await store.close()
    downgrade(path)
    const script = await runPrinted(path)
    expect(script.match(/^-- \d.*/gm)).toEqual(MIGRATIONS.slice(1).map((name) => `-- ${name}`))
    expect(contentOf(path)).toEqual(complete)
  })

  test('changes nothing when it is printed', async () => {
    const path = join(await createFolder(), 'data.db')
    const store = sqlite(path)
    onTestFinished(() => store.close())
    expect(await store.migrationSql()).toContain('consulate_clients')
    expect(await store.pendingMigrations()).toEqual(MIGRATIONS)
    const database = new DatabaseSync(path)
    onTestFinished(() => database.close())
    expect(database.prepare('select name from sqlite_schema').all()).toEqual([])
  })
})

describe('a lock of another process', () => {
  test('delays writes but neither reads nor the event loop', async () => {
    const { path, store } = await openMigrated()
    await store.clients.insert(sampleClient())
    const { release } = lock(path)
    const insert = store.sessions.insert(sampleSession(), 'alice')
    for (let round = 0; round < 20; round++) {
      expect(await store.clients.find('web')).toEqual(sampleClient())
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(await Promise.race([insert, Promise.resolve('waiting')])).toBe('waiting')
    release()
    expect(await insert).toBe(true)
  })

  test('makes the store unavailable after the timeout, until it is released', async () => {
    const { path, store } = await openMigrated(100)
    await signIn(store)
    const { release } = lock(path)
    await expect(store.sessions.insert(sampleSession({ id: 'phone' }), 'alice')).rejects.toThrow(
      StoreUnavailableError,
    )
    await expect(store.codes.spend('code', NOW)).rejects.toThrow(StoreUnavailableError)
    release()
    expect(await store.sessions.insert(sampleSession({ id: 'phone' }), 'alice')).toBe(true)
  })
})

describe('a file that cannot be used', () => {
  test('makes the store unavailable if it was deleted, and is not created again', async () => {
    const { folder, path, store } = await openMigrated()
    await signIn(store)
    await rename(folder, `${folder}-aside`)
    await mkdir(folder)
    onTestFinished(() => rm(`${folder}-aside`, { recursive: true, force: true }))
    await expect(store.clients.find('web')).rejects.toThrow(StoreUnavailableError)
    await expect(store.revocations.revoke({ kind: 'issuer' }, NOW)).rejects.toThrow(StoreUnavailableError)
    await expect(stat(path)).rejects.toThrow('ENOENT')
    await rm(folder, { recursive: true })
    await rename(`${folder}-aside`, folder)
    expect(await store.clients.find('web')).toEqual(sampleClient())
  })

  test('is opened again if it was replaced by a backup', async () => {
    const { path, store } = await openMigrated()
    await store.clients.insert(sampleClient())
    const backup = `${path}.backup`
    const reader = new DatabaseSync(path)
    reader.exec(`vacuum into '${backup}'`)
    reader.close()
    await store.clients.update('web', { name: 'After the backup' })
    await Promise.all([rm(`${path}-wal`), rm(`${path}-shm`)])
    await rename(backup, path)
    expect((await store.clients.find('web'))?.name).toBe('The web app')
  })

  test('makes the store unavailable if it is not a database', async () => {
    const path = join(await createFolder(), 'data.db')
    await copyFile(new URL(import.meta.url), path)
    const store = sqlite(path)
    onTestFinished(() => store.close())
    await expect(store.migrate()).rejects.toThrow(StoreUnavailableError)
  })

  test('makes the store unavailable while it is read-only', async () => {
    const { folder, path, store } = await openMigrated()
    await signIn(store)
    await store.close()
    const setModes = async (directory: number, file: number) => {
      await chmod(folder, directory)
      await chmod(path, file)
    }
    await setModes(0o755, 0o444)
    // Root can write to any file, so a process of another user tries.
    const worker = await startWorker(process.getuid?.() === 0 ? { uid: 65_534 } : {})
    onTestFinished(worker.stop)
    expect(await worker.run('insertSession', { url: `sqlite:${path}` }, 1)).toMatchObject({
      error: 'StoreUnavailableError',
    })
    await setModes(0o777, 0o666)
    expect(await worker.run('insertSession', { url: `sqlite:${path}` }, 1)).toEqual({ value: true })
  })
})

describe('a full disk', () => {
  test('makes the store unavailable until there is space again', async () => {
    const { path, store } = await openMigrated()
    await signIn(store)
    const worker = await startWorker({ fileSize: 512 })
    onTestFinished(worker.stop)
    let index = 0
    while ((await worker.run('insertSession', { url: `sqlite:${path}` }, index)).value === true) index++
    expect(await worker.run('insertSession', { url: `sqlite:${path}` }, index)).toMatchObject({
      error: 'StoreUnavailableError',
    })
    expect(await worker.run('find', { url: `sqlite:${path}` })).toEqual({ value: sampleClient() })
    expect(await store.sessions.find(`session-${index}`)).toBe(undefined)
    const checkpointer = new DatabaseSync(path)
    checkpointer.exec('pragma wal_checkpoint(truncate)')
    checkpointer.close()
    expect(await worker.run('insertSession', { url: `sqlite:${path}` }, index)).toEqual({ value: true })
  })
})

describe('a power cut', () => {
  /** Records the synchronous level of SQLite at each commit. */
  function watchCommits(): number[] {
    const levels: number[] = []
    const prepare = DatabaseSync.prototype.prepare
    vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (
      this: DatabaseSync,
      text: string,
    ) {
      const statement = prepare.call(this, text)
      if (text !== 'commit') return statement
      const run = statement.run.bind(statement)
      statement.run = () => {
        levels.push(Number(prepare.call(this, 'pragma synchronous').get()?.['synchronous']))
        return run()
      }
      return statement
    })
    onTestFinished(() => void vi.restoreAllMocks())
    return levels
  }

  const FULL = 2
  const NORMAL = 1
  const durable: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
    'clients.insert': ({ clients }) => clients.insert(sampleClient({ id: 'another' })),
    'clients.update': ({ clients }) => clients.update('web', { name: 'Renamed' }),
    'users.insert': ({ users }) => users.insert(sampleUser()),
    'users.update': ({ users }) => users.update('alice', { name: 'Alicia' }),
    'sessions.insert': ({ sessions }) => sessions.insert(sampleSession({ id: 'phone' }), 'alice'),
    'sessions.renew': ({ sessions }) => sessions.renew('laptop', { ...sampleSession(), subject: 'alice' }),
    'authorizations.insert': (store) => authorize(store),
    'authorizations.insert, with a session': (store) =>
      store.authorizations.insert(
        sampleAuthorization({ sessionId: 'phone' }),
        'alice',
        sampleSession({ id: 'phone' }),
      ),
    'consents.add': ({ consents }) => consents.add(ALICE, 'web', ['a'], NOW),
    'connections.disconnect': ({ connections }) =>
      connections.disconnect(ALICE, { clientId: 'web', subject: 'alice' }, NOW),
    'revocations.revoke': ({ revocations }) => revocations.revoke({ kind: 'issuer' }, NOW),
    'fingerprints.addFirst': ({ fingerprints }) => fingerprints.addFirst('first', NOW),
    'fingerprints.add': ({ fingerprints }) => fingerprints.add('second', NOW),
  }

  for (const [name, act] of Object.entries(durable)) {
    test(`does not undo ${name}, because it is on disk when the call returns`, async () => {
      const levels = watchCommits()
      const { store } = await openMigrated()
      if (name !== 'authorizations.insert') await signIn(store)
      await store.codes.insert(sampleCode(), 'alice')
      levels.length = 0
      await act(store)
      expect(levels.length).toBeGreaterThan(0)
      expect(new Set(levels)).toEqual(new Set([FULL]))
    })
  }

  test('may undo a code or device code, which does not wait for the disk', async () => {
    const levels = watchCommits()
    const { store } = await openMigrated()
    await signIn(store)
    levels.length = 0
    await store.codes.insert(sampleCode(), 'alice')
    await store.deviceCodes.insert(sampleDeviceCode())
    expect(levels).toEqual([NORMAL, NORMAL])
  })

  test('may undo last uses, which are written in one transaction', async () => {
    const levels = watchCommits()
    const { store } = await openMigrated()
    await authorize(store)
    levels.length = 0
    await store.authorizations.markUsed(new Map())
    expect(levels).toEqual([])
    await store.authorizations.markUsed(new Map(['azn', 'a', 'b'].map((id) => [id, NOW + 1])))
    expect(levels).toEqual([NORMAL])
  })
})
