import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { hasPostgres, openPostgres } from '../support/postgres.ts'
import { randomBase64url } from '../../src/lib/hash.ts'
import { binFile, consulate, emptyDirectory, run, serve, type Variables } from './run.ts'

const ISSUER = { CONSULATE_ISSUER: 'https://auth.example.com' }

test.each([
  ['of another kind', 'oracle://shop:secret-pw@localhost/shop', 'must start with sqlite:, postgres://'],
  ['without a scheme', 'shop:secret-pw@localhost/shop', 'must start with sqlite:'],
  ['without a path', 'sqlite:', 'must start with sqlite:'],
  [
    'with an unencoded password',
    'postgres://shop:secret-pw/#@localhost/shop',
    'must be a URL such as postgres://',
  ],
  [
    'without a database',
    'postgres://shop:secret-pw@localhost',
    'names no database: it must be a URL such as',
  ],
  ['without a user', 'mysql://localhost/secret-pw', 'names no user: it must be a URL such as mysql://'],
  ['with a wrong escape', 'postgres://shop:secret-pw%@localhost/shop', 'must be a URL such as postgres://'],
  ['with an unknown option', 'postgres://shop:secret-pw@localhost/shop?tls=1', 'has an unknown option, tls'],
  ['with an unknown TLS mode', 'postgres://shop:secret-pw@localhost/shop?sslmode=prefer', 'sslmode must be'],
  [
    'with a wrong prefix',
    'postgres://shop:secret-pw@localhost/shop?table_prefix=A-',
    'table_prefix must start with a letter and contain only a-z',
  ],
  [
    'with a wrong schema',
    'postgres://shop:secret-pw@localhost/shop?schema=A-',
    'schema must start with a letter or _',
  ],
  [
    'of a missing file',
    'postgres://shop:secret-pw@localhost/shop?sslrootcert=/no.pem',
    'cannot read the file',
  ],
])('CONSULATE_DATABASE_URL %s is rejected, and never printed', async (_, url, message) => {
  const { code, stdout, stderr } = await consulate(emptyDirectory(), ['client', 'list'], {
    env: { CONSULATE_DATABASE_URL: url },
  })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(`CONSULATE_DATABASE_URL: ${message}`)
  expect(stderr).not.toContain('secret-pw')
})

/** Each command opens the database. `doctor` prints to standard output, and breaks lines. */
const COMMANDS = ['serve', 'migrate', 'doctor']

/** Secrets in the database, so that missing ones in a directory are not what is wrong. */
const settings = (url: string): Variables => ({
  ...ISSUER,
  CONSULATE_DATABASE_URL: url,
  CONSULATE_SEALING_SECRET: randomBase64url(32),
})

interface Mistake {
  readonly url: string
  /** Creates what the URL names. */
  readonly prepare?: (cwd: string) => Promise<void> | void
  readonly reason: RegExp
}

const MISTAKES: Readonly<Record<string, Mistake>> = {
  'a typo in the scheme': {
    url: 'postgress://shop:secret-pw@localhost/shop',
    reason: /CONSULATE_DATABASE_URL: must start with sqlite:, postgres:\/\/, .* such as/,
  },
  'a password that is not encoded': {
    url: 'postgres://shop:secret-pw#1/@localhost/shop',
    reason: /CONSULATE_DATABASE_URL: must be a URL such as .* with special characters percent-encoded/,
  },
  'an empty value': {
    url: '',
    reason: /CONSULATE_DATABASE_URL: is empty\. Set it to the URL of the database, or unset it to use SQLite/,
  },
  'a path without a scheme': { url: './shop.db', reason: /must start with sqlite:.* such as sqlite:/ },
  'a directory': {
    url: 'sqlite:./shop',
    prepare: (cwd) => mkdirSync(join(cwd, 'shop')),
    reason: /shop is a directory\. Name a file in it, such as \S+shop\/consulate\.db/,
  },
  'a directory that is a file': {
    url: 'sqlite:./file/shop.db',
    prepare: (cwd) => writeFileSync(join(cwd, 'file'), ''),
    reason: /file is not a directory|file\/shop\.db does not exist/,
  },
  'a database of a later version': {
    url: 'sqlite:./shop.db',
    async prepare(cwd) {
      await consulate(cwd, ['install'], { env: { CONSULATE_DATABASE_URL: 'sqlite:./shop.db' } })
      using database = new DatabaseSync(join(cwd, 'shop.db'))
      database.exec("insert into consulate_migrations values ('9999-breaking-change', '2099-01-01')")
    },
    reason: /was migrated by a later version \(9999-breaking-change\)/,
  },
}

test.each(Object.entries(MISTAKES))(
  'CONSULATE_DATABASE_URL with %s: serve, migrate and doctor say what to do, without a stack',
  async (_name, { url, prepare, reason }) => {
    const cwd = emptyDirectory()
    await prepare?.(cwd)
    for (const command of COMMANDS) {
      const env = { ...settings(url), PORT: await freePort() }
      const { code, stdout, stderr } = await consulate(cwd, [command], { env })
      const printed = (stdout + stderr).replaceAll(/\s+/g, ' ')
      expect([command, code]).toEqual([command, 1])
      expect(printed).toMatch(reason)
      expect(printed).not.toMatch(/secret-pw|Unexpected error| at \S+:\d+:\d+/)
    }
  },
)

test('CONSULATE_DATABASE_URL of a file without permission to write: serve, migrate and doctor say so', async () => {
  const cwd = emptyDirectory()
  const env = settings('sqlite:./shop.db')
  await consulate(cwd, ['install'], { env })
  // root may write every file.
  const user = process.getuid?.() === 0 ? { uid: 65_534 } : {}
  chmodSync(join(cwd, 'shop.db'), 0o444)
  chmodSync(cwd, 0o755)
  for (const command of COMMANDS) {
    const { code, stdout, stderr } = await run(await binFile(), cwd, [command], { env, ...user })
    const printed = (stdout + stderr).replaceAll(/\s+/g, ' ')
    expect([command, code]).toEqual([command, 1])
    expect(printed).toMatch(/this account may not read and write \S+shop\.db\. Change the owner or the mode/)
  }
})

test('CONSULATE_DATABASE_URL can name a SQLite file', async () => {
  const cwd = emptyDirectory()
  const env = { ...ISSUER, CONSULATE_DATABASE_URL: 'sqlite:./shop.db' }
  expect((await consulate(cwd, ['client', 'list'], { env })).stderr).toContain('shop.db does not exist')
  expect(await consulate(cwd, ['install'], { env })).toMatchObject({ code: 0 })
  expect(await consulate(cwd, ['client', 'list'], { env })).toMatchObject({ code: 0 })
})

test('the demo does not touch the database of CONSULATE_DATABASE_URL', async () => {
  const env = { CONSULATE_DATABASE_URL: 'sqlite:./shop.db' }
  const { code, stderr } = await consulate(emptyDirectory(), ['serve', '--demo'], { env })
  expect(code).toBe(1)
  expect(stderr).toContain('CONSULATE_DATABASE_URL is set')
})

describe.runIf(hasPostgres)('CONSULATE_DATABASE_URL of PostgreSQL', () => {
  test('is the database of all commands and of the server', async () => {
    const database = await openPostgres()
    onTestFinished(database.drop)
    const cwd = emptyDirectory()
    const env = { ...ISSUER, CONSULATE_DATABASE_URL: `${database.url}?schema=auth&table_prefix=shop_` }
    const before = await consulate(cwd, ['client', 'list'], { env })
    expect(before.stderr).toContain('The database of the environment has pending migrations')
    expect(await consulate(cwd, ['install'], { env })).toMatchObject({ code: 0 })
    const flags = ['client', 'create', '--machine', '--name', 'Import', '--scope', 'orders:read', '--json']
    const scopes = { ...env, CONSULATE_SCOPES: 'orders:read=See your orders' }
    const created = await consulate(cwd, flags, { env: scopes })
    const { client_id: id, client_secret: secret } = JSON.parse(created.stdout) as Record<string, string>
    const server = await serve(cwd, [], scopes)
    const response = await fetch(`${server.origin}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders:read' }),
    })
    expect(response.status).toBe(200)
    expect(await database.query('select id from auth.shop_clients')).toEqual([{ id }])
    expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
  })
})
