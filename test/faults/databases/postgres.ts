import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { openStore } from '../../../src/store/url.ts'
import { findProgram, versionFolders } from '../../support/database-server.ts'
import { hasPgBouncer, pgBouncerProgram, startPgBouncer } from '../../support/pgbouncer.ts'
import { copyForReplica, createDatabase, hasPostgres, startPostgres } from '../../support/postgres.ts'
import { databaseFaults } from './database-faults.ts'
import { failover, LAG } from './failover.ts'
import { versionOf, type Fault, type Setting } from './fault.ts'
import { canMount, mountDisk } from './full-disk.ts'
import { startProxy } from './proxy.ts'
import { openWorld } from './world.ts'

/** Only a machine can lose what was acknowledged, not a process. */
const SAFE = ['synchronous_commit=on', 'wal_level=replica']

const through = (url: string, port: number): string =>
  Object.assign(new URL(url), { port: String(port) }).href

async function openPrimary() {
  const folder = await mkdtemp(join(tmpdir(), 'consulate-postgres-'))
  const server = await startPostgres(folder, ...SAFE)
  const database = await createDatabase(server.url)
  const proxy = await startProxy(server.port)
  return { folder, server, database, proxy, url: through(database.url, proxy.port) }
}

export const POSTGRES: Setting = {
  name: 'PostgreSQL',
  isAvailable: hasPostgres,
  version: () => versionOf(findProgram('postgres', ...versionFolders('/usr/lib/postgresql')) ?? ''),
  async open() {
    const { folder, server, database, proxy, url } = await openPrimary()
    const world = await openWorld({ store: openStore(database.url), url })
    const setReadOnly = (isReadOnly: boolean): Promise<void> =>
      runAsAdmin(
        database.url,
        'set default_transaction_read_only = off',
        `alter system set default_transaction_read_only = ${isReadOnly ? 'on' : 'off'}`,
        'select pg_reload_conf()',
      )
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

export const POSTGRES_FULL: Setting = {
  name: 'PostgreSQL',
  isAvailable: hasPostgres && canMount,
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'consulate-postgres-'))
    mountDisk(folder, '120m')
    const server = await startPostgres(folder, ...SAFE)
    const database = await createDatabase(server.url)
    const world = await openWorld({ store: openStore(database.url), url: database.url })
    const ballast = join(folder, 'ballast')
    const full: Fault = {
      name: 'disk full for 5 s',
      duration: 5_000,
      begin: () => writeFile(ballast, Buffer.alloc(2 ** 27)).catch(() => undefined),
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

export const POSTGRES_FAILOVER: Setting = {
  name: 'PostgreSQL',
  isAvailable: hasPostgres,
  async open() {
    const { server: primary, database, proxy, url } = await openPrimary()
    const replication = await startProxy(primary.port)
    const folder = await mkdtemp(join(tmpdir(), 'consulate-replica-'))
    await copyForReplica(replication.port, folder)
    const replica = await startPostgres(folder, ...SAFE)
    const world = await openWorld({ store: openStore(database.url), url })
    replication.delayAnswers(LAG)
    const promote = (): Promise<void> =>
      runAsAdmin(through(database.url, replica.port), 'select pg_promote()')
    return {
      world,
      faults: [failover({ primary, proxy, replication, replica, promote })],
      async close() {
        await world.stop()
        await Promise.all([proxy.close(), replication.close()])
        await replica.kill()
      },
    }
  },
}

/** Runs statements on a connection of its own, because those from before a fault may be dead. */
async function runAsAdmin(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

export const PGBOUNCER: Setting = {
  name: 'PostgreSQL behind PgBouncer',
  isAvailable: hasPostgres && hasPgBouncer,
  version: () => versionOf(pgBouncerProgram ?? ''),
  async open() {
    const { server, database, proxy, url } = await openPrimary()
    const bouncer = await startPgBouncer(url, 20)
    const world = await openWorld({ store: openStore(database.url), url: bouncer.url })
    return {
      world,
      faults: [
        {
          name: 'PgBouncer killed, and restarted after 3 s',
          duration: 3_000,
          begin: bouncer.kill,
          end: bouncer.restart,
        },
        { name: 'killed, and restarted after 3 s', duration: 3_000, begin: server.kill, end: server.restart },
        {
          name: 'all connections of PgBouncer reset, once',
          duration: 0,
          begin: proxy.cut,
          end: () => undefined,
        },
      ],
      async close() {
        await world.stop()
        await bouncer.kill()
        await proxy.close()
        await server.kill()
      },
    }
  },
}
