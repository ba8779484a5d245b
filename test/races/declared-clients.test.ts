import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { DeclaredClient } from '../../src/index.ts'
import { sha256 } from '../../src/lib/hash.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import type { TestScope } from '../support/config.ts'
import { dose } from '../support/dose.ts'
import { requestToken } from '../support/oauth-client.ts'
import { startProcess, type ServerProcess } from '../support/process.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
afterAll(server.close)

const ROUNDS = dose(1, 4)

const SECRETS = ['a', 'b'].map((each) => `${each}9f2c4e8b7d1a6035f2c4e8b7d1a60359f`) as [string, string]

/** A configuration of which every client differs from its other version. */
const version = (number: 0 | 1): readonly DeclaredClient<TestScope, 'users'>[] => [
  { id: 'shop', name: `Shop ${number}`, redirectUris: [`https://shop.example/${number}`] },
  {
    id: 'worker',
    name: `Worker ${number}`,
    grantTypes: ['client_credentials'],
    scopes: number === 0 ? ['orders:read'] : ['profile'],
    secret: SECRETS[number],
  },
]

/** Starts a node for each version, all at the same time, on a new database. */
async function startAll(file: string, versions: readonly (0 | 1)[]): Promise<readonly ServerProcess[]> {
  return Promise.all(
    versions.map((number) =>
      startProcess(server, { file, busyTimeout: 30_000, config: { clients: version(number) } }),
    ),
  )
}

const newFile = async (): Promise<string> => join(await mkdtemp(join(tmpdir(), 'consulate-')), 'data.db')

/** Returns how often the nodes logged a message. */
const count = (nodes: readonly ServerProcess[], message: string): number =>
  nodes.flatMap(({ logs }) => logs.split('\n')).filter((line) => line.includes(message)).length

const stopAll = (nodes: readonly ServerProcess[]) => Promise.all(nodes.map(({ stop }) => stop()))

test('four nodes that start together create each declared client once', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const nodes = await startAll(await newFile(), [0, 0, 0, 0])
    const worker = { id: 'worker', secret: SECRETS[0], redirectUri: '' }
    const statuses = nodes.map(async ({ node }) => {
      const { status } = await requestToken(node, worker, { grant_type: 'client_credentials' })
      return status
    })
    expect(await Promise.all(statuses)).toEqual([200, 200, 200, 200])
    await stopAll(nodes)
    expect(count(nodes, 'Declared client created')).toBe(2)
    expect(count(nodes, 'Declared client updated')).toBe(0)
  }
})

test('two versions of a configuration that start together end as one of them, and both secrets work', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const file = await newFile()
    const nodes = await startAll(file, [0, 1, 0, 1])
    const store = sqlite(file)
    const { name, redirectUris } = (await store.clients.find('shop')) ?? {}
    expect([version(0)[0], version(1)[0]]).toContainEqual({ id: 'shop', name, redirectUris })
    const worker = await store.clients.find('worker')
    const [newest, ...older] = worker?.secrets ?? []
    const winner = version(newest?.hash === sha256(SECRETS[0]) ? 0 : 1)[1]
    expect(worker).toMatchObject({ name: winner?.name, scopes: winner?.scopes })
    expect(new Set([newest, ...older].map((secret) => secret?.hash))).toEqual(new Set(SECRETS.map(sha256)))
    for (const { node } of nodes)
      for (const secret of SECRETS) {
        const client = { id: 'worker', secret, redirectUri: '' }
        const { status } = await requestToken(node, client, { grant_type: 'client_credentials' })
        expect(status).toBe(200)
      }
    // Nodes write only when they start.
    expect(await store.clients.find('worker')).toEqual(worker)
    await store.close()
    await stopAll(nodes)
    expect(count(nodes, 'Declared client created')).toBe(2)
  }
})
