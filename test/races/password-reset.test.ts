import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomBase64url, sha256 } from '../../src/lib/hash.ts'
import { RACING_NODES, startCluster, type Cluster } from '../support/cluster.ts'
import { startServer, type TestUser } from '../support/server.ts'
import { callSignInApi, logIn, postLogin, postRefresh } from '../support/sign-in-api.ts'

const server = await startServer()
let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster(server, RACING_NODES)
})
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

const COUNT = 12
const passwords = Array.from({ length: COUNT }, (_, index) =>
  server.knownSecrets.add('password', `the new password ${index}`),
)

/** Inserts a link for a user, as a server that sends one does. */
async function insertLink({ id }: TestUser): Promise<string> {
  const token = server.knownSecrets.add('reset token', randomBase64url(32))
  const epochs = await server.store.revocations.readEpochs(id, '')
  const link = {
    hash: sha256(token),
    provider: 'users',
    userId: id,
    createdAt: Date.now(),
    expiresAt: Date.now() + 1_800_000,
    spentAt: null,
    voidedAt: null,
  }
  await server.store.passwordResets.insert(link, { subject: id, epochs }, { maximum: 100, since: 0 })
  return token
}

/** Resets the password on all nodes in parallel. Returns the statuses, by password. */
const resetInParallel = (tokenOf: (index: number) => string): Promise<readonly number[]> =>
  Promise.all(
    passwords.map(async (password, index) => {
      const node = cluster.nodes[index % cluster.nodes.length] ?? server
      const body = { token: tokenOf(index), password }
      return (await callSignInApi(node, '/auth/reset-password', { body })).status
    }),
  )

describe('several processes', () => {
  test('change the password once with one link', async () => {
    const user = await server.addUser()
    const token = await insertLink(user)
    const statuses = await resetInParallel(() => token)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 400)).toHaveLength(COUNT - 1)
    const password = passwords[statuses.indexOf(200)] ?? ''
    expect((await postLogin(cluster.randomNode(), { ...user, password })).status).toBe(200)
  })

  test('leave no session of before, however many links and refreshes race', async () => {
    const user = await server.addUser()
    const device = await logIn(cluster.randomNode(), user)
    const tokens = await Promise.all(passwords.map(() => insertLink(user)))
    const refreshes = Promise.all(cluster.nodes.map(async (node) => postRefresh(node, device.refresh_token)))
    const statuses = await resetInParallel((index) => tokens[index] ?? '')
    expect(statuses).toContain(200)
    for (const { body } of await refreshes)
      expect((await postRefresh(cluster.randomNode(), String(body['refresh_token']))).status).not.toBe(200)
    expect(await server.store.sessions.find(device.session_id)).toMatchObject({
      revokedAt: expect.any(Number) as unknown,
    })
    expect((await postLogin(cluster.randomNode(), user)).status).toBe(401)
  })
})
