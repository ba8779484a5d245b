import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Store } from '../../src/index.ts'
import { listTables } from '../../src/store/sql/table-list.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { openStore } from '../../src/store/url.ts'
import { sampleClient, sampleSession } from '../../src/testing/store/samples.ts'
import { openBrowser } from '../support/browser.ts'
import { DATABASES } from '../support/databases.ts'
import { sampleOf } from '../support/dose.ts'
import { MIGRATIONS } from '../support/migrations.ts'
import { getCodeFlowTokens, refresh, revokeToken } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { binFile, consulate, emptyDirectory, type Outcome } from './run.ts'

const SERVERS = DATABASES.filter(({ name, isAvailable }) => name !== 'SQLite' && isAvailable)

/** Creates a file with tables. */
async function createFile(fill: (store: Store) => Promise<unknown> = async () => {}): Promise<string> {
  const path = join(emptyDirectory(), 'consulate.db')
  const store = sqlite(path)
  await store.migrate()
  await fill(store)
  await store.close()
  return path
}

const newFile = (): string => join(emptyDirectory(), 'consulate.db')

const copy = (from: string, to: string, ...flags: readonly string[]): Promise<Outcome> =>
  consulate(emptyDirectory(), ['copy', '--from', from, '--to', to, ...flags])

interface Report {
  readonly isComplete: boolean
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly digest: string }[]
}

/** Copies, and expects that to succeed. */
async function copyCompletely(from: string, to: string): Promise<Report> {
  const { code, stdout, stderr } = await copy(from, to, '--json')
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as Report
}

/** Texts that a database may change: by its collation, its encoding, or its escaping. */
const TEXTS = [
  'plain',
  'PLAIN',
  'plain ',
  '',
  'Zoë, 日本語, 🦊 and e\u0301',
  String.raw`'single' "double" \backslash\n %s $1 ?`,
  'two\nlines\tand a tab',
  'x'.repeat(200),
]

/** Inserts a row for each text into each table, with every column, and one without the columns that can be null. */
function insertEverything(path: string): void {
  using database = new DatabaseSync(path)
  for (const { name } of listTables()) {
    database.exec(`delete from ${name}`)
    const columns = database.prepare(`select * from pragma_table_info('${name}')`).all()
    for (const [index, text] of [...TEXTS, undefined].entries()) {
      const values = columns.map((column) => {
        if (text === undefined && column['notnull'] === 0 && column['pk'] === 0) return null
        if (column['type'] === 'INTEGER') return column['pk'] === 1 ? 7 * (index + 1) : index % 2
        return text ?? `null ${String(column['name'])}`
      })
      const marks = values.map(() => '?').join(', ')
      database.prepare(`insert into ${name} values (${marks})`).run(...values)
    }
  }
}

/** Returns all rows of a file, and the counters of its ids. */
function contentOf(path: string): unknown {
  using database = new DatabaseSync(path)
  const tables = [...listTables().map(({ name }) => name), 'sqlite_sequence']
  return tables.map((name) => {
    const columns = database.prepare(`select name from pragma_table_info('${name}')`).all()
    const order = columns.map(({ name: column }) => String(column)).join(', ')
    return [name, database.prepare(`select * from ${name} order by ${order}`).all()]
  })
}

describe('consulate copy', () => {
  test('changes nothing on the way through every database and back', async () => {
    const path = await createFile()
    insertEverything(path)
    const reports: Report[] = []
    let from = `sqlite:${path}`
    for (const { openEmpty } of SERVERS) {
      const { url, drop } = await openEmpty()
      onTestFinished(drop)
      reports.push(await copyCompletely(from, url))
      from = url
    }
    const last = newFile()
    reports.push(await copyCompletely(from, `sqlite:${last}`))
    expect(contentOf(last)).toEqual(contentOf(path))
    expect(new Set(reports.map(({ tables }) => JSON.stringify(tables))).size).toBe(1)
    expect(reports[0]?.tables.map(({ rows }) => rows)).toEqual(listTables().map(() => TEXTS.length + 1))
  })

  test.each(sampleOf([...SERVERS.map(({ name }) => name), 'SQLite']))(
    'moves a running install to %s, where tokens and ids continue',
    async (name) => {
      await using old = await startServer()
      const [user, client, browser] = [await old.addUser(), await old.addClient(), openBrowser(old)]
      const tokens = await getCodeFlowTokens({ server: old, browser, client, user })
      const revoked = await getCodeFlowTokens({ server: old, browser, client, user })
      await revokeToken(old, client, revoked.refresh_token)
      const before = await old.store.revocations.listSince(0, 0, 100)
      await old.server.close()
      const target = await DATABASES.find((each) => each.name === name)?.openEmpty()
      onTestFinished(() => target?.drop())
      const url = target?.url ?? ''
      await copyCompletely(`sqlite:${old.file}`, url)

      await using moved = await startServer({ store: openStore(url), issuer: old.issuer })
      const refreshed = await refresh({ server: moved, client }, tokens.refresh_token)
      expect(refreshed.status).toBe(200)
      const refused = await refresh({ server: moved, client }, revoked.refresh_token)
      expect(refused.body['error']).toBe('invalid_grant')
      await moved.server.users.signOutEverywhere(user.id)
      const after = await moved.store.revocations.listSince(0, 0, 100)
      expect(after.slice(0, before.length)).toEqual(before)
      expect(after.length).toBeGreaterThan(before.length)
    },
  )

  test('continues above the ids of rows that were deleted', async () => {
    const revoke = async (store: Store, id: string): Promise<number | undefined> => {
      await store.sessions.insert(sampleSession({ id, cookieHash: id }), 'alice')
      return (await store.revocations.revoke({ kind: 'session', id }, 0))?.id
    }
    const path = await createFile(async (store) => {
      for (const id of ['a', 'b', 'c']) await revoke(store, id)
    })
    execute(path, 'delete from consulate_revocations')
    for (const { name, openEmpty } of DATABASES.filter(({ isAvailable }) => isAvailable)) {
      const { url, drop } = await openEmpty()
      onTestFinished(drop)
      await copyCompletely(`sqlite:${path}`, url)
      const store = openStore(url)
      onTestFinished(() => store.close())
      expect([name, await revoke(store, 'd')]).toEqual([name, 4])
    }
  })

  test('says which tables differ, and keeps servers from starting on the copy', async () => {
    const path = await createFile((store) => store.clients.insert(sampleClient()))
    const target = await createFile()
    // Stands for something that writes during the copy.
    execute(
      target,
      `create trigger change after insert on consulate_clients
         begin update consulate_clients set name = 'changed'; end`,
    )
    const { code, stdout, stderr } = await copy(`sqlite:${path}`, `sqlite:${target}`)
    expect(code).toBe(1)
    expect(stdout).toMatch(/consulate_clients +1 +[0-9a-f]{16} +1 different\n/)
    expect(stderr).toMatch(/^The copy differs from the database/)
    const store = sqlite(target)
    onTestFinished(() => store.close())
    await expect(store.migrate()).rejects.toThrow('holds an unfinished copy')
    execute(target, 'drop trigger change')
    expect((await copy(`sqlite:${path}`, `sqlite:${target}`)).code).toBe(0)
    expect(await store.migrate()).toEqual([])
  })

  test('starts again after it was killed, and servers do not start on half of the rows', async () => {
    const path = await createFile()
    insertManyUsers(path, 20_000)
    const target = newFile()
    const args = ['copy', '--from', `sqlite:${path}`, '--to', `sqlite:${target}`]
    const child = spawn(process.execPath, [await binFile(), ...args], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    while (countUsers(target) < 1000) await sleep(5)
    child.kill('SIGKILL')
    await ended
    expect(countUsers(target)).toBeLessThan(20_000)
    const store = sqlite(target)
    onTestFinished(() => store.close())
    await expect(store.migrate()).rejects.toThrow('holds an unfinished copy')
    const { code, stderr } = await copy(`sqlite:${path}`, `sqlite:${target}`)
    expect([code, stderr]).toEqual([0, 'An earlier copy was interrupted. Copying again from the start.\n'])
    expect(contentOf(target)).toEqual(contentOf(path))
  })

  test.each<readonly [string, () => Promise<readonly [string, string]>, RegExp]>([
    [
      'if the target has rows',
      async () => {
        const path = await createFile((store) => store.clients.insert(sampleClient()))
        return [`sqlite:${path}`, `sqlite:${path}`]
      },
      /^The database to copy to is not empty: consulate_clients \(1\), consulate_client_origins \(1\)\. Nothing was changed/,
    ],
    [
      'if the source does not exist',
      async () => [`sqlite:${newFile()}`, `sqlite:${newFile()}`],
      /^The database to copy from does not exist\.\n$/,
    ],
    [
      'if the source has pending migrations',
      async () => {
        const path = await createFile()
        execute(path, `delete from consulate_migrations where name = '${MIGRATIONS.at(-1)}'`)
        return [`sqlite:${path}`, `sqlite:${newFile()}`]
      },
      /^The database to copy from has pending migrations/,
    ],
    [
      'if the source was migrated by a later version',
      async () => {
        const path = await createFile()
        execute(path, "insert into consulate_migrations values ('0999-later', '')")
        return [`sqlite:${path}`, `sqlite:${newFile()}`]
      },
      /^The two databases have different migrations \(0999-later\)/,
    ],
    [
      'an unknown scheme, without the password',
      async () => [`sqlite:${await createFile()}`, 'oracle://app:s3cret@127.0.0.1/app'],
      /^(?!.*s3cret).*--to.*must start with/s,
    ],
    [
      'a server that does not respond, without the password',
      async () => [`sqlite:${await createFile()}`, 'postgres://app:s3cret@127.0.0.1:1/app'],
      /^--to: The database cannot be used: (?!.*s3cret).*\n$/,
    ],
  ])('fails %s', async (_, open, message) => {
    const [from, to] = await open()
    const { code, stdout, stderr } = await copy(from, to)
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(message)])
  })

  test('reads the URLs from the environment too', async () => {
    const [path, target] = [await createFile((store) => store.clients.insert(sampleClient())), newFile()]
    const env = { CONSULATE_COPY_FROM: `sqlite:${path}`, CONSULATE_COPY_TO: `sqlite:${target}` }
    expect((await consulate(emptyDirectory(), ['copy'], { env })).code).toBe(0)
    expect(contentOf(target)).toEqual(contentOf(path))
    expect(await consulate(emptyDirectory(), ['copy'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'Pass --from, or set CONSULATE_COPY_FROM.\n',
    })
  })
})

function execute(path: string, sql: string): void {
  using database = new DatabaseSync(path)
  database.exec(sql)
}

const insertManyUsers = (path: string, count: number): void =>
  execute(
    path,
    `insert into consulate_users
       with recursive ids (id) as (select 1 union all select id + 1 from ids where id < ${count})
       select id, id, 'Alice', '', 0, null from ids`,
  )

/** 0 if there is no table yet. */
function countUsers(path: string): number {
  try {
    using database = new DatabaseSync(path, { readOnly: true })
    return Number(database.prepare('select count(*) as count from consulate_users').get()?.['count'])
  } catch {
    return 0
  }
}
