import type { Store } from '../../store/contract.ts'
import type { AttemptResult, DeliveryClaim } from '../../store/webhooks.ts'
import { cutoffsAt, purgeKind } from './purge-steps.ts'
import { MINUTE, NOW } from './samples.ts'
import type { Suite } from './suite.ts'
import { messagesIn, sampleDelivery } from './webhook-recording.ts'

const claimOf = (changes: Partial<DeliveryClaim> = {}): DeliveryClaim => ({
  endpointId: 'crm',
  now: NOW,
  until: NOW + MINUTE,
  limit: 10,
  claimId: 'one',
  ...changes,
})

const resultOf = (changes: Partial<AttemptResult> = {}): AttemptResult => ({
  state: 'delivered',
  at: NOW,
  dueAt: NOW,
  status: 204,
  failure: null,
  ...changes,
})

export function testWebhooks(suite: Suite): void {
  testClaims(suite)
  testReplays(suite)
  testWebhookPurge(suite)
}

function testClaims({ describe, test, expect }: Suite): void {
  describe('the outbox of webhooks', () => {
    test('returns a due message to one of several claims, until its time is over', async (store) => {
      await store.webhooks.insert([sampleDelivery(), sampleDelivery({ endpointId: 'other' })])
      expect(await store.webhooks.claim(claimOf({ now: NOW - 1 }))).toEqual([])
      const claims = await Promise.all(
        ['a', 'b', 'c'].map((claimId) => store.webhooks.claim(claimOf({ claimId }))),
      )
      const [claimed, ...others] = claims.flat()
      expect(others).toEqual([])
      expect(claimed).toEqual({
        ...sampleDelivery(),
        id: claimed?.id,
        state: 'pending',
        attempts: 1,
        dueAt: NOW + MINUTE,
        finishedAt: null,
        status: null,
        failure: null,
      })
      expect(await store.webhooks.claim(claimOf({ now: NOW + MINUTE - 1 }))).toEqual([])
      expect((await store.webhooks.claim(claimOf({ now: NOW + MINUTE }))).map((row) => row.attempts)).toEqual(
        [2],
      )
    })

    test('returns the longest due messages first, at most as many as are asked for', async (store) => {
      const createdAt = [NOW - 1, NOW - 3, NOW - 2]
      await store.webhooks.insert(createdAt.map((at) => sampleDelivery({ createdAt: at })))
      const claimed = await store.webhooks.claim(claimOf({ limit: 2 }))
      expect(claimed.map((row) => row.createdAt)).toEqual([NOW - 3, NOW - 2])
    })

    test('accepts the result of the last claim only', async (store) => {
      await store.webhooks.insert([sampleDelivery()])
      const [first] = await store.webhooks.claim(claimOf())
      const id = first?.id ?? 0
      await store.webhooks.claim(claimOf({ now: NOW + MINUTE, until: NOW + 2 * MINUTE, claimId: 'two' }))
      expect(await store.webhooks.settle(id, 'one', resultOf())).toBe(false)
      const retry = resultOf({ state: 'pending', dueAt: NOW + 5 * MINUTE, status: 500, failure: 'HTTP 500' })
      expect(await store.webhooks.settle(id, 'two', retry)).toBe(true)
      const { attempts, state, dueAt, finishedAt, status, failure } = (await store.webhooks.find(id)) ?? {}
      expect([attempts, state, dueAt, finishedAt, status, failure]).toEqual([
        2,
        'pending',
        NOW + 5 * MINUTE,
        null,
        500,
        'HTTP 500',
      ])
      expect(await store.webhooks.claim(claimOf({ now: NOW + 5 * MINUTE - 1 }))).toEqual([])
      await store.webhooks.claim(claimOf({ now: NOW + 5 * MINUTE, claimId: 'three' }))
      expect(await store.webhooks.settle(id, 'three', resultOf({ at: NOW + 6 * MINUTE }))).toBe(true)
      expect(await store.webhooks.settle(id, 'three', resultOf())).toBe(false)
      expect((await store.webhooks.find(id))?.finishedAt).toBe(NOW + 6 * MINUTE)
    })
  })
}

/** Inserts a delivered, a failed and a pending message, in this order. */
async function insertEach({ webhooks }: Store): Promise<readonly [number, number, number]> {
  for (const [messageId, state] of [
    ['delivered', 'delivered'],
    ['failed', 'failed'],
  ] as const) {
    await webhooks.insert([sampleDelivery({ messageId })])
    const [claimed] = await webhooks.claim(claimOf({ claimId: messageId }))
    const failure = state === 'failed' ? 'HTTP 500' : null
    await webhooks.settle(claimed?.id ?? 0, messageId, resultOf({ state, failure }))
  }
  await webhooks.insert([sampleDelivery({ messageId: 'pending' })])
  const [pending, failed, delivered] = await webhooks.list({ limit: 3 })
  return [delivered?.id ?? 0, failed?.id ?? 0, pending?.id ?? 0]
}

function testReplays({ describe, test, expect }: Suite): void {
  describe('messages of webhooks', () => {
    test('are listed by endpoint, state and time, newest first, and counted', async (store) => {
      const [, failed] = await insertEach(store)
      await store.webhooks.insert([
        sampleDelivery({ endpointId: 'other', messageId: 'late', createdAt: NOW + 5 }),
      ])
      const list = async (options: object) =>
        (await store.webhooks.list({ limit: 9, ...options })).map(({ messageId }) => messageId)
      expect(await list({})).toEqual(['late', 'pending', 'failed', 'delivered'])
      expect(await list({ endpointId: 'crm', state: 'failed' })).toEqual(['failed'])
      expect(await list({ since: NOW + 1 })).toEqual(['late'])
      const [newest] = await store.webhooks.list({ limit: 1 })
      expect(await list({ before: newest?.id, limit: 1 })).toEqual(['pending'])
      const summaries = (await store.webhooks.summarize()).toSorted((a, b) => b.delivered - a.delivered)
      expect(summaries).toEqual([
        { endpointId: 'crm', pending: 1, delivered: 1, failed: 1, lastFailureId: failed },
        { endpointId: 'other', pending: 1, delivered: 0, failed: 0, lastFailureId: null },
      ])
    })

    test('are replayed one by one, unless they are pending', async (store) => {
      const [delivered, failed, pending] = await insertEach(store)
      const replay = (id: number) => store.webhooks.replay(id, NOW + MINUTE)
      expect([await replay(delivered), await replay(failed)]).toEqual([true, true])
      expect([await replay(pending), await replay(failed), await replay(12_345)]).toEqual([
        false,
        false,
        false,
      ])
      const { state, attempts, dueAt, finishedAt } = (await store.webhooks.find(failed)) ?? {}
      expect([state, attempts, dueAt, finishedAt]).toEqual(['pending', 0, NOW + MINUTE, null])
    })

    test('are replayed together if they failed', async (store) => {
      const [delivered, failed] = await insertEach(store)
      const replay = (endpointId: string | undefined, since: number) =>
        store.webhooks.replayFailed({ endpointId, since }, NOW)
      expect([await replay('other', 0), await replay('crm', NOW + 1), await replay(undefined, NOW)]).toEqual([
        0, 0, 1,
      ])
      expect((await store.webhooks.find(failed))?.state).toBe('pending')
      expect((await store.webhooks.find(delivered))?.state).toBe('delivered')
    })

    test('are not sent to a disabled endpoint, which is remembered until it is enabled', async (store) => {
      const entry = { endpointId: 'crm', url: 'https://crm.example/hooks', disabledAt: NOW }
      await store.webhooks.disable({ ...entry, disabledAt: 1 })
      await store.webhooks.disable(entry)
      expect(await store.webhooks.listDisabled()).toEqual([entry])
      expect([await store.webhooks.enable('crm'), await store.webhooks.enable('crm')]).toEqual([true, false])
      expect(await store.webhooks.listDisabled()).toEqual([])
    })
  })
}

function testWebhookPurge({ describe, test, expect }: Suite): void {
  describe('a purge of webhook messages', () => {
    test('deletes each state by its own cutoff', async (store) => {
      const [delivered, failed, pending] = await insertEach(store)
      const none = { deliveredUntil: 0, failedUntil: 0 }
      const purge = async (changes: object) =>
        (await purgeKind(store, 'webhookDeliveries', cutoffsAt(NOW, { ...none, ...changes }))).count
      expect(await purge({ deliveredUntil: NOW - 1, failedUntil: NOW - 1 })).toBe(0)
      expect(await purge({ deliveredUntil: NOW })).toBe(1)
      expect(await store.webhooks.find(delivered)).toBe(undefined)
      expect((await store.webhooks.find(failed))?.id).toBe(failed)
      await store.webhooks.claim(claimOf())
      expect(await purge({ failedUntil: NOW })).toBe(1)
      expect((await store.webhooks.find(pending))?.id).toBe(pending)
      expect(await purge({ failedUntil: NOW + MINUTE })).toBe(1)
    })

    test('keeps no more than the maximum, whatever their state', async (store) => {
      await insertEach(store)
      const cutoffs = cutoffsAt(NOW, { deliveredUntil: 0, failedUntil: 0, maxDeliveries: 2 })
      await purgeKind(store, 'webhookDeliveries', cutoffs)
      expect(await messagesIn(store)).toEqual(['pending', 'failed'])
    })
  })
}
