import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startOwnerCheck } from '../../src/jobs/owner-check.ts'
import { sampleAuthorization } from '../../src/testing/store/samples.ts'

const MINUTE = 60_000

/** A check of tokens whose user the provider may not find. */
function start() {
  const state = {
    now: 0,
    users: new Set(['alice']),
    failure: undefined as Error | undefined,
    revokedAt: null as number | null,
    pending: Promise.resolve(),
  }
  const lookedUp: string[] = []
  const revoked: string[] = []
  const logged: string[] = []
  const ownerCheck = startOwnerCheck({
    authorizations: { find: async (id) => sampleAuthorization({ id, revokedAt: state.revokedAt }) },
    userDirectory: {
      async find({ userId }) {
        lookedUp.push(userId)
        await state.pending
        if (state.failure) throw state.failure
        return state.users.has(userId) ? { id: userId } : undefined
      },
    },
    revoker: {
      async revoke(target) {
        if (target.kind === 'authorization') revoked.push(`${target.id} of ${String(target.sub)}`)
        return undefined
      },
    },
    subjectOf: ({ userId }) => userId,
    clock: { now: () => state.now },
    logger: { log: (level, message) => void logged.push(`${level}: ${message}`) },
  })
  const use = async (id: string): Promise<void> => {
    ownerCheck.check(id)
    await nextTurn()
  }
  return { state, lookedUp, revoked, logged, ownerCheck, use }
}

test('the user of a token is looked up at most once every 15 minutes', async () => {
  const { state, lookedUp, revoked, use } = start()
  for (const minutes of [0, 1, 14, 15, 16]) {
    state.now = minutes * MINUTE
    await use('token')
  }
  await use('another')
  expect([lookedUp, revoked]).toEqual([['alice', 'alice', 'alice'], []])
})

test('a token whose user is gone is revoked', async () => {
  const { state, revoked, logged, use } = start()
  await use('token')
  state.users.clear()
  state.now = 15 * MINUTE
  await use('token')
  expect(revoked).toEqual(['token of alice'])
  expect(logged).toEqual(['info: Revoked a personal access token, because its user is gone'])
})

test('a provider that fails revokes nothing, and is asked again after a minute', async () => {
  const { state, lookedUp, revoked, logged, use } = start()
  state.failure = new Error('the database is down')
  for (const seconds of [0, 59, 60]) {
    state.now = seconds * 1000
    await use('token')
  }
  expect([lookedUp.length, revoked]).toEqual([2, []])
  expect(logged).toHaveLength(2)
})

test('after close, no user is looked up', async () => {
  const { lookedUp, ownerCheck, use } = start()
  ownerCheck.close()
  await use('token')
  expect(lookedUp).toEqual([])
})

test('the user of a token that is revoked is not looked up', async () => {
  const { state, lookedUp, revoked, use } = start()
  state.revokedAt = 1
  state.users.clear()
  await use('token')
  expect([lookedUp, revoked]).toEqual([[], []])
})

test('users are looked up one after the other', async () => {
  const { state, lookedUp, use } = start()
  const { promise, resolve } = Promise.withResolvers<void>()
  state.pending = promise
  for (const token of ['first', 'second']) await use(token)
  expect(lookedUp).toHaveLength(1)
  resolve()
  await nextTurn()
  expect(lookedUp).toHaveLength(2)
})
