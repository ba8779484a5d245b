import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestDatabase } from '../test/support/database-server.ts'
import { createDatabase as createOnMariadb, startMariadb } from '../test/support/mariadb.ts'
import { createDatabase as createOnPostgres, startPostgres } from '../test/support/postgres.ts'

/** The database servers that rows can run on. */
export type ServerName = 'postgres' | 'mariadb'

/** The environment variable that tells the process of a target where the server is. */
const VARIABLE = 'BENCH_SERVER_URL'

/** A running server, and the environment of the targets that use it. */
export interface RunningServer {
  readonly variables: Readonly<Record<string, string>>
  stop(): Promise<void>
}

/** Room for all pages of a row, and no wait for the disk. In less memory, a row gets slower with each code that it prepares. */
const IN_MEMORY = {
  postgres: ['shared_buffers=512MB', 'max_wal_size=4GB', 'checkpoint_timeout=1h'],
  mariadb: [
    '--innodb-buffer-pool-size=512M',
    '--innodb-log-file-size=1G',
    '--innodb-flush-method=nosync',
    '--skip-innodb-doublewrite',
  ],
} as const

/** Starts a server that neither reads from the disk nor waits for it. */
export async function startServer(name: ServerName): Promise<RunningServer> {
  const parent = await mkdtemp(join(tmpdir(), 'bench-'))
  const server = await (name === 'postgres' ? startPostgres : startMariadb)(parent, ...IN_MEMORY[name])
  return {
    variables: { [VARIABLE]: server.url },
    async stop() {
      await server.kill()
      await rm(parent, { recursive: true, force: true })
    },
  }
}

/** Creates a database for one target, on the server of its row. */
export function createOwnDatabase(): Promise<TestDatabase> {
  const url = process.env[VARIABLE] ?? ''
  return url.startsWith('postgres:') ? createOnPostgres(url) : createOnMariadb(url)
}
