import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { findProgram, findServer, ordinaryUser } from './database-server.ts'
import { freePort } from './free-port.ts'
import { keepForRun } from './run-processes.ts'
import { waitUntilReady } from './wait-until-ready.ts'

/** Undefined if it is not installed. */
export const pgBouncerProgram = findProgram('pgbouncer')

/** Whether there is a PgBouncer for tests. */
export const hasPgBouncer = findServer(
  pgBouncerProgram !== undefined,
  'PgBouncer was not found. Run `apt-get install pgbouncer`.',
)

/** A pooler in front of a database, which gives each transaction another connection. */
export interface PgBouncer {
  readonly url: string
  /** Kills it immediately. */
  kill(): Promise<void>
  /** Starts it again on the same port. */
  restart(): Promise<void>
}

/** Starts PgBouncer in transaction mode in front of a database. */
export async function startPgBouncer(database: string, poolSize: number): Promise<PgBouncer> {
  const { hostname, port, username, password, pathname } = new URL(database)
  const folder = await mkdtemp(join(tmpdir(), 'consulate-pgbouncer-'))
  const [own, file] = [await freePort(), join(folder, 'pgbouncer.ini')]
  const settings = `[databases]
${pathname.slice(1)} = host=${hostname} port=${port} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
ignore_startup_parameters = extra_float_digits
`
  await writeFile(file, settings)
  // It does not run as root.
  await chmod(folder, 0o755)
  const url = Object.assign(new URL(database), { port: own }).href
  let child: ChildProcess
  const start = async (): Promise<void> => {
    child = spawn(pgBouncerProgram ?? '', ['-q', file], { ...ordinaryUser(), stdio: 'ignore' })
    keepForRun(child, 'SIGQUIT')
    await waitUntilReady('PgBouncer', child, () => isReady(url))
  }
  await start()
  return {
    url: `${url}?prepared_statements=false`,
    restart: start,
    async kill() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function isReady(connectionString: string): Promise<boolean> {
  const client = new Client({ connectionString })
  try {
    await client.connect()
    await client.query('select 1')
    await client.end()
    return true
  } catch {
    return false
  }
}
