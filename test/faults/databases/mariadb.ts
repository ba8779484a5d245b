import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../../support/database-server.ts'
import { createDatabase, hasMariadb, startMariadb } from '../../support/mariadb.ts'
import { versionOf } from './fault.ts'
import { failing, failingOver, filling, type Engine } from './server-settings.ts'

/** Only a machine can lose what was acknowledged, not a process. */
const SAFE = '--innodb-flush-log-at-trx-commit=2'
const PASSWORD = 'tests-only'

const ENGINE: Engine = {
  name: 'MariaDB',
  isAvailable: hasMariadb,
  version: () => versionOf(findProgram('mariadbd') ?? ''),
  start: (folder, canReplicate) =>
    startMariadb(folder, SAFE, '--server-id=1', ...(canReplicate ? ['--log-bin=log'] : [])),
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
  diskSize: 300,
  async startReplica(_, replication) {
    const folder = await mkdtemp(join(tmpdir(), 'consulate-replica-'))
    const server = await startMariadb(folder, SAFE, '--server-id=2')
    const admin = await createDatabase(server.url)
    await admin.query(
      `change master to master_host = '127.0.0.1', master_port = ${replication.port}, master_user = 'root',
       master_password = '${PASSWORD}', master_use_gtid = slave_pos`,
    )
    await admin.query('start slave')
    return {
      server,
      async promote() {
        await admin.query('stop slave')
        await admin.query('reset slave all')
      },
    }
  },
}

export const MARIADB = failing(ENGINE)
export const MARIADB_FULL = filling(ENGINE)
export const MARIADB_FAILOVER = failingOver(ENGINE)
