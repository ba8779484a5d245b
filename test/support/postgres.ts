import { randomBytes } from 'node:crypto'
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import {
  findProgram,
  findServer,
  ordinaryUser,
  runFile,
  sharedServer,
  startServerIn,
  versionFolders,
  type ServerProgram,
  type TestDatabase,
  type TestDatabaseServer,
} from './database-server.ts'

const folders = versionFolders('/usr/lib/postgresql')
const server = findProgram('postgres', ...folders)
const installer = findProgram('initdb', ...folders)
const hasPrograms = server !== undefined && installer !== undefined
const givenUrl = process.env['POSTGRES_URL'] ?? ''

/** Whether there is a PostgreSQL server for tests: the one at `POSTGRES_URL`, or an installed one. */
export const hasPostgres = findServer(
  hasPrograms || givenUrl !== '',
  'PostgreSQL was not found. Run `apt-get install postgresql`, or set POSTGRES_URL.',
)

const PASSWORD = 'tests-only'

/** To start fast, and to write fast: nothing survives a power failure. */
const SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'synchronous_commit=off',
  'max_connections=200',
] as const

const program: ServerProgram = {
  name: 'postgres',
  // Releases its shared memory.
  stopSignal: 'SIGQUIT',
  async create(folder) {
    const user = ordinaryUser()
    await mkdir(folder, { recursive: true })
    if (user) for (const path of [dirname(folder), folder]) await chown(path, user.uid, user.gid)
    const passwordFile = `${folder}-password`
    await writeFile(passwordFile, PASSWORD)
    const flags = ['-D', folder, '-U', 'postgres', '--no-sync', '-E', 'UTF8', '--locale=C']
    const access = ['--auth=scram-sha-256', `--pwfile=${passwordFile}`]
    await runFile(installer ?? '', [...flags, ...access], { ...user })
  },
  command: (folder, port, flags) => [
    server ?? '',
    [
      '-D',
      folder,
      '-p',
      String(port),
      '-h',
      '127.0.0.1',
      '-k',
      '',
      ...[...SETTINGS, ...flags].flatMap((setting) => ['-c', setting]),
    ],
    { ...ordinaryUser() },
  ],
  urlOf: (port) => `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`,
  async isReady(url) {
    try {
      await (await connect(url)).end()
      return true
    } catch {
      return false
    }
  },
}

/** A server that is killed ends its connections, which would otherwise end the worker too. */
async function connect(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString, types: { getTypeParser: () => (text: unknown) => text } })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Creates a database on the server at `POSTGRES_URL`, or on one that all tests share. */
export async function openPostgres(): Promise<TestDatabase> {
  return createDatabase(givenUrl === '' ? await sharedServer(program) : givenUrl)
}

/** Starts a PostgreSQL server in an empty folder, for tests that stop or freeze it, with more settings: `wal_level=replica`. */
export const startPostgres = (folder: string, ...settings: readonly string[]): Promise<TestDatabaseServer> =>
  startServerIn(program, folder, settings)

/** Copies the files of a running server, from which a replica of it can be started. `port` may be that of a proxy. */
export async function copyForReplica(port: number, folder: string): Promise<void> {
  const url = `${program.urlOf(port)}?application_name=replica`
  const copier = findProgram('pg_basebackup', ...folders) ?? ''
  const data = join(folder, 'data')
  const user = ordinaryUser()
  if (user) await chown(folder, user.uid, user.gid)
  await runFile(copier, ['-d', url, '-D', data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'], { ...user })
}

/** Creates a database on the server at a URL, unless it has one of this name. */
export async function createDatabase(base: string, name = randomName()): Promise<TestDatabase> {
  const admin = await connect(base)
  const { rowCount } = await admin.query('select from pg_database where datname = $1', [name])
  if (rowCount === 0) await admin.query(`create database ${name} template template0 encoding 'UTF8'`)
  const url = Object.assign(new URL(base), { pathname: `/${name}` }).href
  const client = await connect(url)
  return {
    url,
    async query(sql) {
      const results = [await client.query<Record<string, string | null>>(sql)].flat()
      return results.at(-1)?.rows ?? []
    },
    async drop() {
      await client.end()
      await admin.query(`drop database if exists ${name} with (force)`)
      await admin.end()
    },
    async disconnect() {
      await client.end()
      await admin.end()
    },
  }
}

const randomName = (): string => `consulate_test_${randomBytes(6).toString('hex')}`
