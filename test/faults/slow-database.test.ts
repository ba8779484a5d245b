import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { StoreUnavailableError } from '../../src/errors.ts'
import { countDatabaseWait, limitDatabaseWait } from '../../src/lib/database-wait.ts'
import { openStore } from '../../src/store/url.ts'
import { mysql } from '../../src/store/mysql.ts'
import { postgres } from '../../src/store/postgres.ts'
import { NOW } from '../../src/testing/store/samples.ts'
import { openBrowser } from '../support/browser.ts'
import { DATABASES } from '../support/databases.ts'
import { isInSample } from '../support/dose.ts'
import { getCode, requestToken } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { startProxy } from './databases/proxy.ts'

const SERVERS = DATABASES.flatMap((database) => {
  if (database.name === 'SQLite') return []
  return [{ ...database, openStore: database.name === 'PostgreSQL' ? postgres : mysql }]
})

/** How long (ms) each answer takes: less than a query may, but not less than all queries of a transaction. */
const DELAY = 800

/** Creates a database, and a URL that reaches it through a proxy. */
async function openBehindProxy(open: (typeof SERVERS)[number]['open']) {
  const { url, drop } = await open()
  const proxy = await startProxy(Number(new URL(url).port))
  return {
    url,
    slow: Object.assign(new URL(url), { port: String(proxy.port) }).href,
    proxy,
    drop: async () => {
      await proxy.close()
      await drop()
    },
  }
}

const AVAILABLE = SERVERS.filter(({ isAvailable }) => isAvailable)

for (const server of SERVERS) {
  const { name, isAvailable, open, openStore: openWith } = server
  const isChosen = (row: number): boolean => isInSample(row, AVAILABLE.indexOf(server), AVAILABLE.length)
  describe.runIf(isAvailable)(`${name} that is slow`, () => {
    test.runIf(isChosen(0))(
      'ends a transaction a second after `busyTimeout`, undoes it, and closes its connection',
      async () => {
        const { url, slow, proxy, drop } = await openBehindProxy(open)
        const [store, other] = [openWith({ url: slow, busyTimeout: 1_000 }), openStore(url)]
        onTestFinished(async () => {
          await Promise.all([store.close(), other.close()])
          await drop()
        })
        const issuer = { kind: 'issuer' } as const
        await store.revocations.revoke(issuer, NOW)
        const newest = async () => (await other.revocations.listSince(0, NOW, 100)).at(-1)?.id ?? 0
        const before = await newest()
        proxy.delayAnswers(DELAY)
        const answered = proxy.answers
        await expect(store.revocations.revoke(issuer, NOW)).rejects.toThrow(StoreUnavailableError)
        // Within two seconds, the second answer arrives, and the next query is sent.
        expect(proxy.answers - answered).toBeLessThanOrEqual(3)
        proxy.delayAnswers(0)
        expect(await newest()).toBe(before)
        await store.revocations.revoke(issuer, NOW)
        expect(await newest()).toBeGreaterThan(before)
      },
    )

    test.runIf(isChosen(1))(
      'is 503 for a request within the time of one call, however many it makes, and spends no code',
      async () => {
        const { slow, proxy, drop } = await openBehindProxy(open)
        const server = await startServer({ store: openWith({ url: slow, busyTimeout: 2_000 }) })
        onTestFinished(async () => {
          await server.close()
          await drop()
        })
        const [user, client] = [await server.addUser(), await server.addClient()]
        const { exchange } = await getCode({ server, browser: openBrowser(server), client, user })
        // One call is in time, but afterwards an answer to the exchange might be too late.
        proxy.delayAnswers(1_800)
        const refused = await requestToken(server, client, exchange)
        expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
        proxy.delayAnswers(0)
        const { body } = await requestToken(server, client, exchange)
        expect(body).toHaveProperty('access_token')
      },
    )
  })
}

for (const { name, isAvailable, open } of DATABASES) {
  test.runIf(isAvailable)(`a request that has no time left makes no more calls to ${name}`, async () => {
    const { store, drop } = await open()
    onTestFinished(drop)
    const countClients = async () => (await store.clients.list()).length
    await limitDatabaseWait(1, async () => {
      await countDatabaseWait(() => sleep(5))
      await expect(countClients()).rejects.toThrow(StoreUnavailableError)
    })
    expect(await countClients()).toBe(0)
  })
}
