import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { openStore } from '../../../src/store/url.ts'
import { findProgram, versionFolders } from '../../support/database-server.ts'
import { hasPgBouncer, pgBouncerProgram, startPgBouncer } from '../../support/pgbouncer.ts'
import { copyForReplica, createDatabase, hasPostgres, startPostgres } from '../../support/postgres.ts'
import { versionOf, type Setting } from './fault.ts'
import { failing, failingOver, filling, openPrimary, type Engine } from './server-settings.ts'
import { openWorld } from './world.ts'

/** Only a machine can lose what was acknowledged, not a process. */
const SAFE = ['synchronous_commit=on', 'wal_level=replica']

const through = (url: string, port: number): string =>
  Object.assign(new URL(url), { port: String(port) }).href

const ENGINE: Engine = {
  name: 'PostgreSQL',
  isAvailable: hasPostgres,
  version: () => versionOf(findProgram('postgres', ...versionFolders('/usr/lib/postgresql')) ?? ''),
  start: (folder) => startPostgres(folder, ...SAFE),
  createDatabase,
  urlThrough: through,
  setReadOnly: ({ database }, isReadOnly) =>
    runAsAdmin(
      database.url,
      'set default_transaction_read_only = off',
      `alter system set default_transaction_read_only = ${isReadOnly ? 'on' : 'off'}`,
      'select pg_reload_conf()',
    ),
  diskSize: 120,
  async startReplica({ database }, replication) {
    const folder = await mkdtemp(join(tmpdir(), 'consulate-replica-'))
    await copyForReplica(replication.port, folder)
    const server = await startPostgres(folder, ...SAFE)
    return { server, promote: () => runAsAdmin(through(database.url, server.port), 'select pg_promote()') }
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

export const POSTGRES = failing(ENGINE)
export const POSTGRES_FULL = filling(ENGINE)
export const POSTGRES_FAILOVER = failingOver(ENGINE)

export const PGBOUNCER: Setting = {
  name: 'PostgreSQL behind PgBouncer',
  isAvailable: hasPostgres && hasPgBouncer,
  version: () => versionOf(pgBouncerProgram ?? ''),
  async open() {
    const { server, database, proxy, url } = await openPrimary(ENGINE)
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
