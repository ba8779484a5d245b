import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  isRejectedEverywhere,
  isAcceptedEverywhere,
  RACING_NODES,
  startCluster,
  refreshOutcome,
} from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import { claimOf, getTokens } from '../support/oauth-client.ts'
import type { Tokens } from '../support/oauth-client.ts'
import { callAdminApi } from '../support/admin-api.ts'
import { startServer } from '../support/server.ts'
import type { TestUser, TestClient } from '../support/server.ts'
import { raceAgainst } from '../support/race-against.ts'

const server = await startServer()
let cluster: Cluster
let client: TestClient

/** Attempts count as failures until they finish, so this allows more than the test makes. */
const PLENTY = { failures: 100_000, window: '1m' } as const

beforeAll(async () => {
  cluster = await startCluster(server, RACING_NODES, {
    config: { throttle: { perAddress: PLENTY, perAccount: PLENTY } },
  })
  client = await server.addClient({ grantTypes: ['password', 'refresh_token'] })
})
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

const signIn = ({ email, password }: Pick<TestUser, 'email' | 'password'>) => ({
  grant_type: 'password',
  username: email,
  password,
  scope: 'orders:read',
})

const sessionsOf = async (user: TestUser): Promise<unknown> =>
  (await callAdminApi(cluster.randomNode(), { action: 'list sessions', id: user.id })).body

const isDead = async ({ access_token: access, refresh_token: refreshToken }: Tokens): Promise<boolean> =>
  (await isRejectedEverywhere(cluster.nodes, access)) &&
  (await refreshOutcome(cluster.randomNode(), client, refreshToken)) === 'invalid_grant'

describe('of many sign-ins by password on several processes,', () => {
  test('none that races a password change stays signed in, and the new password works immediately', async () => {
    const user = await server.addUser()
    const password = server.knownSecrets.add('password', 'staple battery horse correct')
    const tokens = await raceAgainst(cluster, client, signIn(user), async () => {
      await callAdminApi(cluster.randomNode(), { action: 'set password', id: user.id, password })
      await callAdminApi(cluster.randomNode(), { action: 'sign out everywhere', id: user.id })
    })
    expect(await Promise.all(tokens.map(isDead))).toEqual(tokens.map(() => true))
    expect(await sessionsOf(user)).toEqual([])
    const fresh = await getTokens(cluster.randomNode(), client, signIn({ ...user, password }))
    expect(await isAcceptedEverywhere(cluster.nodes, fresh.access_token)).toBe(true)
  })

  test('only those that started after the user was signed out everywhere stay signed in', async () => {
    const user = await server.addUser()
    const tokens = await raceAgainst(cluster, client, signIn(user), () =>
      callAdminApi(cluster.randomNode(), { action: 'sign out everywhere', id: user.id }),
    )
    const isNew = ({ access_token: token }: Tokens): boolean => claimOf(token, 'epochs').endsWith(',1')
    const [late, early] = [tokens.filter(isNew), tokens.filter((token) => !isNew(token))]
    expect(await Promise.all(early.map(isDead))).toEqual(early.map(() => true))
    const lives = await Promise.all(
      late.map(({ access_token: token }) => isAcceptedEverywhere(cluster.nodes, token)),
    )
    expect(lives).toEqual(late.map(() => true))
    expect(await sessionsOf(user)).toHaveLength(late.length)
  })
})
