import { createPublicKey } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { calculateJwkThumbprint, exportJWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { MIGRATIONS } from '../support/migrations.ts'
import { consulate, emptyDirectory, installed, serve } from './run.ts'

interface Keys {
  readonly directory: string
  readonly kid: string
  readonly files: readonly string[]
}

interface Installed {
  readonly keys: string
  readonly secrets: string
  readonly migrations: readonly string[]
}

const keysIn = (text: string): Keys => JSON.parse(text) as Keys

const installedIn = (text: string): Installed => JSON.parse(text) as Installed

describe('consulate keys', () => {
  test('creates keys that only the owner can read, and lists them', async () => {
    const cwd = emptyDirectory()
    const { code, stdout } = await consulate(cwd, ['keys', '--json'])
    const { directory, files, kid } = keysIn(stdout)
    expect(code).toBe(0)
    expect(directory).toBe(join(cwd, 'data/secrets'))
    expect(kid).toMatch(/^[\w-]{43}$/)
    expect(files).toEqual(expect.arrayContaining(['keyring.json', expect.stringMatching(/^signing-/)]))
    for (const file of files) expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600)
  })

  test('keeps existing keys, and exits with 1', async () => {
    const cwd = emptyDirectory()
    const { kid } = keysIn((await consulate(cwd, ['keys', '--json'])).stdout)
    const again = await consulate(cwd, ['keys', '--json'])
    expect(again).toMatchObject({ code: 1, stdout: '' })
    expect(again.stderr).toContain('--force')
    expect(readFileSync(join(cwd, 'data/secrets/keyring.json'), 'utf8')).toContain(kid)
  })

  test('replaces them with --force, and the server starts with the new ones', async () => {
    const cwd = await installed()
    const { code, stdout } = await consulate(cwd, ['keys', '--force', '--json'])
    const { kid } = keysIn(stdout)
    expect(code).toBe(0)
    const server = await serve(cwd, [], { CONSULATE_ISSUER: 'https://auth.example.com' })
    const response = await fetch(`${server.origin}/.well-known/jwks.json`)
    const { keys } = (await response.json()) as { keys: readonly { kid: string }[] }
    expect(keys.map((key) => key.kid)).toContain(kid)
    await server.stop()
  })

  test('creates the type of key that --algorithm and --length choose', async () => {
    const cwd = emptyDirectory()
    const made = await consulate(cwd, ['keys', '--algorithm', 'PS256', '--length', '2048'])
    expect(made.code).toBe(0)
    expect(readFileSync(join(cwd, 'data/secrets/keyring.json'), 'utf8')).toContain('"PS256"')
  })

  test.each(['keys', 'install'])('%s rejects --length for a key of fixed length', async (command) => {
    const cwd = emptyDirectory()
    const { code, stderr } = await consulate(cwd, [command, '--length', '4096'])
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^--length requires --algorithm RS256 or PS256/),
    ])
    expect(existsSync(join(cwd, 'data/secrets/keyring.json'))).toBe(false)
  })

  test('creates nothing if the secrets come from the environment', async () => {
    const cwd = emptyDirectory()
    const { code, stderr } = await consulate(cwd, ['keys'], { env: { CONSULATE_SECRET: 'x'.repeat(43) } })
    expect(code).toBe(1)
    expect(stderr).toContain('CONSULATE_PRIVATE_KEY')
    expect(readdirSync(cwd)).toEqual([])
  })
})

describe('consulate install and migrate', () => {
  test('install creates keys and tables, and changes nothing the second time', async () => {
    const cwd = emptyDirectory()
    const first = installedIn((await consulate(cwd, ['install', '--json'])).stdout)
    const keyring = readFileSync(join(cwd, 'data/secrets/keyring.json'), 'utf8')
    expect(first.keys).toBe('created')
    expect(first.migrations.length).toBeGreaterThan(0)
    const second = await consulate(cwd, ['install', '--json'])
    expect(second.code).toBe(0)
    expect(installedIn(second.stdout)).toMatchObject({ keys: 'kept', migrations: [] })
    expect(readFileSync(join(cwd, 'data/secrets/keyring.json'), 'utf8')).toBe(keyring)
  })

  test('install says what it did', async () => {
    const cwd = emptyDirectory()
    const first = await consulate(cwd, ['install'])
    expect(first.code).toBe(0)
    expect(first.stdout).toMatch(/^Created keys in data\/secrets\.\nApplied migrations: 0001-first-tables, /)
    const second = await consulate(cwd, ['install'])
    expect(second).toEqual({
      code: 0,
      stdout: 'Kept the keys in data/secrets.\nThe tables are up to date.\n',
      stderr: '',
    })
  })

  test('install creates the type of key that --algorithm and --length choose', async () => {
    const cwd = emptyDirectory()
    const flags = ['install', '--algorithm', 'RS256', '--length', '2048']
    expect((await consulate(cwd, flags)).code).toBe(0)
    const secrets = join(cwd, 'data/secrets')
    const pem = readdirSync(secrets).find((name) => name.endsWith('.pem')) ?? ''
    const key = createPublicKey(readFileSync(join(secrets, pem), 'utf8'))
    expect(key.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 })
    expect(await consulate(cwd, flags)).toMatchObject({ code: 0, stderr: '' })
    const other = await consulate(cwd, ['install', '--algorithm', 'ES256'])
    expect(other).toMatchObject({
      code: 0,
      stderr:
        'The existing keys use RS256. Run `consulate keys --rotate --algorithm ES256` to change that.\n',
    })
  })

  test('CONSULATE_DATA names the data directory', async () => {
    const [cwd, elsewhere] = [emptyDirectory(), emptyDirectory()]
    const { code } = await consulate(cwd, ['install'], { env: { CONSULATE_DATA: join(elsewhere, 'here') } })
    expect(code).toBe(0)
    expect(readdirSync(cwd)).toEqual([])
    expect(readdirSync(join(elsewhere, 'here'))).toEqual(['consulate.db', 'secrets'])
  })

  test('install uses the secrets of the environment, in PKCS#8 with escaped line breaks, and creates none', async () => {
    const [cwd, other] = [emptyDirectory(), emptyDirectory()]
    const { directory, files } = keysIn((await consulate(other, ['keys', '--json'])).stdout)
    const read = (ending: string): string =>
      readFileSync(join(directory, files.find((file) => file.endsWith(ending)) ?? ''), 'utf8').trim()
    const env = {
      CONSULATE_PRIVATE_KEY: read('.pem').replaceAll('\n', '\\n'),
      CONSULATE_SECRET: read('.txt'),
      CONSULATE_ISSUER: 'https://auth.example.com',
    }
    const installed = await consulate(cwd, ['install', '--json'], { env })
    expect(installedIn(installed.stdout)).toMatchObject({ keys: 'external' })
    expect(readdirSync(join(cwd, 'data'))).toEqual(['consulate.db'])
    const server = await serve(cwd, [], env)
    const response = await fetch(`${server.origin}/.well-known/jwks.json`)
    const kid = await calculateJwkThumbprint(await exportJWK(createPublicKey(read('.pem'))))
    expect(await response.json()).toMatchObject({ keys: [{ kid }] })
    await server.stop()
  })

  test('install exits with 1 if the environment has only half of the secrets', async () => {
    const { code, stderr } = await consulate(emptyDirectory(), ['install'], {
      env: { CONSULATE_SECRET: 'x'.repeat(43) },
    })
    expect(code).toBe(1)
    expect(stderr).toContain('CONSULATE_PRIVATE_KEY: is not set')
  })

  test.each([
    [/^signing-.*pem$/, 'secrets.signingKeys[0]: must be a private key'],
    [/^secret-.*txt$/, 'secrets.secrets[0]: must have at least 43 random characters'],
  ])('install exits with 1 if no server could use the existing keys: %s', async (name, problem) => {
    const cwd = await installed()
    const folder = join(cwd, 'data/secrets')
    for (const file of readdirSync(folder).filter((each) => name.test(each))) {
      writeFileSync(join(folder, file), '')
    }
    const { code, stderr } = await consulate(cwd, ['install'])
    expect([code, stderr]).toEqual([1, expect.stringContaining(problem)])
  })

  test('migrate --dry-run lists pending migrations and changes nothing; migrate applies them once', async () => {
    const cwd = emptyDirectory()
    const run = async (...flags: readonly string[]): Promise<unknown> =>
      JSON.parse((await consulate(cwd, ['migrate', '--json', ...flags])).stdout)
    const first = { applied: [], pending: MIGRATIONS }
    expect(await run('--dry-run')).toEqual(first)
    expect(readdirSync(cwd)).toEqual([])
    expect(await run()).toEqual({ applied: MIGRATIONS, pending: [] })
    expect(await run()).toEqual({ applied: [], pending: [] })
  })

  test('migrate --print prints the SQL of the pending migrations, which has the same effect', async () => {
    const cwd = emptyDirectory()
    const printed = await consulate(cwd, ['migrate', '--print'])
    expect(printed).toMatchObject({ code: 0, stderr: '' })
    expect(readdirSync(cwd)).toEqual([])
    mkdirSync(join(cwd, 'data'))
    using database = new DatabaseSync(join(cwd, 'data/consulate.db'))
    database.exec(printed.stdout)
    expect(await consulate(cwd, ['migrate', '--print'])).toEqual({
      code: 0,
      stdout: '',
      stderr: 'The tables are up to date.\n',
    })
    expect((await consulate(cwd, ['migrate', '--json'])).stdout).toContain('"applied": []')
  })

  test.each(['--json', '--dry-run'])('migrate --print does not go with %s', async (flag) => {
    expect((await consulate(emptyDirectory(), ['migrate', '--print', flag])).code).toBe(2)
  })
})
