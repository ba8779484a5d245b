import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { secretsFromStore, silentLogger } from '../../src/index.ts'
import type { Services } from '../../src/endpoints/services.ts'
import { createKeySet } from '../../src/keys/key-set.ts'
import { countDatabaseWait, limitDatabaseWait } from '../../src/lib/database-wait.ts'
import { randomBase64url } from '../../src/lib/hash.ts'
import { openServer } from '../../src/server.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { ALICE, NOW, sampleAuthorization, signIn } from '../../src/testing/store/samples.ts'
import { commonConfig, type TestConfig } from '../support/config.ts'
import { createSecrets } from '../support/secrets.ts'

const SECRET = `whsec_${'a'.repeat(32)}`

/** The configuration of a server that shares as much work between requests as it can. */
const configuration = (): TestConfig => ({
  ...commonConfig(),
  issuer: 'https://id.example.com',
  store: sqlite(':memory:'),
  secrets: secretsFromStore({ sealingSecret: randomBase64url(32) }),
  webhooks: {
    pollInterval: '1h',
    // Nothing listens there.
    endpoints: [
      {
        id: 'crm',
        url: 'http://127.0.0.1:9/',
        secret: SECRET,
        events: ['keys.changed', 'revocation.written'],
      },
    ],
  },
  passwordReset: { send: record },
  logger: silentLogger,
})

const limits: number[] = []

/** Records the limit of a call to the database that is made here. */
const record = (): Promise<void> => countDatabaseWait(async (limit) => void limits.push(limit))

async function start() {
  const config = configuration()
  const { server, start: startServices } = openServer(config)
  onTestFinished(server.close)
  const services = await startServices()
  // It looks for webhooks once when it starts.
  await nextTurn()
  return { server, services, store: config.store }
}

/** A request that lasts until the test ends, and may wait for the database for `limit` milliseconds. */
function openRequest(limit: number): { run<Result>(work: () => Result): Result } {
  const { promise: end, resolve } = Promise.withResolvers<void>()
  onTestFinished(() => resolve())
  let run = AsyncLocalStorage.snapshot()
  void limitDatabaseWait(limit, () => {
    run = AsyncLocalStorage.snapshot()
    return end
  })
  return { run: (work) => run(work) }
}

/** A request that has no time left. */
async function openLateRequest() {
  const late = openRequest(1)
  await late.run(() => countDatabaseWait(() => sleep(5)))
  return late
}

interface SharedWork {
  readonly name: string
  /** Prepares it. Returns what a request calls. */
  readonly prepare: () => Promise<() => Promise<unknown>>
  /** Returns what came of a call. Default: what it resolves to. */
  readonly outcome?: () => Promise<unknown>
  readonly expected: unknown
  /** Whether a request that waits for it waits for its own database. */
  readonly isDatabaseWait?: false
}

const ADDRESS = '192.0.2.1'

function writeToOutbox(): SharedWork {
  let parts: Awaited<ReturnType<typeof start>> | undefined
  return {
    name: 'a write to the outbox of webhooks',
    prepare: async () => {
      parts = await start()
      const { outbox, events } = parts.services
      return async () => {
        events.emit('keys.changed', { requestId: null, kid: 'k1', secretId: 's1' })
        await outbox?.settled()
      }
    },
    outcome: async () => (await parts?.store.webhooks.list({ limit: 10 }))?.length,
    expected: 2,
  }
}

const SHARED: readonly SharedWork[] = [
  {
    name: 'the start of a server',
    prepare: async () => {
      const { server } = openServer(configuration())
      onTestFinished(server.close)
      return server.ready
    },
    expected: undefined,
    isDatabaseWait: false,
  },
  {
    name: 'a health check',
    prepare: async () => {
      const { server } = await start()
      return async () => (await server.health()).isReady
    },
    expected: true,
    isDatabaseWait: false,
  },
  {
    name: 'a read of the revocation feed',
    prepare: async () => (await start()).services.feed.sync,
    expected: undefined,
  },
  {
    name: 'a check whether the keys have changed',
    prepare: async () => {
      const { services } = await start()
      const token = (await createKeySet(createSecrets())).sign('at+jwt', {})
      return () => services.keys.verify(token, 'at+jwt')
    },
    expected: undefined,
  },
  {
    name: 'an exchange of failed attempts with other nodes',
    prepare: async () => {
      const { throttle } = (await start()).services
      const target = { address: ADDRESS, account: 'alice' }
      await throttle.fail(target)
      const attempts = await Promise.all([throttle.attempt(target), throttle.attempt(target)])
      return async () => {
        const attempt = attempts.pop()
        return attempt?.blocked ? 'blocked' : attempt?.confirm()
      }
    },
    expected: undefined,
  },
  {
    name: 'a write to the audit log',
    prepare: async () => {
      const { audit, events } = (await start()).services
      events.emit('sign-in.throttled', {
        requestId: 'r1',
        provider: 'users',
        address: ADDRESS,
        retryAfter: 1,
      })
      return async () => (await audit.find('r1')).length
    },
    expected: 1,
  },
  writeToOutbox(),
]

describe('a request that has no time left does not fail others that share', () => {
  test.each(SHARED)('$name', async ({ prepare, outcome, expected }) => {
    const call = await prepare()
    const [late, early] = [await openLateRequest(), openRequest(60_000)]
    const [, result] = await Promise.all([late.run(call).catch(() => undefined), early.run(call)])
    expect(outcome ? await outcome() : result).toEqual(expected)
  })
})

describe('a request uses up its own time while it waits for', () => {
  test.each(SHARED.filter(({ isDatabaseWait = true }) => isDatabaseWait))('$name', async ({ prepare }) => {
    const [call, request] = [await prepare(), openRequest(60_000)]
    await request.run(call)
    expect(await request.run(() => countDatabaseWait(async (limit) => limit))).toBeLessThan(60_000)
  })
})

/** Records the limits of the calls of a method of the store. */
function recordCalls<Part extends object>(part: Part, method: keyof Part & string): void {
  const original = part[method] as (...given: unknown[]) => Promise<unknown>
  vi.spyOn(part, method as never).mockImplementation((async (...given: unknown[]) => {
    await record()
    return original(...given)
  }) as never)
}

type Act = (services: Services) => void | Promise<unknown>

describe('work that a request starts, but does not wait for, has no limit of the request', () => {
  test.each<readonly [string, (parts: Awaited<ReturnType<typeof start>>) => Promise<Act> | Act]>([
    [
      'a listener of an event',
      ({ server }) => {
        server.on('keys.changed', record)
        return ({ events }) => events.emit('keys.changed', { requestId: null, kid: 'k1', secretId: 's1' })
      },
    ],
    [
      'the delivery of webhooks',
      ({ store }) => {
        recordCalls(store.webhooks, 'claim')
        return ({ revoker }) => revoker.revoke({ kind: 'issuer' }, { by: 'server', reason: 'replay' })
      },
    ],
    [
      'the lookup of the user of a personal access token',
      async ({ store }) => {
        await signIn(store)
        await store.authorizations.insert(sampleAuthorization({ name: 'Backup' }), 'alice')
        recordCalls(store.authorizations, 'find')
        return ({ ownerCheck }) => ownerCheck.check('azn')
      },
    ],
    [
      'the message with a link to reset a password',
      async ({ store }) => {
        const email = 'alice@example.com'
        const user = { id: ALICE.userId, email, name: 'Alice', passwordHash: 'none' }
        await store.users.insert({ ...user, createdAt: NOW, disabledAt: null })
        return ({ passwordResets }) =>
          passwordResets.request({
            provider: 'users',
            username: email,
            address: ADDRESS,
            device: undefined,
            language: 'en',
            requestId: 'r1',
          })
      },
    ],
  ])('%s', async (_, prepare) => {
    const parts = await start()
    const act = await prepare(parts)
    limits.length = 0
    await openRequest(60_000).run(() => act(parts.services))
    await expect.poll(() => limits).toEqual([Number.POSITIVE_INFINITY])
  })
})
