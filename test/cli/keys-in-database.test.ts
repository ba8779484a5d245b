import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { randomBase64url } from '../../src/lib/hash.ts'
import { consulate, emptyDirectory, installed, serve, type Outcome } from './run.ts'

const [SECRET, OTHER] = [randomBase64url(32), randomBase64url(32)]

const environment = (sealingSecret = SECRET) => ({
  CONSULATE_ISSUER: 'https://id.example.com',
  CONSULATE_SEALING_SECRET: sealingSecret,
})

const inDirectory =
  (cwd: string) =>
  (args: string, sealingSecret?: string): Promise<Outcome> =>
    consulate(cwd, args.split(' '), { env: environment(sealingSecret) })

const publicKeysAt = async (origin: string): Promise<readonly string[]> => {
  const { keys } = (await (await fetch(`${origin}/.well-known/jwks.json`)).json()) as {
    readonly keys: readonly { readonly kid: string }[]
  }
  return keys.map(({ kid }) => kid)
}

test('a sealing secret puts the keys into the database, and `consulate keys` manages them there', async () => {
  const cwd = emptyDirectory()
  const run = inDirectory(cwd)
  expect((await run('keys')).stderr).toContain('Run `consulate install`')
  expect(JSON.parse((await run('install --json')).stdout)).toMatchObject({
    keys: 'created',
    secrets: 'the database',
  })
  expect((await run('install')).stdout).toContain('Kept the keys in the database.')
  expect(existsSync(join(cwd, 'data/secrets'))).toBe(false)
  expect((await run('keys')).stderr).toContain('Keys already exist in the database. Use --force')
  for (const flag of ['--rotate', '--rotate-secret']) {
    expect((await run(`keys ${flag}`)).stderr).toContain('less than 10 minutes old')
    expect((await run(`keys ${flag} --now`)).stdout).toContain('Running servers switch within 5 seconds.')
  }
  expect((await run('doctor')).stdout).toContain('loaded from the database')
  expect((await run('keys --reseal', `${OTHER},${SECRET}`)).stdout).toContain('Sealed the keys again.')
  const wrong = await run('keys --rotate --now')
  expect([wrong.code, wrong.stderr]).toEqual([
    1,
    expect.stringContaining('with another CONSULATE_SEALING_SECRET'),
  ])
  const { kid } = JSON.parse((await run('keys --force --json', OTHER)).stdout) as { readonly kid: string }
  const server = await serve(cwd, [], environment(OTHER))
  expect((await publicKeysAt(server.origin))[0]).toBe(kid)
  await server.stop()
})

test('`consulate serve` creates the keys in the database at its first start', async () => {
  const cwd = emptyDirectory()
  const servers = await Promise.all([serve(cwd, [], environment()), serve(cwd, [], environment())])
  const [first, second] = await Promise.all(servers.map(({ origin }) => publicKeysAt(origin)))
  expect(first).toHaveLength(2)
  expect(second).toEqual(first)
  for (const { stop } of servers) expect((await stop()).code).toBe(0)
  expect(existsSync(join(cwd, 'data/secrets'))).toBe(false)
})

test('the keys of a directory can be moved into the database', async () => {
  const cwd = await installed()
  const run = inDirectory(cwd)
  const { stdout } = await run('keys --import data/secrets')
  expect(stdout).toContain('Copied the keys of data/secrets into the database, sealed.')
  expect((await run('keys --import data/secrets')).stderr).toContain('Keys already exist in the database.')
  const keyring = readFileSync(join(cwd, 'data/secrets/keyring.json'), 'utf8')
  const server = await serve(cwd, [], environment())
  for (const kid of await publicKeysAt(server.origin)) expect(keyring).toContain(kid)
  await server.stop()
})

test('secrets of two kinds are a mistake, and only sealed keys are sealed again', async () => {
  const cwd = emptyDirectory()
  const both = await consulate(cwd, ['install'], { env: { ...environment(), CONSULATE_SECRET: OTHER } })
  expect([both.code, both.stderr]).toEqual([1, expect.stringContaining('must not be set together')])
  const none = await consulate(cwd, ['keys', '--reseal'])
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('set CONSULATE_SEALING_SECRET')])
  const short = await consulate(cwd, ['install'], { env: environment('short') })
  expect([short.code, short.stderr]).toEqual([1, expect.stringContaining('at least 43 random characters')])
})
