import { spawnSync } from 'node:child_process'
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { consulate, emptyDirectory, installed, type Outcome } from '../cli/run.ts'
import { runFile, type TestDatabase } from '../support/database-server.ts'
import { isInSample } from '../support/dose.ts'
import { copyLaravel } from '../support/laravel-database.ts'
import { MYSQL_SERVERS } from '../support/mysql.ts'
import { createLaravel } from '../support/passport.ts'
import { hasPostgres, openPostgres } from '../support/postgres.ts'

const SHOP = '9c3b1f6e-6a0f-4c55-9a57-0d1d7f4d0b11'
const JOB = '9c3b1f6e-6a0f-4c55-9a57-0d1d7f4d0b13'
const PERSONAL = '9c3b1f6e-6a0f-4c55-9a57-0d1d7f4d0b14'
const NAMES = ["Ann O'Neil; DROP TABLE users; --", String.raw`back\slash "quoted" \N`, '日本 😀']
const HASH = '$2y$04$zAkROYJk60Wc8jaWgqACpOxaIt7kv/cws9Jys9KWoOhhdTN6a3yNy'

/** A kind of server that Laravel apps use, and the program that dumps its databases. */
interface Source {
  readonly name: string
  readonly kind: 'mysql' | 'postgres'
  readonly isAvailable: boolean
  open(): Promise<TestDatabase>
  readonly dumper: string
}

const SOURCES: readonly Source[] = [
  ...MYSQL_SERVERS.map(({ name, isAvailable, open }) => {
    const dumper = name === 'MariaDB' ? 'mariadb-dump' : 'mysqldump'
    return { name, kind: 'mysql', isAvailable, open, dumper } as const
  }),
  { name: 'PostgreSQL', kind: 'postgres', isAvailable: hasPostgres, open: openPostgres, dumper: 'pg_dump' },
]
const AVAILABLE = SOURCES.filter(({ isAvailable }) => isAvailable)
const directory = emptyDirectory(afterAll)
const file = join(directory, 'database.sqlite')
const databases = new Map<string, TestDatabase>()

const urlOf = (name: string): string => databases.get(name)?.url ?? ''

beforeAll(async () => {
  writeLaravel()
  for (const { name, kind, open } of AVAILABLE) {
    const database = await open()
    databases.set(name, database)
    await copyLaravel(file, kind, database)
  }
})
afterAll(async () => {
  for (const database of databases.values()) await database.drop()
})

function writeLaravel(): void {
  const laravel = createLaravel(file)
  for (const [index, name] of NAMES.entries())
    laravel.insert('users', {
      id: index + 1,
      name,
      email: `u${index}@example.com`,
      password: HASH,
      created_at: '2026-07-01 12:00:00',
    })
  const client = { revoked: 0, created_at: '2026-01-01 00:00:00', redirect_uris: '[]', secret: HASH }
  const uris = { redirect_uris: '["https://app.example/callback"]' }
  const code = '["authorization_code","refresh_token"]'
  laravel.insert('oauth_clients', { ...client, ...uris, id: SHOP, name: 'Shop "é"', grant_types: code })
  laravel.insert('oauth_clients', { ...client, id: JOB, name: 'Job', grant_types: '["client_credentials"]' })
  laravel.insert('oauth_clients', { ...client, id: PERSONAL, name: 'P', grant_types: '["personal_access"]' })
  for (const userId of [1, 2, 3]) laravel.issue({ clientId: SHOP, userId })
  laravel.issue({ clientId: SHOP, userId: 1, revoked: true })
  laravel.issue({ clientId: PERSONAL, userId: 2, name: 'CI 日本' })
  laravel.issue({ clientId: JOB })
  // More rows than one page of a cursor.
  for (let index = 0; index < 600; index += 1) laravel.issue({ clientId: JOB, revoked: true })
  laravel.close()
}

const ENVIRONMENT = { CONSULATE_SCOPES: 'orders:read=See your orders' }

const runImport = (cwd: string, from: string, ...flags: readonly string[]): Promise<Outcome> =>
  consulate(cwd, ['import', 'passport', '--json', ...flags], {
    env: { ...ENVIRONMENT, CONSULATE_IMPORT_URL: from },
  })

/** The imported rows, without what depends on the moment of the import. */
function contentOf(cwd: string): readonly unknown[] {
  const database = new DatabaseSync(join(cwd, 'data/consulate.db'), { readOnly: true })
  const queries = [
    'select id, name, secrets, redirect_uris, grant_types, created_at from consulate_clients order by id',
    'select id, email, name, password_hash, created_at from consulate_users order by id',
    'select id, client_id, user_id, scopes, name, seed_hash, created_at, expires_at from consulate_authorizations order by id',
    'select id, client_id, scopes, expires_at from consulate_imported_tokens order by id',
  ]
  const content = queries.map((query) => database.prepare(query).all())
  database.close()
  return content
}

/** Writes the dump of a database, as the guide says. */
async function dump({ name, kind, dumper }: Source): Promise<string> {
  const { username, password, port, pathname } = new URL(urlOf(name))
  const [path, database] = [join(directory, `${name}.sql`), pathname.slice(1)]
  const server = ['-h', '127.0.0.1', kind === 'mysql' ? '-P' : '-p', port]
  const args =
    kind === 'mysql'
      ? ['--single-transaction', '-u', username, ...server, database]
      : ['-U', username, ...server, database]
  const env = { ...process.env, MYSQL_PWD: password, PGPASSWORD: password }
  const { stdout } = await runFile(dumper, args, { env, maxBuffer: 1 << 28 })
  await writeFile(path, stdout)
  return path
}

/** Returns a function that does the work once. */
function remembered<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let result: Promise<Result> | undefined
  return () => (result ??= work())
}

async function importFrom(from: string, ...flags: readonly string[]) {
  const cwd = await installed()
  const { code, stdout, stderr } = await runImport(cwd, from, ...flags)
  expect([code, stderr]).toEqual([0, ''])
  const report = JSON.parse(stdout) as { readonly skipped: readonly { readonly kind: string }[] }
  // Rows without an order of their own: the reasons are in the order of the rows.
  const skipped = report.skipped.toSorted((left, right) => left.kind.localeCompare(right.kind))
  return { report: { ...report, skipped }, content: contentOf(cwd) }
}

describe.runIf(AVAILABLE.length > 0)('the same Laravel app', () => {
  const sources = AVAILABLE.flatMap((each) => [
    { source: `the URL of ${each.name}`, open: async () => urlOf(each.name) },
    { source: `a dump of ${each.name}`, open: () => dump(each) },
  ])
  const settings = [
    { zone: 'in UTC', flags: [] },
    { zone: 'in New York', flags: ['--timezone', 'America/New_York'] },
  ].map(({ zone, flags }) => ({ zone, flags, expected: remembered(() => importFrom(file, ...flags)) }))
  const rows = sources.flatMap((source, row) =>
    settings
      .filter((_, column) => isInSample(row, column, settings.length))
      .map((setting) => ({ ...source, ...setting })),
  )

  test.each(rows)(
    'is imported from $source $zone as from its SQLite file',
    async ({ open, flags, expected }) => {
      const { report, content } = await expected()
      expect(report).toMatchObject({ counts: { users: { imported: 3 }, clients: { imported: 2 } } })
      expect(await importFrom(await open(), ...flags)).toEqual({ report, content })
    },
  )
})

describe.each(AVAILABLE)('an import from $name', ({ name, kind, open }) => {
  test('cannot write, and does not see what is written meanwhile', async () => {
    const { openDatabase } = await import('../../src/cli/import/database-source.ts')
    const source = await openDatabase(urlOf(name))
    const read = async () => {
      const names: (string | null | undefined)[] = []
      for await (const item of source.read(new Set(['users'])))
        if ('row' in item) names.push(item.row['name'])
      return names
    }
    expect(await read()).toEqual(NAMES)
    await databases.get(name)?.query("update users set name = 'changed' where id = 1")
    expect(await read()).toEqual(NAMES)
    await source.close()
    await databases
      .get(name)
      ?.query(`update users set name = '${NAMES[0]?.replaceAll("'", "''")}' where id = 1`)
  })

  test.each([
    [
      'a wrong password',
      (url: URL) => Object.assign(url, { password: 'wrong-pw' }),
      /(?:password authentication failed for user|Access denied for user) .*\.\n$/,
    ],
    [
      'an unknown host',
      (url: URL) => Object.assign(url, { hostname: 'unknown.invalid' }),
      'the host unknown.invalid was not found',
    ],
    [
      'a port without a server',
      (url: URL) => Object.assign(url, { port: '1' }),
      'nothing listens at 127.0.0.1:1',
    ],
    [
      'an unknown database',
      (url: URL) => Object.assign(url, { pathname: '/nope' }),
      /(?:Unknown database 'nope'|database "nope" does not exist)\.\n$/,
    ],
    [
      'TLS that it does not have, or without a trusted certificate',
      (url: URL) => Object.assign(url, { search: '?sslmode=require' }),
      /SSL|secure|certificate/,
    ],
  ])('says in one sentence what is wrong with %s', async (_, change, message) => {
    const cwd = await installed()
    const { code, stdout, stderr } = await runImport(cwd, change(new URL(urlOf(name))).href)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(message)
    expect(stderr.trim()).not.toContain('\n')
    expect(stderr).not.toMatch(/wrong-pw|tests-only/)
  })

  test('says which table is missing, and imports nothing', async () => {
    const cwd = await installed()
    const members = await runImport(cwd, urlOf(name), '--users-table', 'members')
    expect([members.code, members.stderr]).toEqual([
      1,
      expect.stringContaining('has no table members. Pass the name'),
    ])
    const empty = await open()
    const outcome = await runImport(cwd, empty.url)
    await empty.drop()
    expect([outcome.code, outcome.stderr]).toEqual([
      1,
      expect.stringContaining('has no table oauth_clients. Is this'),
    ])
    expect(contentOf(cwd)).toEqual([[], [], [], []])
  })

  test('that loses its connection keeps complete rows, and can be repeated', async () => {
    const cwd = await installed()
    const { outcome } = await importThroughProxy(cwd, name, 60_000)
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toMatch(
      /the connection was lost.*\. Complete rows were kept\. Run the import again\.\n$/,
    )
    await runImport(cwd, urlOf(name))
    expect(contentOf(cwd)).toEqual((await importFrom(file)).content)
  })

  test('gives up on a server that never responds', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { code, stderr } = await runImport(
      await installed(),
      `${kind}://u:pw@127.0.0.1:${port}/d?connect_timeout=1`,
    )
    expect([code, stderr]).toEqual([1, expect.stringContaining('the server does not respond')])
  })
})

/** Cuts the connection after a number of bytes from the server. */
async function importThroughProxy(cwd: string, name: string, bytes: number) {
  const { port } = new URL(urlOf(name))
  const proxy = createServer((client: Socket) => {
    const upstream = connect(Number(port), '127.0.0.1')
    let sent = 0
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.pipe(upstream)
    upstream.on('data', (chunk: Buffer) => {
      sent += chunk.length
      if (sent > bytes) for (const socket of [client, upstream]) socket.destroy()
      else client.write(chunk)
    })
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const url = Object.assign(new URL(urlOf(name)), {
    port: String((proxy.address() as AddressInfo).port),
  }).href
  const outcome = await runImport(cwd, url)
  proxy.close()
  return { outcome }
}

describe('the URL of a database', () => {
  test('says which package is missing', async () => {
    const folder = emptyDirectory()
    await cp('src', folder, { recursive: true })
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await mkdir(join(folder, 'node_modules'))
    await symlink(resolve('node_modules/commander'), join(folder, 'node_modules/commander'))
    const script = `
      const { openDatabase } = await import('./cli/import/database-source.ts')
      for (const kind of ['mysql', 'postgres'])
        await openDatabase(kind + '://u:p@h/d').catch(({ message }) => console.log(message))`
    const args = ['--input-type=module', '-e', script]
    const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
    expect(stdout.trim().split('\n')).toEqual(
      ['mysql2', 'pg'].map((name) => `This import needs the package ${name}. Run \`npm install ${name}\`.`),
    )
  })

  test.each([
    ['of another kind', 'oracle://root:secret-pw@localhost/app', 'The URL must start with mysql://'],
    [
      'with an unencoded / in its password',
      'mysql://root:12/secret-pw@localhost/app',
      'special characters percent-encoded',
    ],
    [
      'with an unencoded # in its password',
      'mysql://root:12#secret-pw@localhost/app',
      'special characters percent-encoded',
    ],
    ['with one slash', 'mysql:/root:secret-pw@localhost/app', 'special characters percent-encoded'],
    ['with a broken escape', 'mysql://root:%secret-pw@localhost/app', 'special characters percent-encoded'],
    ['without a database', 'postgres://root:secret-pw@localhost', 'names no database'],
    ['with an unknown option', 'mysql://root:secret-pw@localhost/app?tls=1', 'has an unknown option, tls'],
    ['with an unknown mode', 'mysql://root:secret-pw@localhost/app?sslmode=prefer', 'sslmode must be'],
    ['that is empty', '', 'Pass --from with a file or a database URL, or set CONSULATE_IMPORT_URL.'],
  ])('%s is a usage error that does not repeat it', async (_, from, message) => {
    const { code, stdout, stderr } = await runImport(await installed(), from)
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)])
    expect(stderr).not.toContain('secret-pw')
  })
})
