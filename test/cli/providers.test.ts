import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { sqlite } from '../../src/store/sqlite.ts'
import { consulate, emptyDirectory, linkPackage } from './run.ts'

/** Any text of this shape. */
const like = (shape: RegExp): unknown => expect.stringMatching(shape)

/** Built-in users, and customers of another provider. */
const CONFIG = `
import { authorizationCode, builtInUsers, passwordGrant, secretsFromDirectory } from 'consulate'
import { sqlite } from 'consulate/sqlite'

const customer = { id: '7', email: 'cora@example.com' }

export default {
  issuer: 'https://auth.example.com',
  secrets: secretsFromDirectory('secrets'),
  store: sqlite('data.db'),
  users: builtInUsers(),
  providers: {
    customers: {
      find: async (id) => (id === '7' ? customer : undefined),
      findByUsername: async (name) => (name === customer.email ? customer : undefined),
      verifyPassword: async () => false,
    },
  },
  scopes: {},
  grants: [authorizationCode(), passwordGrant()],
}
`

let cwd: string
const run = (...args: readonly string[]) => consulate(cwd, args)
const json = async (...args: readonly string[]): Promise<unknown> =>
  JSON.parse((await run(...args, '--json')).stdout)

beforeEach(async () => {
  cwd = emptyDirectory()
  await linkPackage(cwd)
  writeFileSync(join(cwd, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(cwd, 'consulate.config.ts'), CONFIG)
  await run('install')
})

describe('with several providers', () => {
  test('--provider sets the user provider of a client; the default is the first', async () => {
    const flags = ['client', 'create', '--password', '--name']
    expect(await json(...flags, 'Shop', '--provider', 'customers')).toMatchObject({ provider: 'customers' })
    expect(await json(...flags, 'Back office')).toMatchObject({ provider: 'users' })
    const { stdout } = await run('client', 'list')
    expect(stdout).toMatch(/^ +[\w-]+ +Shop +password +customers +active$/m)
    const [{ client_id: id }] = (await json('client', 'list')) as [{ client_id: string }]
    expect((await run('client', 'show', id)).stdout).toMatch(/^ +User provider +(customers|users)$/m)
  })

  test('--owner takes a user of another provider, and rejects an unknown one', async () => {
    const flags = ['client', 'create', '--name', 'Shop', '--redirect-uri', 'https://shop.example/', '--owner']
    expect(await json(...flags, 'customers:cora@example.com')).toMatchObject({ owner: 'customers:7' })
    expect(await run(...flags, 'customers:nobody')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'No user with the ID or user name "nobody".\n',
    })
  })

  test('an unknown provider is rejected, and registers nothing', async () => {
    const outcome = await run('client', 'create', '--password', '--name', 'Shop', '--provider', 'costumers')
    expect(outcome).toEqual({
      code: 2,
      stdout: '',
      stderr: '--provider costumers: must be one of users, customers\n',
    })
    expect(await json('client', 'list')).toEqual([])
  })

  test('--user takes a user of another provider as provider:user, like the sub', async () => {
    const store = sqlite(join(cwd, 'data.db'))
    const now = Date.now()
    const session = {
      userId: '7',
      deviceName: 'Firefox on Linux',
      userAgent: '',
      address: '192.0.2.1',
      issuerEpoch: 0,
      userEpoch: 0,
      createdAt: now,
      authenticatedAt: now,
      lastSeenAt: now,
      expiresAt: now + 60_000,
      isPersistent: false,
      appSessionHash: null,
      methods: [],
      revokedAt: null,
    }
    const both = [
      { ...session, id: 'of a customer', cookieHash: 'a', provider: 'customers' },
      { ...session, id: 'of a user', cookieHash: 'b', provider: 'users' },
    ]
    for (const one of both) await store.sessions.insert(one, one.id)
    await store.close()
    for (const who of ['customers:7', 'customers:cora@example.com']) {
      expect(await json('session', 'list', '--user', who)).toMatchObject([
        { id: 'of a customer', sub: 'customers:7' },
      ])
      expect(await json('authorization', 'list', '--user', who)).toEqual([])
    }
    expect(await run('session', 'list', '--user', '7')).toMatchObject({
      code: 1,
      stderr: 'No user with the ID or email "7".\n',
    })
    const { stdout } = await run('session', 'list')
    expect(stdout).toMatch(/^ +of a customer +cora@example.com /m)
    expect(stdout).toMatch(/^ +of a user +7 /m)
  })
})

test('doctor warns of the password grant, and of what to do instead', async () => {
  const { findings } = (await json('doctor')) as { readonly findings: readonly unknown[] }
  expect(findings).toContainEqual({
    check: 'configuration',
    level: 'warning',
    message: like(/^the password grant is enabled: .*RFC 9700/),
    fix: like(/authorizationCode\(\) with PKCE/),
  })
})
