import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CUSTOM_GRANT_TYPE } from '../support/custom-grant.ts'
import {
  isRejectedEverywhere,
  isAcceptedEverywhere,
  RACING_NODES,
  startCluster,
  refreshOutcome,
} from '../support/cluster.ts'
import type { Cluster } from '../support/cluster.ts'
import { claimOf } from '../support/oauth-client.ts'
import type { Tokens } from '../support/oauth-client.ts'
import { callAdminApi } from '../support/admin-api.ts'
import { raceAgainst } from '../support/race-against.ts'
import { startServer } from '../support/server.ts'
import type { TestClient } from '../support/server.ts'

const server = await startServer()
let cluster: Cluster
let client: TestClient

beforeAll(async () => {
  cluster = await startCluster(server, RACING_NODES)
  client = await server.addClient({ grantTypes: [CUSTOM_GRANT_TYPE, 'refresh_token'] })
})
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

const badgeOf = (user: { readonly id: string }) => ({
  grant_type: CUSTOM_GRANT_TYPE,
  badge: user.id,
  scope: 'orders:read',
})

const isDead = async ({ access_token: access, refresh_token: refreshToken }: Tokens): Promise<boolean> =>
  (await isRejectedEverywhere(cluster.nodes, access)) &&
  (await refreshOutcome(cluster.randomNode(), client, refreshToken)) === 'invalid_grant'

describe('of many requests with a custom grant on several processes,', () => {
  test('only those that started after their user was signed out everywhere get working tokens', async () => {
    const user = await server.addUser()
    const tokens = await raceAgainst(cluster, client, badgeOf(user), () =>
      callAdminApi(cluster.randomNode(), { action: 'sign out everywhere', id: user.id }),
    )
    const isNew = ({ access_token: token }: Tokens): boolean => claimOf(token, 'epochs').endsWith(',1')
    const [late, early] = [tokens.filter(isNew), tokens.filter((token) => !isNew(token))]
    expect(await Promise.all(early.map(isDead))).toEqual(early.map(() => true))
    const lives = late.map(({ access_token: token }) => isAcceptedEverywhere(cluster.nodes, token))
    expect(await Promise.all(lives)).toEqual(late.map(() => true))
    const { body } = await callAdminApi(cluster.randomNode(), { action: 'list sessions', id: user.id })
    expect(body).toHaveLength(late.length)
  })

  test('none gets working tokens after the client was revoked', async () => {
    const user = await server.addUser()
    const tokens = await raceAgainst(cluster, client, badgeOf(user), () =>
      callAdminApi(cluster.randomNode(), { action: 'revoke client', id: client.id }),
    )
    const isDead = tokens.map(({ access_token: token }) => isRejectedEverywhere(cluster.nodes, token))
    expect(await Promise.all(isDead)).toEqual(tokens.map(() => true))
  })
})
