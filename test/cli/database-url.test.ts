import { describe, expect, onTestFinished, test } from 'vitest'
import { hasPostgres, openPostgres } from '../support/postgres.ts'
import { consulate, emptyDirectory, serve } from './run.ts'

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
