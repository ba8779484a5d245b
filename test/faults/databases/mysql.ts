import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../../support/database-server.ts'
import { createDatabase, PASSWORD } from '../../support/mariadb.ts'
import { MYSQL_SERVERS } from '../../support/mysql.ts'
import { versionOf, type Setting } from './fault.ts'
import { failing, failingOver, filling, type Engine } from './server-settings.ts'

type Server = (typeof MYSQL_SERVERS)[number]

/** Only a machine can lose what was acknowledged, not a process. */
const SAFE = '--innodb-flush-log-at-trx-commit=2'

/** How a server becomes a replica of another one, and ceases to be one. */
interface Replication {
  readonly flags: readonly string[]
  /** Returns the statements that connect it to the primary behind a port. */
  readonly follow: (port: number) => string
  readonly promote: readonly string[]
}

const REPLICATION: Readonly<Record<Server['name'], Replication>> = {
  MariaDB: {
    flags: [],
    follow: (port) =>
      `change master to master_host = '127.0.0.1', master_port = ${port}, master_user = 'root',
       master_password = '${PASSWORD}', master_use_gtid = slave_pos; start slave`,
    promote: ['stop slave', 'reset slave all'],
  },
  MySQL: {
    flags: ['--gtid-mode=ON', '--enforce-gtid-consistency=ON'],
    follow: (port) =>
      `change replication source to source_host = '127.0.0.1', source_port = ${port}, source_user = 'root',
       source_password = '${PASSWORD}', source_auto_position = 1, get_source_public_key = 1; start replica`,
    promote: ['stop replica', 'reset replica all'],
  },
}

const engineOf = ({ name, canStart, program, start }: Server): Engine => ({
  name,
  isAvailable: canStart,
  version: () => versionOf(findProgram(program) ?? ''),
  start: (folder, canReplicate) =>
    start(
      folder,
      SAFE,
      '--server-id=1',
      ...(canReplicate ? ['--log-bin=log', ...REPLICATION[name].flags] : []),
    ),
  async createDatabase(server) {
    const database = await createDatabase(server)
    await database.query(`create user if not exists app@'127.0.0.1' identified by '${PASSWORD}'`)
    await database.query(`grant all on ${new URL(database.url).pathname.slice(1)}.* to app@'127.0.0.1'`)
    return database
  },
  // An ordinary user: `read_only` does not apply to root.
  urlThrough: (url, port) => Object.assign(new URL(url), { port: String(port), username: 'app' }).href,
  async setReadOnly({ server }, isReadOnly) {
    const admin = await createDatabase(server.url)
    await admin.query(`set global read_only = ${isReadOnly ? 1 : 0}`)
    await admin.drop()
  },
  // MySQL creates files of 190 MB.
  diskSize: name === 'MySQL' ? 500 : 300,
  async startReplica(_, replication) {
    const { flags, follow, promote } = REPLICATION[name]
    const folder = await mkdtemp(join(tmpdir(), 'consulate-replica-'))
    const server = await start(folder, SAFE, '--server-id=2', ...flags)
    const admin = await createDatabase(server.url)
    await admin.query(follow(replication.port))
    return {
      server,
      async promote() {
        for (const statement of promote) await admin.query(statement)
      },
    }
  },
})

/** A server of MariaDB or MySQL that fails. */
export const onServer = (server: Server): Setting => failing(engineOf(server))

export const MYSQL_SETTINGS: readonly Setting[] = MYSQL_SERVERS.map(engineOf).flatMap((engine) => [
  failing(engine),
  filling(engine),
  failingOver(engine),
])
