import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { createConnection, type Connection } from 'mysql2/promise'
import {
  findProgram,
  findServer,
  runFile,
  sharedServer,
  startServerIn,
  type ServerProgram,
  type TestDatabase,
  type TestDatabaseServer,
} from './database-server.ts'

const server = findProgram('mariadbd')
const installer = findProgram('mariadb-install-db')
const hasPrograms = server !== undefined && installer !== undefined
const givenUrl = process.env['MARIADB_URL'] ?? ''

/** Whether there is a MariaDB server for tests: the one at `MARIADB_URL`, or an installed one. */
export const hasMariadb = findServer(
  hasPrograms || givenUrl !== '',
  'MariaDB was not found. Run `apt-get install mariadb-server`, or set MARIADB_URL.',
)

/** Of `root`, on servers that tests start. */
export const PASSWORD = 'tests-only'

const isRoot = process.getuid?.() === 0

/** Not fast to lose data: only to start, and to write. Later flags override earlier ones. */
export const FLAGS: readonly string[] = [
  '--bind-address=127.0.0.1',
  '--skip-name-resolve',
  '--skip-log-bin',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-buffer-pool-size=32M',
  ...(isRoot ? ['--user=root'] : []),
]

const program: ServerProgram = {
  name: 'mariadb',
  stopSignal: 'SIGQUIT',
  async create(folder) {
    await mkdir(folder, { recursive: true })
    const flags = ['--no-defaults', `--datadir=${folder}`, '--skip-test-db']
    const access = ['--auth-root-authentication-method=normal', ...(isRoot ? ['--user=root'] : [])]
    await runFile(installer ?? '', [...flags, ...access])
  },
  command: (folder, port, flags) => [
    server ?? '',
    ['--no-defaults', `--datadir=${folder}`, `--port=${port}`, '--socket=mariadb.sock', ...FLAGS, ...flags],
    {},
  ],
  urlOf: (port) => `mysql://root:${PASSWORD}@127.0.0.1:${port}`,
  isReady: async (url) => (await canConnect(url)) || setPassword(url),
}

/** Returns whether a server accepts the user of a URL. */
export async function canConnect(url: string): Promise<boolean> {
  try {
    await (await createConnection(url)).end()
    return true
  } catch {
    return false
  }
}

/** A new server has a root user without a password. */
async function setPassword(url: string): Promise<boolean> {
  try {
    const connection = await createConnection(url.replace(`:${PASSWORD}@`, '@'))
    await connection.query(`alter user root@localhost identified by '${PASSWORD}'`)
    await connection.query(`alter user root@'127.0.0.1' identified by '${PASSWORD}'`)
    await connection.end()
    return await canConnect(url)
  } catch {
    return false
  }
}

/** Creates a database on the server at `MARIADB_URL`, or on one that all tests share. */
export async function openMariadb(): Promise<TestDatabase> {
  const base = givenUrl === '' ? await sharedServer(program) : givenUrl
  return createDatabase(base)
}

/** Starts a MariaDB server in an empty folder, for tests that stop or freeze it, with more flags: `--log-bin`. */
export const startMariadb = (folder: string, ...flags: readonly string[]): Promise<TestDatabaseServer> =>
  startServerIn(program, folder, flags)

/** Creates a database on the server of MariaDB or MySQL at a URL, unless it has one of this name. */
export async function createDatabase(base: string, name = randomName()): Promise<TestDatabase> {
  const admin = await createConnection({ uri: base, multipleStatements: true, dateStrings: true })
  await admin.query(`create database if not exists ${name} character set utf8mb4; use ${name}`)
  return {
    url: Object.assign(new URL(base), { pathname: `/${name}` }).href,
    query: (sql) => query(admin, sql),
    async drop() {
      await admin.query(`drop database if exists ${name}`)
      await admin.end()
    },
    disconnect: () => admin.end(),
  }
}

const randomName = (): string => `consulate_test_${randomBytes(6).toString('hex')}`

async function query(connection: Connection, sql: string): ReturnType<TestDatabase['query']> {
  const [rows] = await connection.query({
    sql,
    typeCast: (field: { string(): string | null }) => field.string(),
  })
  return Array.isArray(rows) ? (rows as Awaited<ReturnType<TestDatabase['query']>>) : []
}
