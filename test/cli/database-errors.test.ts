import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { randomBase64url } from '../../src/lib/hash.ts'
import type { TestDatabase } from '../support/database-server.ts'
import { freePort } from '../support/free-port.ts'
import { hasMariadb, openMariadb } from '../support/mariadb.ts'
import { hasPostgres, openPostgres } from '../support/postgres.ts'
import { listen } from '../support/server.ts'
import { consulate, emptyDirectory, installed, serve, type Variables } from './run.ts'

const SECRET = 'secret-pw'

/** A server, and what it says about mistakes. */
interface ServerKind {
  readonly name: string
  readonly isAvailable: boolean
  open(): Promise<TestDatabase>
  /** Creates a user who may connect to the database, and nothing else. */
  readonly createUser: (name: string, database: string) => string
  readonly wrongPassword: RegExp
  readonly noDatabase: RegExp
  readonly noPermission: RegExp
}

const SERVERS: readonly ServerKind[] = [
  {
    name: 'PostgreSQL',
    isAvailable: hasPostgres,
    open: openPostgres,
    createUser: (name) => `create role ${name} login password '${SECRET}'`,
    wrongPassword: /password authentication failed for user/,
    noDatabase: /database "nope" does not exist/,
    noPermission: /permission denied for schema public/,
  },
  {
    name: 'MariaDB',
    isAvailable: hasMariadb,
    open: openMariadb,
    createUser: (name, database) =>
      `create user ${name}@'127.0.0.1' identified by '${SECRET}'; grant select on ${database}.* to ${name}@'127.0.0.1'`,
    wrongPassword: /Access denied for user/,
    noDatabase: /Unknown database 'nope'/,
    noPermission: /command denied to user/,
  },
]

const settings = async (url: URL): Promise<Variables> => ({
  CONSULATE_ISSUER: 'https://auth.example.com',
  CONSULATE_SEALING_SECRET: randomBase64url(32),
  CONSULATE_DATABASE_URL: url.href,
  PORT: await freePort(),
})

async function open({ open: create }: ServerKind): Promise<{ database: TestDatabase; url: URL }> {
  const database = await create()
  onTestFinished(database.drop)
  return { database, url: new URL(database.url) }
}

/** Changes the URL of a database into one that cannot be used. */
type Mistake = (url: URL, database: TestDatabase, kind: ServerKind) => Promise<URL> | URL

const MISTAKES: readonly (readonly [
  name: string,
  mistake: Mistake,
  reason: keyof ServerKind & `${'no' | 'wrong'}${string}`,
])[] = [
  ['a wrong password', (url) => Object.assign(url, { password: SECRET }), 'wrongPassword'],
  ['a missing database', (url) => Object.assign(url, { pathname: '/nope' }), 'noDatabase'],
  [
    'a user who may not create tables',
    async (url, database, { createUser }) => {
      const name = url.pathname.slice(1).replace('consulate_test_', 'app_')
      for (const statement of createUser(name, url.pathname.slice(1)).split(';'))
        await database.query(statement)
      return Object.assign(url, { username: name, password: SECRET })
    },
    'noPermission',
  ],
]

describe.each(SERVERS)('$name', (kind) => {
  test.runIf(kind.isAvailable).for(MISTAKES)(
    'with %s: serve and migrate exit and say why, without the password',
    async ([, mistake, reason]) => {
      const { database, url } = await open(kind)
      const env = await settings(await mistake(url, database, kind))
      for (const command of ['serve', 'migrate']) {
        const { code, stdout, stderr } = await consulate(emptyDirectory(), [command], { env })
        expect([code, stdout]).toEqual([1, ''])
        expect(stderr).toMatch(/^The database cannot be used: .*\. Check the host, .*, TLS, .*\n$/)
        expect(stderr).toMatch(kind[reason])
        expect(stderr).not.toMatch(/secret-pw|tests-only/)
      }
    },
  )

  test.runIf(kind.isAvailable)(
    'with a wrong password: other commands say so, and doctor how to fix it',
    async () => {
      const { url } = await open(kind)
      const env = await settings(Object.assign(url, { password: SECRET }))
      const cwd = await installed()
      for (const command of ['client list', 'install', 'doctor', 'doctor --json']) {
        const { code, stdout, stderr } = await consulate(cwd, command.split(' '), { env })
        const printed = (stdout + stderr).replaceAll(/\s+/g, ' ')
        expect(code).toBe(1)
        expect(printed).toMatch(kind.wrongPassword)
        expect(printed).not.toContain(SECRET)
        expect(stdout).not.toMatch(/cannot be (read|checked): The database/)
      }
      const from = `sqlite:${join(cwd, 'data/consulate.db')}`
      const copied = await consulate(cwd, ['copy', '--from', from, '--to', url.href])
      expect(copied.code).toBe(1)
      expect(copied.stderr).toMatch(/^--to: The database cannot be used: /)
      expect(copied.stderr).toMatch(kind.wrongPassword)
      expect(copied.stderr).not.toContain(SECRET)
    },
  )

  test.runIf(kind.isAvailable).for([
    ['a host that is not found', { hostname: 'unknown.invalid' }, /the host unknown\.invalid was not found/],
    ['a port without a server', { port: '1' }, /nothing listens at 127\.0\.0\.1:1 /],
  ] as const)(
    'at %s: serve waits and says why, others exit, doctor says why once',
    async ([, change, reason]) => {
      const { url } = await open(kind)
      const env = await settings(Object.assign(url, change))
      const { code, stderr } = await consulate(emptyDirectory(), ['migrate'], { env })
      expect(code).toBe(1)
      expect(stderr).toMatch(reason)
      const doctor = await consulate(emptyDirectory(), ['doctor', '--json'], { env })
      const { findings } = JSON.parse(doctor.stdout) as { findings: { check: string; message: string }[] }
      const found = findings.find(({ check }) => check === 'database')?.message
      expect(found).toMatch(reason)
      expect(found).toMatch(/^the database cannot be read: [^:]+(:1 )?\(E[A-Z_]+\)$/)
      const server = await serve(emptyDirectory(), [], env)
      const stopped = await server.stop()
      expect(stopped.stdout).toMatch(/is listening on .*\nRequests get 503 until the database can be used: /)
      for (const text of [stopped.stdout, stopped.stderr]) {
        expect(text).toMatch(reason)
        expect(text).not.toMatch(/tests-only/)
      }
    },
  )
})

/** Starts a server that is no database, and returns its port. */
type Impostor = () => Promise<string>

const startHttp: Impostor = async () => {
  const http = createServer((_request, response) => response.end())
  onTestFinished(() => void http.close())
  return new URL(await listen(http)).port
}

/** Accepts connections, as a server that is frozen does, and says nothing. */
const startSilent: Impostor = async () => {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await once(server, 'listening')
  return String((server.address() as AddressInfo).port)
}

const portOf = ({ isAvailable, open: create }: ServerKind): Impostor | undefined =>
  isAvailable ? async () => (await open({ open: create } as ServerKind)).url.port : undefined

const [postgresPort, mariadbPort] = SERVERS.map(portOf)

/** Whom a URL may reach by mistake, and what commands say. */
const WRONG_SERVERS: readonly (readonly [scheme: string, found: string, Impostor | undefined, RegExp])[] = [
  [
    'postgres',
    'MariaDB',
    mariadbPort,
    /127\.0\.0\.1:\d+ is a MySQL or MariaDB server, whose URL starts with mysql:/,
  ],
  ['postgres', 'a web server', startHttp, /127\.0\.0\.1:\d+ is a web server, not a PostgreSQL server/],
  [
    'mysql',
    'PostgreSQL',
    postgresPort,
    /127\.0\.0\.1:\d+ is a PostgreSQL server, whose URL starts with postgres:/,
  ],
  ['mysql', 'a web server', startHttp, /127\.0\.0\.1:\d+ is a web server, not a MySQL or MariaDB server/],
]

/** A command that never ends would fail by the time limit of the test. */
test.each(WRONG_SERVERS.filter(([, , start]) => start !== undefined))(
  '%s:// with the port of %s: serve, migrate, doctor and copy say so and exit',
  async (scheme, _found, start, reason) => {
    const url = `${scheme}://shop:${SECRET}@127.0.0.1:${await start?.()}/shop`
    const env = await settings(new URL(url))
    const cwd = await installed()
    const copy = ['copy', '--from', `sqlite:${join(cwd, 'data/consulate.db')}`, '--to', url]
    const commands = [['serve'], ['serve', '--workers', '2'], ['migrate'], ['doctor'], copy]
    const outcomes = await Promise.all(commands.map((args) => consulate(cwd, args, { env })))
    for (const { code, stdout, stderr } of outcomes) {
      const printed = (stdout + stderr).replaceAll(/\s+/g, ' ')
      expect(code).toBe(1)
      expect(printed).toMatch(reason)
      expect(printed).not.toContain(SECRET)
    }
  },
)

test.each(['postgres', 'mysql'])(
  '%s:// with the port of a server that says nothing: serve waits, others say that it does not respond and exit',
  async (scheme) => {
    const url = `${scheme}://shop:${SECRET}@127.0.0.1:${await startSilent()}/shop`
    const env = await settings(new URL(url))
    const cwd = await installed()
    const copy = ['copy', '--from', `sqlite:${join(cwd, 'data/consulate.db')}`, '--to', url]
    const commands = [['migrate'], ['doctor'], copy].map((args) => consulate(cwd, args, { env }))
    const [server, ...outcomes] = await Promise.all([serve(cwd, [], env), ...commands])
    for (const { code, stdout, stderr } of outcomes) {
      expect(code).toBe(1)
      expect(stdout + stderr).toMatch(/the server does\s+not\s+respond|No\s+connection\s+within/)
    }
    expect(server.printed).toMatch(
      /Requests get 503 until the database can be used: (the server does not|No conn)/,
    )
  },
)

test.runIf(hasPostgres)('workers do not start if waiting for the database would not help', async () => {
  const database = await openPostgres()
  onTestFinished(database.drop)
  const env = await settings(Object.assign(new URL(database.url), { password: SECRET }))
  const { code, stdout, stderr } = await consulate(emptyDirectory(), ['serve', '--workers', '2'], { env })
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/^The database cannot be used: password authentication failed .*\n$/)
})
