import { cpSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { consulate, emptyDirectory, linkPackage, serve, type Outcome } from './run.ts'

const SECRET = 'a9f2c4e8b7d1a6035f2c4e8b7d1a6035'

const config = ({ data, clients }: Project): string => `
import { authorizationCode, builtInUsers, clientCredentials, secretsFromDirectory } from 'consulate'
import { sqlite } from 'consulate/sqlite'

export default {
  issuer: 'http://127.0.0.1',
  secrets: secretsFromDirectory(${JSON.stringify(join(data, 'secrets'))}),
  store: sqlite(${JSON.stringify(join(data, 'data.db'))}),
  users: builtInUsers(),
  scopes: { 'orders:read': 'See your orders' },
  grants: [authorizationCode(), clientCredentials()],
  clients: ${JSON.stringify(clients)},
}
`

const SHOP = { id: 'shop', name: 'Shop', redirectUris: ['https://shop.example/callback'] }
const WORKER = { id: 'worker', name: 'Worker', grantTypes: ['client_credentials'], secret: SECRET }

const root = emptyDirectory(afterAll)
const newDirectory = (): string => mkdtempSync(join(root, 'project-'))

/** Clients that are declared for a directory with secrets and a database. */
interface Project {
  readonly data: string
  readonly clients: readonly object[]
}

/** Creates a project with a copy of the data of another one. */
function copyOf({ data, clients }: Project): Project {
  const copy = newDirectory()
  cpSync(data, copy, { recursive: true })
  return { data: copy, clients }
}

/** Writes the configuration into a directory of its own. */
async function configured(project: Project): Promise<string> {
  const cwd = newDirectory()
  await linkPackage(cwd)
  writeFileSync(join(cwd, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(cwd, 'consulate.config.ts'), config(project))
  return cwd
}

const run = async (project: Project, ...args: readonly string[]): Promise<Outcome> =>
  consulate(await configured(project), args)

/** Returns what doctor says about the declared clients. */
const diagnose = async (project: Project): Promise<readonly string[]> =>
  (await run(project, 'doctor')).stdout
    .replaceAll(/\n {2}/g, ' ')
    .split('\n')
    .filter((line) => line.includes('Clients:'))

const fresh: Project = { data: newDirectory(), clients: [SHOP, WORKER] }
let started = fresh
beforeAll(async () => {
  await run(fresh, 'install')
  started = copyOf(fresh)
  await (await serve(await configured(started), [], {}, afterAll)).stop()
})

test('doctor says what the next start does, and a start does it', async () => {
  expect(await diagnose(fresh)).toEqual([
    '✓ Clients: 2 declared; the next start creates "shop", creates "worker"',
  ])
  expect((await run(fresh, 'client', 'show', 'shop')).stderr).toBe(
    'The client "shop" is declared in consulate.config.ts, and is created when the server starts.\n',
  )
  expect(await diagnose(started)).toEqual(['✓ Clients: 2 declared, up to date'])
  const renamed = { ...started, clients: [{ ...SHOP, name: 'Shop 2', publisher: 'Shop Ltd' }, WORKER] }
  expect(await diagnose(renamed)).toEqual([
    '✓ Clients: 2 declared; the next start updates "shop" (name, publisher)',
  ])
  expect(await diagnose({ ...started, clients: [{ ...SHOP, type: 'public' }, WORKER] })).toEqual([
    expect.stringContaining('✗ Clients: clients[0].type cannot change from confidential to public'),
  ])
})

test('client list and show say which clients are declared', async () => {
  const project = copyOf(started)
  await run(project, 'client', 'create', '--machine', '--name', 'By hand')
  const { stdout } = await run(project, 'client', 'list')
  expect(stdout).toMatch(/^ +shop +Shop +web app +configuration +active$/m)
  expect(stdout).toMatch(/By hand +machine +database +active$/m)
  expect((await run(project, 'client', 'show', 'shop')).stdout).toMatch(
    /^ +Declared in +consulate.config.ts$/m,
  )
  const list = JSON.parse((await run(project, 'client', 'list', '--json')).stdout) as readonly object[]
  expect(list.filter((client) => (client as { declared: boolean }).declared)).toHaveLength(2)
})

test.each([
  ['update', 'shop', '--name', 'Mine'],
  ['rotate-secret', 'worker'],
])('client %s refuses what the configuration decides', async (command, id, ...flags) => {
  const { code, stderr } = await run(started, 'client', command, id, ...flags)
  expect(code).toBe(1)
  expect(stderr).toContain('is declared in consulate.config.ts. Change it there, then restart the server.')
})

test('client rotate-secret creates the secret of a declared client that has none', async () => {
  const project = copyOf(started)
  expect((await run(project, 'client', 'rotate-secret', 'shop')).stdout).toContain('Client secret')
  expect((await run(project, 'client', 'show', 'shop')).stdout).toMatch(/^ +Secret +set$/m)
})

test('client revoke works, and says that the client is still declared', async () => {
  const project = copyOf(started)
  const { code, stdout, stderr } = await run(project, 'client', 'revoke', 'worker', '--yes')
  expect([code, stdout]).toEqual([0, expect.stringContaining('Revoked client "Worker".')])
  expect(stderr).toContain(
    'Warning: the client is still declared in consulate.config.ts, but stays revoked. Remove it there too.',
  )
  expect(await diagnose(project)).toContainEqual(
    expect.stringContaining('! Clients: "worker" is declared but revoked.'),
  )
})
