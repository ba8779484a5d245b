import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CurrentSession, StartedSession } from '../../src/index.ts'
import { callAdminApi } from '../support/admin-api.ts'
import { startCluster, type Cluster } from '../support/cluster.ts'
import { dose } from '../support/dose.ts'
import { startServer, type TestServer, type TestUser } from '../support/server.ts'

const SESSION = 'consulate_session'
const ROUNDS = dose(3, 30)

const server = await startServer()
let cluster: Cluster
beforeAll(async () => void (cluster = await startCluster(server, 2)))
afterAll(async () => {
  await cluster.stop()
  await server.close()
})

const nodeAt = (index: number): TestServer => cluster.nodes[index % 2] ?? server

/** Starts a session at a node. Returns undefined if the user was signed out everywhere in the meantime. */
async function start(node: TestServer, { id }: TestUser, cookie = ''): Promise<StartedSession | undefined> {
  const { status, body } = await callAdminApi(node, { action: 'start session', id, cookie })
  if (status === 200) return body as unknown as StartedSession
  expect(body['error']).toContain('was signed out everywhere in the meantime')
  return undefined
}

function cookieOf({ cookies }: StartedSession): string {
  const pair = cookies.find((each) => each.startsWith(`${SESSION}=`))?.split(';', 1)[0] ?? ''
  server.knownSecrets.add('cookie', pair.slice(SESSION.length + 1))
  return pair
}

/** Returns the ID of the current session at both nodes, after a revocation has reached them. */
async function sessionAt(cookie: string): Promise<readonly (string | undefined)[]> {
  const find = async (node: TestServer): Promise<string | undefined> => {
    const { body } = await callAdminApi(node, { action: 'find current session', cookie })
    return (body as unknown as Partial<CurrentSession>).session?.id
  }
  return Promise.all(cluster.nodes.map(find))
}

async function listed({ id }: TestUser): Promise<readonly string[]> {
  const { body } = await callAdminApi(nodeAt(0), { action: 'list sessions', id })
  return (body as unknown as readonly { readonly id: string }[]).map((session) => session.id)
}

describe('on two processes', () => {
  test('a sign-out everywhere ends every session that was started before it, and none that was started after', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const user = await server.addUser()
      const before = await start(nodeAt(round), user)
      const [signedOut, ...during] = await Promise.all([
        callAdminApi(nodeAt(round), { action: 'sign out everywhere', id: user.id }),
        ...[0, 1, 2, 3].map((index) => start(nodeAt(index), user)),
      ])
      expect(signedOut.status).toBe(200)
      const after = await start(nodeAt(round + 1), user)
      const live = new Set(await listed(user))
      expect(live.has(after?.session.id ?? '')).toBe(true)
      expect(live.has(before?.session.id ?? '')).toBe(false)
      for (const started of [before, after, ...during]) {
        if (!started) continue
        const { id } = started.session
        const expected = live.has(id) ? id : undefined
        expect(await sessionAt(cookieOf(started))).toEqual([expected, expected])
      }
    }
  })

  test('two users who sign in to one browser get separate sessions, and the previous one ends', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [previous, ada, bob] = [await server.addUser(), await server.addUser(), await server.addUser()]
      const first = await start(nodeAt(round), previous)
      const cookie = first ? cookieOf(first) : ''
      const [one, other] = await Promise.all([start(nodeAt(0), ada, cookie), start(nodeAt(1), bob, cookie)])
      expect(await listed(previous)).toEqual([])
      expect(await sessionAt(cookie)).toEqual([undefined, undefined])
      for (const [user, started] of [
        [ada, one],
        [bob, other],
      ] as const) {
        const ids = await listed(user)
        expect(ids).toEqual([started?.session.id])
        expect(await sessionAt(started ? cookieOf(started) : '')).toEqual([ids[0], ids[0]])
      }
    }
  })

  test('a user who signs in twice in one browser gets a cookie that works, and the earlier one stops working', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const user = await server.addUser()
      const first = await start(nodeAt(round), user)
      const cookie = first ? cookieOf(first) : ''
      const both = await Promise.all([0, 1].map((index) => start(nodeAt(index), user, cookie)))
      const found = await Promise.all(both.map((each) => sessionAt(each ? cookieOf(each) : '')))
      // If both renew the same session, the cookie of the later one counts.
      expect(found.flat().filter((id) => id !== undefined).length).toBeGreaterThanOrEqual(2)
      for (const [one, other] of found) expect(one).toBe(other)
      expect(await sessionAt(cookie)).toEqual([undefined, undefined])
    }
  })

  test('a sign-out that races a sign-in of the same user never leaves the old cookie valid', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const user = await server.addUser()
      const first = await start(nodeAt(round), user)
      const cookie = first ? cookieOf(first) : ''
      const [started] = await Promise.all([
        start(nodeAt(0), user, cookie),
        callAdminApi(nodeAt(1), { action: 'end session', cookie }),
      ])
      const live = await listed(user)
      expect(await sessionAt(cookie)).toEqual([undefined, undefined])
      expect(live.length).toBeLessThanOrEqual(1)
      expect(await sessionAt(started ? cookieOf(started) : '')).toEqual([live[0], live[0]])
    }
  })
})
