import { describe, expect, onTestFinished, test } from 'vitest'
import { StoreUnavailableError } from '../../src/errors.ts'
import { openStore } from '../../src/store/url.ts'
import { mysql } from '../../src/store/mysql.ts'
import { postgres } from '../../src/store/postgres.ts'
import { NOW } from '../../src/testing/store/samples.ts'
import { DATABASES } from '../support/databases.ts'
import { startProxy } from './databases/proxy.ts'

const SERVERS = DATABASES.flatMap((database) => {
  if (database.name === 'SQLite') return []
  return [{ ...database, openStore: database.name === 'PostgreSQL' ? postgres : mysql }]
})

/** How long (ms) each answer takes: less than a query may, but not less than all queries of a transaction. */
const DELAY = 800

for (const { name, isAvailable, open, openStore: openWith } of SERVERS) {
  describe.runIf(isAvailable)(`${name} that is slow`, () => {
    test('ends a transaction a second after `busyTimeout`, undoes it, and closes its connection', async () => {
      const { url, drop } = await open()
      const proxy = await startProxy(Number(new URL(url).port))
      const slow = Object.assign(new URL(url), { port: String(proxy.port) }).href
      const [store, other] = [openWith({ url: slow, busyTimeout: 1_000 }), openStore(url)]
      onTestFinished(async () => {
        await Promise.all([store.close(), other.close()])
        await proxy.close()
        await drop()
      })
      const issuer = { kind: 'issuer' } as const
      await store.revocations.revoke(issuer, NOW)
      const newest = async () => (await other.revocations.listSince(0, NOW, 100)).at(-1)?.id ?? 0
      const before = await newest()
      proxy.delayAnswers(DELAY)
      const begin = performance.now()
      await expect(store.revocations.revoke(issuer, NOW)).rejects.toThrow(StoreUnavailableError)
      expect(performance.now() - begin).toBeLessThan(2_000 + DELAY)
      proxy.delayAnswers(0)
      expect(await newest()).toBe(before)
      await store.revocations.revoke(issuer, NOW)
      expect(await newest()).toBeGreaterThan(before)
    })
  })
}
