import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { consulate, serve } from './run.ts'

const module = (path: string): string => JSON.stringify(resolve(path))

const SECRET = 'a9f2c4e8b7d1a6035f2c4e8b7d1a6035'

const config = (clients: readonly object[]): string => `
import { authorizationCode, builtInUsers, clientCredentials, secretsFromDirectory } from ${module('src/index.ts')}
import { sqlite } from ${module('src/store/sqlite.ts')}

export default {
  issuer: 'http://127.0.0.1',
  secrets: secretsFromDirectory('secrets'),
  store: sqlite('data.db'),
  users: builtInUsers(),
  scopes: { 'orders:read': 'See your orders' },
  grants: [authorizationCode(), clientCredentials()],
  clients: ${JSON.stringify(clients)},
}
`

const SHOP = { id: 'shop', name: 'Shop', redirectUris: ['https://shop.example/callback'] }
const WORKER = { id: 'worker', name: 'Worker', grantTypes: ['client_credentials'], secret: SECRET }

const cwd = mkdtempSync(join(tmpdir(), 'consulate-cli-'))
afterAll(() => rmSync(cwd, { recursive: true }))

const run = (...args: readonly string[]) => consulate(cwd, args)
const declare = (...clients: readonly object[]): void =>
  writeFileSync(join(cwd, 'consulate.config.ts'), config(clients))
/** Returns what doctor says about the declared clients. */
const diagnose = async (): Promise<readonly string[]> =>
  (await run('doctor')).stdout
    .replaceAll(/\n {2}/g, ' ')
    .split('\n')
    .filter((line) => line.includes('Clients:'))

beforeAll(async () => {
  writeFileSync(join(cwd, 'package.json'), '{ "type": "module" }')
  declare(SHOP, WORKER)
  await run('install')
})

test('doctor says what the next start does, and a start does it', async () => {
  expect(await diagnose()).toEqual(['✓ Clients: 2 declared; the next start creates "shop", creates "worker"'])
  expect((await run('client', 'show', 'shop')).stderr).toBe(
    'The client "shop" is declared in consulate.config.ts, and is created when the server starts.\n',
  )
  await (await serve(cwd, [])).stop()
  expect(await diagnose()).toEqual(['✓ Clients: 2 declared, up to date'])
  declare({ ...SHOP, name: 'Shop 2', publisher: 'Shop Ltd' }, WORKER)
  expect(await diagnose()).toEqual(['✓ Clients: 2 declared; the next start updates "shop" (name, publisher)'])
  declare({ ...SHOP, type: 'public' }, WORKER)
  expect(await diagnose()).toEqual([
    expect.stringContaining('✗ Clients: clients[0].type cannot change from confidential to public'),
  ])
  declare(SHOP, { ...WORKER, secret: undefined })
})

test('client list and show say which clients are declared', async () => {
  await run('client', 'create', '--machine', '--name', 'By hand')
  const { stdout } = await run('client', 'list')
  expect(stdout).toMatch(/^ +shop +Shop +web app +configuration +active$/m)
  expect(stdout).toMatch(/By hand +machine +database +active$/m)
  expect((await run('client', 'show', 'shop')).stdout).toMatch(/^ +Declared in +consulate.config.ts$/m)
  const list = JSON.parse((await run('client', 'list', '--json')).stdout) as readonly object[]
  expect(list.filter((client) => (client as { declared: boolean }).declared)).toHaveLength(2)
})

test.each([
  ['update', 'shop', '--name', 'Mine'],
  ['rotate-secret', 'worker'],
])('client %s refuses what the configuration decides', async (command, id, ...flags) => {
  declare(SHOP, WORKER)
  const { code, stderr } = await run('client', command, id, ...flags)
  expect(code).toBe(1)
  expect(stderr).toContain('is declared in consulate.config.ts. Change it there, then restart the server.')
})

test('client rotate-secret creates the secret of a declared client that has none', async () => {
  expect((await run('client', 'rotate-secret', 'shop')).stdout).toContain('Client secret')
  expect((await run('client', 'show', 'shop')).stdout).toMatch(/^ +Secret +set$/m)
})

test('client revoke works, and says that the client is still declared', async () => {
  const { code, stdout, stderr } = await run('client', 'revoke', 'worker', '--yes')
  expect([code, stdout]).toEqual([0, expect.stringContaining('Revoked client "Worker".')])
  expect(stderr).toContain(
    'Warning: the client is still declared in consulate.config.ts, but stays revoked. Remove it there too.',
  )
  expect(await diagnose()).toContainEqual(
    expect.stringContaining('! Clients: "worker" is declared but revoked.'),
  )
})
