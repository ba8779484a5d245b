import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { isAvailable } from './available.ts'
import {
  findProgram,
  runFile,
  sharedServer,
  startServerIn,
  type ServerProgram,
  type TestDatabase,
  type TestDatabaseServer,
} from './database-server.ts'
import { isThorough } from './dose.ts'
import {
  canConnect,
  createDatabase,
  FLAGS,
  hasMariadb,
  openMariadb,
  PASSWORD,
  startMariadb,
} from './mariadb.ts'

const server = findMysqld()
const givenUrl = process.env['MYSQL_URL'] ?? ''

/** Whether tests can start servers of their own. */
const hasMysqld = server !== undefined

/** Whether there is a MySQL server for tests. */
const hasMysql = isAvailable(
  hasMysqld || givenUrl !== '',
  'MySQL was not found. Put its `mysqld` into PATH, or set MYSQL_URL. Its tests are skipped.',
)

/** The `mysqld` of Debian's MariaDB is a link to its own server. */
function findMysqld(): string | undefined {
  const path = findProgram('mysqld')
  return path === undefined || versionOfMysqld(path).includes('MariaDB') ? undefined : path
}

function versionOfMysqld(path: string): string {
  return execFileSync(path, ['--version'], { encoding: 'utf8' })
}

const program: ServerProgram = {
  name: 'mysql',
  // After any other one, it writes its files first, and never ends once they are deleted.
  stopSignal: 'SIGKILL',
  async create(folder) {
    await mkdir(folder, { recursive: true })
    const script = `${folder}-users.sql`
    await writeFile(script, CREATE_ROOT)
    const flags = ['--no-defaults', '--initialize-insecure', `--datadir=${folder}`, `--init-file=${script}`]
    await runFile(server ?? '', [...flags, ...FLAGS])
  },
  command: (folder, port, flags) => [
    server ?? '',
    [
      '--no-defaults',
      `--datadir=${folder}`,
      `--port=${port}`,
      '--socket=mysql.sock',
      '--secure-file-priv=NULL',
      '--mysqlx=OFF',
      ...FLAGS,
      ...flags,
    ],
    {},
  ],
  urlOf: (port) => `mysql://root:${PASSWORD}@127.0.0.1:${port}`,
  isReady: canConnect,
}

/** A new server has only `root@localhost`, which is the socket. */
const CREATE_ROOT = `create user root@'127.0.0.1' identified by '${PASSWORD}';
grant all on *.* to root@'127.0.0.1' with grant option;
`

/** Creates a database on the server at `MYSQL_URL`, or on one that all tests share. */
async function openMysql(): Promise<TestDatabase> {
  return createDatabase(givenUrl === '' ? await sharedServer(program) : givenUrl)
}

/** Starts a MySQL server in an empty folder, for tests that stop or freeze it, with more flags. */
const startMysql = (folder: string, ...flags: readonly string[]): Promise<TestDatabaseServer> =>
  startServerIn(program, folder, flags)

const MARIADB = {
  name: 'MariaDB',
  isAvailable: hasMariadb,
  canStart: hasMariadb,
  program: 'mariadbd',
  open: openMariadb,
  start: startMariadb,
} as const

const MYSQL = {
  name: 'MySQL',
  isAvailable: hasMysql,
  canStart: hasMysqld,
  program: 'mysqld',
  open: openMysql,
  start: startMysql,
} as const

/** The servers that `consulate/mysql` supports. In CI without MySQL, because Debian's stable release has none. */
export const MYSQL_SERVERS = isThorough && !hasMysql ? [MARIADB] : [MARIADB, MYSQL]
