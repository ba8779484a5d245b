import { cutoffsAt, EVERY_KIND, purgeKind } from './purge-steps.ts'
import { authorize, MINUTE, NOW, sampleRefresh, sampleSession } from './samples.ts'
import type { Suite } from './suite.ts'

/** A time when all samples have expired. */
const LATER = NOW + 120 * MINUTE

const REFRESH = sampleRefresh({ expiresAt: LATER, accessExpiresAt: NOW + 30 * MINUTE })

/** How a purge walks through the rows. */
export function testPurgeSteps({ describe, test, expect }: Suite): void {
  describe('the steps of a purge', () => {
    const sessions = (count: number, expiresAt: number) =>
      Array.from({ length: count }, (_, index) =>
        sampleSession({ id: `${expiresAt}-${String(index).padStart(3, '0')}`, expiresAt }),
      )

    test('look at a limited number of rows, and reach every row', async (store) => {
      for (const session of [...sessions(10, NOW), ...sessions(5, LATER)])
        await store.sessions.insert(session, 'alice')
      expect(await store.purge.count('sessions')).toBe(15)
      const { count, steps } = await purgeKind(store, 'sessions', cutoffsAt(NOW), { limit: 4 })
      expect([count, steps > 2]).toEqual([10, true])
      expect(await store.purge.count('sessions')).toBe(5)
    })

    test('return for how long the last row could have been deleted', async (store) => {
      for (const minutes of [30, 20]) {
        const session = sampleSession({ id: `${minutes}`, expiresAt: NOW - minutes * MINUTE })
        await store.sessions.insert(session, 'alice')
      }
      const step = {
        kind: 'sessions',
        cutoffs: cutoffsAt(NOW),
        after: undefined,
        limit: 1,
        isDryRun: false,
      } as const
      const steps = [await store.purge.step(step), await store.purge.step(step)]
      expect(steps.map(({ count, delay }) => [count, delay / MINUTE])).toEqual([
        [1, 30],
        [1, 20],
      ])
    })

    test('count the same rows in a dry run, and delete none', async (store) => {
      for (const session of sessions(7, NOW)) await store.sessions.insert(session, 'alice')
      expect((await purgeKind(store, 'sessions', cutoffsAt(NOW), { isDryRun: true })).count).toBe(7)
      expect(await store.purge.count('sessions')).toBe(7)
      expect((await purgeKind(store, 'sessions', cutoffsAt(NOW))).count).toBe(7)
    })

    test('look at a row that was refreshed once, and again when it has expired', async (store) => {
      const due = NOW + 15 * MINUTE
      await authorize(store, { expiresAt: due })
      await store.authorizations.refresh(REFRESH)
      const countDue = (now: number) => store.purge.count('authorizations', cutoffsAt(now))
      expect([await countDue(due - 1), await countDue(due)]).toEqual([0, 1])
      expect((await purgeKind(store, 'authorizations', cutoffsAt(due))).count).toBe(0)
      expect([await countDue(LATER - 1), await countDue(LATER)]).toEqual([0, 1])
      expect((await purgeKind(store, 'authorizations', cutoffsAt(LATER))).count).toBe(1)
    })

    test('end immediately if the table is empty', async (store) => {
      for (const kind of EVERY_KIND) {
        expect(await store.purge.count(kind)).toBe(0)
        expect(await purgeKind(store, kind, cutoffsAt(NOW))).toEqual({ count: 0, steps: 1 })
      }
    })

    test('delete each row once in parallel purges', async (store) => {
      for (const session of sessions(20, NOW)) await store.sessions.insert(session, 'alice')
      const purges = Array.from({ length: 4 }, () => purgeKind(store, 'sessions', cutoffsAt(NOW)))
      const counts = await Promise.all(purges)
      expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(20)
      expect(await store.purge.count('sessions')).toBe(0)
    })

    test('never delete an authorization that is refreshed meanwhile', async (store) => {
      await authorize(store, { expiresAt: NOW + 15 * MINUTE })
      const [refreshed] = await Promise.all([
        store.authorizations.refresh(REFRESH),
        purgeKind(store, 'authorizations', cutoffsAt(NOW + 15 * MINUTE)),
      ])
      expect((await store.authorizations.find('azn')) !== undefined).toBe(refreshed !== undefined)
    })
  })
}
