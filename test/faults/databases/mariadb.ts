import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../../../src/store/url.ts'
import { findProgram, type TestDatabase } from '../../support/database-server.ts'
import { createDatabase, hasMariadb, startMariadb } from '../../support/mariadb.ts'
import { databaseFaults } from './database-faults.ts'
import { failover, LAG } from './failover.ts'
import { versionOf, type Fault, type Setting } from './fault.ts'
import { canMount, mountDisk } from './full-disk.ts'
import { startProxy } from './proxy.ts'
import { openWorld } from './world.ts'

/** Only a machine can lose what was acknowledged, not a process. */
const SAFE = ['--innodb-flush-log-at-trx-commit=2']
const PASSWORD = 'tests-only'

/** Returns the URL of an ordinary user: `read_only` does not apply to root. */
function urlThrough(url: string, port: number): string {
  return Object.assign(new URL(url), { port: String(port), username: 'app' }).href
}

async function addOrdinaryUser({ query, url }: TestDatabase): Promise<void> {
  await query(`create user app@'127.0.0.1' identified by '${PASSWORD}'`)
  await query(`grant all on ${new URL(url).pathname.slice(1)}.* to app@'127.0.0.1'`)
}

async function openPrimary(...flags: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'consulate-mariadb-'))
  const server = await startMariadb(folder, ...SAFE, ...flags)
  const database = await createDatabase(server.url)
  await addOrdinaryUser(database)
  const proxy = await startProxy(server.port)
  return { folder, server, database, proxy, url: urlThrough(database.url, proxy.port) }
}

export const MARIADB: Setting = {
  name: 'MariaDB',
  isAvailable: hasMariadb,
  version: () => versionOf(findProgram('mariadbd') ?? ''),
  async open() {
    const { folder, server, database, proxy, url } = await openPrimary()
    const world = await openWorld({ store: openStore(database.url), url })
    const setReadOnly = async (isReadOnly: boolean): Promise<void> => {
      const admin = await createDatabase(server.url)
      await admin.query(`set global read_only = ${isReadOnly ? 1 : 0}`)
      await admin.drop()
    }
    return {
      world,
      faults: databaseFaults({ server, proxy, setReadOnly }),
      async close() {
        await world.stop()
        await proxy.close()
        await server.kill()
        await rm(folder, { recursive: true, force: true })
      },
    }
  },
}

export const MARIADB_FULL: Setting = {
  name: 'MariaDB',
  isAvailable: hasMariadb && canMount,
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'consulate-mariadb-'))
    mountDisk(folder, '300m')
    const server = await startMariadb(folder, ...SAFE)
    const database = await createDatabase(server.url)
    const world = await openWorld({ store: openStore(database.url), url: database.url })
    const ballast = join(folder, 'ballast')
    const full: Fault = {
      name: 'disk full for 5 s',
      duration: 5_000,
      begin: () => writeFile(ballast, Buffer.alloc(2 ** 29)).catch(() => undefined),
      end: () => rm(ballast),
    }
    return {
      world,
      faults: [full],
      async close() {
        await world.stop()
        await server.kill()
        spawnSync('umount', ['-l', folder])
      },
    }
  },
}

export const MARIADB_FAILOVER: Setting = {
  name: 'MariaDB',
  isAvailable: hasMariadb,
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'consulate-replica-'))
    const replica = await startMariadb(folder, ...SAFE, '--server-id=2')
    const { server: primary, database, proxy, url } = await openPrimary('--log-bin=log', '--server-id=1')
    const replication = await startProxy(primary.port)
    const admin = await createDatabase(replica.url)
    await admin.query(
      `change master to master_host = '127.0.0.1', master_port = ${replication.port}, master_user = 'root',
       master_password = '${PASSWORD}', master_use_gtid = slave_pos`,
    )
    await admin.query('start slave')
    const world = await openWorld({ store: openStore(database.url), url })
    replication.delayAnswers(LAG)
    return {
      world,
      faults: [
        failover({
          primary,
          proxy,
          replication,
          replica,
          async promote() {
            await admin.query('stop slave')
            await admin.query('reset slave all')
          },
        }),
      ],
      async close() {
        await world.stop()
        await Promise.all([proxy.close(), replication.close()])
        await replica.kill()
      },
    }
  },
}
