import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createEvents } from '../../src/events.ts'
import { startMaintenance } from '../../src/jobs/maintenance.ts'
import { purge } from '../../src/jobs/purge.ts'
import { silentLogger } from '../../src/index.ts'
import type { LeaseStore } from '../../src/store/leases.ts'
import type { PurgeStep, PurgeStepResult, PurgeStore } from '../../src/store/purge.ts'
import { sqlite } from '../../src/store/sqlite.ts'

const HOUR = 3_600_000

const NOTHING: PurgeStepResult = { count: 0, next: undefined, delay: 0, duration: 1 }

/** A store that never runs out of rows. It records each step. */
function createEndlessStore(work: () => Promise<unknown> = nextTurn, result: Partial<PurgeStepResult> = {}) {
  const steps: PurgeStep[] = []
  const store: PurgeStore = {
    stepSize: { time: 1, least: 8 },
    count: async () => 1,
    async step(step) {
      steps.push(step)
      await work()
      return { ...NOTHING, count: 1, next: 'more', ...result }
    },
  }
  return { steps, store }
}

async function openLeases(): Promise<LeaseStore> {
  const database = sqlite(':memory:')
  await database.migrate()
  onTestFinished(database.close)
  return database.leases
}

interface StartOptions {
  readonly purgeInterval?: number
  readonly auditRetention?: number
  readonly leases?: LeaseStore
  readonly nodeId?: string
}

async function start(store: PurgeStore, options: StartOptions) {
  const leases = options.leases ?? (await openLeases())
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  return startMaintenance({
    store,
    leases,
    nodeId: 'first',
    clock: { now: () => 10 * HOUR },
    logger: silentLogger,
    events: createEvents(silentLogger),
    purgeInterval: 0,
    auditRetention: 0,
    webhookRetention: { delivered: 0, failed: 0 },
    ...options,
  })
}

/** Moves the fake time (ms) in small steps. The store writes at the end of a real turn of the event loop. */
async function advance(duration: number): Promise<void> {
  for (let rest = duration; rest > 0; rest -= 10_000) {
    await vi.advanceTimersByTimeAsync(Math.min(rest, 10_000))
    for (let turn = 0; turn < 3; turn += 1) await nextTurn()
  }
}

test('the audit log is trimmed about every minute, even if purging is manual', async () => {
  const { steps, store } = createEndlessStore()
  const maintenance = await start(store, { auditRetention: HOUR })
  await advance(44_000)
  expect(steps).toEqual([])
  await advance(32_000)
  expect(steps[0]).toMatchObject({
    kind: 'audit',
    cutoffs: { auditUntil: 9 * HOUR, maxAuditEntries: 1_000_000, revokedUntil: 0, expiredUntil: 0 },
  })
  await maintenance.close()
})

test('with both turned off, nothing runs', async () => {
  const { steps, store } = createEndlessStore()
  const maintenance = await start(store, {})
  await advance(10 * HOUR)
  expect(steps).toEqual([])
  await maintenance.close()
})

test('close waits for the batch in progress, and starts no other', async () => {
  const batch = Promise.withResolvers<void>()
  const { steps, store } = createEndlessStore(() => batch.promise)
  const maintenance = await start(store, { purgeInterval: HOUR })
  await advance(1.3 * HOUR)
  expect(steps).toHaveLength(1)
  let isClosed = false
  const closing = maintenance.close().then(() => (isClosed = true))
  await nextTurn()
  expect(isClosed).toBe(false)
  batch.resolve()
  await advance(10 * HOUR)
  await closing
  expect(steps).toHaveLength(1)
})

/** A store with `size` steps of codes, and none of anything else. */
function createCountedStore(size: number) {
  const steps: string[] = []
  const store: PurgeStore = {
    stepSize: { time: 1, least: 8 },
    count: async () => size,
    async step({ kind, after }) {
      if (kind !== 'codes') return NOTHING
      const next = Number(after ?? 0) + 1
      steps.push(`${kind} ${next}`)
      return { ...NOTHING, count: 1, next: next < size ? String(next) : undefined }
    },
  }
  return { steps, store }
}

test('of two nodes, one purges in each interval', async () => {
  const leases = await openLeases()
  const nodes = [createCountedStore(1), createCountedStore(1)]
  for (const [index, { store }] of nodes.entries())
    await start(store, { leases, nodeId: `node-${index}`, purgeInterval: HOUR })
  await advance(20 * HOUR)
  const count = nodes.flatMap(({ steps }) => steps).length
  expect(count).toBeGreaterThanOrEqual(14)
  expect(count).toBeLessThanOrEqual(26)
})

test('a purge that was stopped is continued by another node within two minutes, where it was', async () => {
  const leases = await openLeases()
  const [first, second] = [createCountedStore(1_000), createCountedStore(1_000)]
  const maintenance = await start(first.store, { leases, nodeId: 'first', purgeInterval: HOUR })
  while (first.steps.length < 10) await advance(100)
  const closing = maintenance.close()
  await advance(1_000)
  await closing
  await start(second.store, { leases, nodeId: 'second', purgeInterval: HOUR })
  await advance(120_000)
  const [last = '', next = ''] = [first.steps.at(-1), second.steps[0]]
  expect(Number(next.split(' ')[1])).toBe(Number(last.split(' ')[1]) + 1)
})

/** Returns the shortest pause (ms) of a purge whose batches take 10 ms each, and whose rows are late. */
async function shortestPause(delay: number): Promise<number> {
  const abort = new AbortController()
  const times: number[] = []
  const { store } = createEndlessStore(
    async () => {
      if (times.push(performance.now()) === 6) abort.abort()
    },
    { duration: 10, delay },
  )
  const context = {
    store,
    clock: { now: () => 0 },
    events: createEvents(silentLogger),
    auditRetention: 0,
    webhookRetention: { delivered: 0, failed: 0 },
  }
  expect(await purge(context, { signal: abort.signal })).toMatchObject({ isComplete: false })
  return Math.min(...times.slice(1).map((time, index) => time - (times[index] ?? 0)))
}

test('a purge pauses ten times as long as a batch took, and less if its rows are hours late', async () => {
  const [usual, late] = [await shortestPause(HOUR), await shortestPause(3 * HOUR)]
  expect(usual).toBeGreaterThan(100)
  expect(late).toBeLessThan(usual)
})
