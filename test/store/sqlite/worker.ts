import { sqlite } from '../../../src/store/sqlite.ts'
import type { Store } from '../../../src/store/contract.ts'
import {
  countTrue,
  NOW,
  sampleAuthorization,
  sampleCode,
  sampleSession,
} from '../../../src/testing/store/kit.ts'

/** A process of its own with one store, which does what the test asks for: a line in, a line of JSON out. */
type Task = (store: Store, argument: number) => Promise<unknown>

const tasks: Readonly<Record<string, Task>> = {
  migrate: (store) => store.migrate(),
  find: (store) => store.clients.find('web'),
  insertSession: (store, index) => store.sessions.insert(sampleSession({ id: `session-${index}` }), 'alice'),
  insertCode: (store, index) => store.codes.insert(sampleCode({ hash: `code-${index}` }), 'alice'),
  /** Exchanges codes 0 to `count`, all at once. */
  async exchange(store, count) {
    const exchanges = Array.from({ length: count }, (_, index) =>
      store.codes.exchange(`code-${index}`, sampleAuthorization({ id: `azn-${index}` }), 'alice', NOW),
    )
    return (await Promise.all(exchanges)).flatMap((hasWon, index) => (hasWon ? [index] : []))
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
      answers.push(await store.authorizations.advance(step, 'alice'))
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
