import { spawn } from 'node:child_process'
import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { freePort } from '../cli/run.ts'
import { eventually } from './cluster.ts'
import { findProgram, findServer, ordinaryUser } from './database-server.ts'

const program = findProgram('pgbouncer')

/** Whether there is a PgBouncer for tests. */
export const hasPgBouncer = findServer(
  program !== undefined,
  'PgBouncer was not found. Run `apt-get install pgbouncer`.',
)

/** A pooler in front of a database, which gives each transaction another connection. */
export interface PgBouncer {
  readonly url: string
  stop(): void
}

/** Starts PgBouncer in transaction mode in front of a database. */
export async function startPgBouncer(database: string): Promise<PgBouncer> {
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
default_pool_size = 5
`
  await writeFile(file, settings)
  // It does not run as root.
  await chmod(folder, 0o755)
  const child = spawn(program ?? '', ['-q', file], { ...ordinaryUser(), stdio: 'ignore' })
  process.once('exit', () => child.kill('SIGKILL'))
  const url = Object.assign(new URL(database), { port: String(own) }).href
  if (!(await eventually(() => isReady(url)))) throw new Error('PgBouncer does not respond')
  return { url: `${url}?prepared_statements=false`, stop: () => void child.kill('SIGKILL') }
}

async function isReady(connectionString: string): Promise<boolean> {
  const client = new Client({ connectionString })
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}
