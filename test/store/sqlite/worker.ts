import { sqlite } from '../../../src/store/sqlite.ts'
import type { Store } from '../../../src/store/contract.ts'
import type { DeviceClaim } from '../../../src/model/device-code.ts'
import {
  BOB,
  countTrue,
  NOW,
  sampleAuthorization,
  sampleClaim,
  sampleCode,
  sampleSession,
} from '../../../src/testing/store/samples.ts'

/** A process of its own with one store, which does what the test asks for: a line in, a line of JSON out. */
type Task = (store: Store, argument: number) => Promise<unknown>

/** Which of the answers are true. */
const indexesOf = (answers: readonly boolean[]): readonly number[] =>
  answers.flatMap((isTrue, index) => (isTrue ? [index] : []))

async function claimDevices(store: Store, count: number, claim: DeviceClaim): Promise<readonly number[]> {
  const claims = Array.from({ length: count }, (_, index) =>
    store.deviceCodes.claim(`device-${index}`, claim, NOW),
  )
  return indexesOf(await Promise.all(claims))
}

const tasks: Readonly<Record<string, Task>> = {
  migrate: (store) => store.migrate(),
  find: (store) => store.clients.find('web'),
  /** Revises one client `count` times, each time by what it is. */
  async lengthenName(store, count) {
    for (let round = 0; round < count; round++) {
      await store.clients.update('web', ({ name }) => ({ name: `${name}+` }))
    }
  },
  insertSession: (store, index) => store.sessions.insert(sampleSession({ id: `session-${index}` }), 'alice'),
  insertCode: (store, index) => store.codes.insert(sampleCode({ hash: `code-${index}` }), 'alice'),
  /** Exchanges codes 0 to `count`, all at once. */
  async exchange(store, count) {
    const exchanges = Array.from({ length: count }, (_, index) =>
      store.codes.exchange(`code-${index}`, sampleAuthorization({ id: `azn-${index}` }), 'alice', NOW),
    )
    return indexesOf(await Promise.all(exchanges))
  },
  /** Exchanges device codes 0 to `count`, all at once, each for a session of its own. */
  async exchangeDevice(store, count) {
    const exchanges = Array.from({ length: count }, (_, index) => {
      const session = sampleSession({ id: `of-device-${index}` })
      const authorization = sampleAuthorization({ id: `azn-${index}`, sessionId: session.id })
      return store.deviceCodes.exchange(`device-${index}`, authorization, 'alice', NOW, session)
    })
    return indexesOf(await Promise.all(exchanges))
  },
  claimAsAlice: (store, count) => claimDevices(store, count, sampleClaim()),
  claimAsBob: (store, count) => claimDevices(store, count, sampleClaim({ ...BOB, sessionId: 'bob' })),
  /** Polls device codes 0 to `count`; those whose poll was noted. */
  async poll(store, count) {
    const polls = Array.from({ length: count }, (_, index) => store.deviceCodes.poll(`device-${index}`, NOW))
    return indexesOf((await Promise.all(polls)).map((answer) => answer === 'pending'))
  },
  /** Advances one authorization from each generation below `count`; how often it was the one who did. */
  async advance(store, count) {
    const answers: boolean[] = []
    for (let from = 0; from < count; from++) {
      const step = {
        id: 'azn',
        from,
        to: from + 1,
        rotations: [],
        lastUsedAt: NOW,
        expiresAt: NOW,
        accessExpiresAt: NOW,
      }
      answers.push(await store.authorizations.refresh(step, 'alice'))
    }
    return countTrue(answers)
  },
  revokeSession: (store) => store.revocations.revoke({ kind: 'session', id: 'laptop' }, NOW),
  async raise(store, count) {
    const order = { kind: 'user', user: { provider: 'users', userId: 'alice' }, subject: 'alice' } as const
    for (let round = 0; round < count; round++) await store.revocations.revoke(order, NOW)
  },
}

const [path = '', uid] = process.argv.slice(2)
if (uid) {
  process.setgid?.(Number(uid))
  process.setuid?.(Number(uid))
}
const store = sqlite(path)

async function answer(name: string, argument: number): Promise<unknown> {
  try {
    return { value: (await tasks[name]?.(store, argument)) ?? null }
  } catch (error) {
    return {
      error: error instanceof Error ? error.name : 'unknown',
      cause: String((error as Error).cause ?? error),
    }
  }
}

process.on('message', async ([name, argument]: [string, number]) => {
  process.send?.(await answer(name, argument))
})
process.send?.('ready')
