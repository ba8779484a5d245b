import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { CONSENT_LIFETIME } from '../model/signed-state.ts'
import type { PurgeCutoffs, PurgeKind, PurgeStore } from '../store/purge.ts'

/** How far a purge has come. */
export interface PurgeProgress {
  /** How many rows it has looked at, of how many there were when it began. */
  readonly done: number
  readonly total: number
  readonly counts: PurgeCounts
}

/** How many rows were deleted, or would be in a dry run, by kind. */
export type PurgeCounts = Readonly<Record<PurgeKind, number>>

/** What a purge has done. */
export interface PurgeReport {
  readonly counts: PurgeCounts
  /** False where it was interrupted: what was done by then is done. */
  readonly isComplete: boolean
}

/** What a purge is to do. */
export interface PurgeOptions {
  /** What ended less than this many hours ago is kept; default 168, a week. Audit entries have a time of their own. */
  readonly hours?: number
  /** What was revoked, spent or voided. Neither this nor `expired`: both. */
  readonly revoked?: boolean
  /** What expired; audit entries are part of it. */
  readonly expired?: boolean
  /** Only counts. */
  readonly dryRun?: boolean
  /** Ends it between two batches. */
  readonly signal?: AbortSignal
  /** Called after each batch. Without it, rows are not counted beforehand. */
  readonly onProgress?: (progress: PurgeProgress) => void
}

/** Where a purge works. */
export interface PurgeContext {
  readonly store: PurgeStore
  readonly clock: Clock
  readonly auditRetention: number
}

const DEFAULT_HOURS = 168
/** How many rows a batch looks at. */
const BATCH = 500
/** The least (ms) between two batches; the pause is as long as the batch took, for all who wait for the database. */
const SHORTEST_PAUSE = 5
/** About 300 MB of audit entries: a flood of bad requests shall not fill the disk. */
const MOST_AUDIT_ENTRIES = 1_000_000

const REVOCABLE: readonly PurgeKind[] = ['codes', 'deviceCodes', 'authorizations', 'sessions']
const EVERY_KIND: readonly PurgeKind[] = [...REVOCABLE, 'revocations', 'audit']
const NONE: PurgeCounts = {
  codes: 0,
  deviceCodes: 0,
  authorizations: 0,
  sessions: 0,
  revocations: 0,
  audit: 0,
}

/**
 * Deletes what has ended and what nothing alive depends on, in small batches; never clients, people or consents.
 *
 * @throws ConfigError where `hours` is no number from 0
 */
export async function purge(place: PurgeContext, options: PurgeOptions = {}): Promise<PurgeReport> {
  const { hours = DEFAULT_HOURS, revoked = false, expired = false } = options
  if (!Number.isFinite(hours) || hours < 0)
    throw new ConfigError([{ path: 'hours', message: 'must be a number from 0' }])
  const isBoth = revoked === expired
  const until = Math.floor(place.clock.now() - hours * 3_600_000)
  const cutoffs = cutoffsOf(place, revoked || isBoth ? until : 0, expired || isBoth ? until : 0)
  return walk(place.store, cutoffs, revoked && !expired ? REVOCABLE : EVERY_KIND, options)
}

/** Deletes audit entries that were kept for long enough, and the oldest of too many. */
export const trimAudit = (place: PurgeContext, signal: AbortSignal): Promise<PurgeReport> =>
  walk(place.store, cutoffsOf(place, 0, 0), ['audit'], { signal })

const cutoffsOf = (
  { clock, auditRetention }: PurgeContext,
  revokedUntil: number,
  expiredUntil: number,
): PurgeCutoffs => ({
  now: clock.now(),
  revokedUntil,
  expiredUntil,
  auditUntil: clock.now() - auditRetention,
  maxAuditEntries: MOST_AUDIT_ENTRIES,
})

/** An authorization code is kept as long as the form that gave it may come back, whatever is asked for. */
function cutoffsFor(kind: PurgeKind, cutoffs: PurgeCutoffs): PurgeCutoffs {
  return kind === 'codes' ? { ...cutoffs, now: cutoffs.now - CONSENT_LIFETIME } : cutoffs
}

async function walk(
  store: PurgeStore,
  cutoffs: PurgeCutoffs,
  kinds: readonly PurgeKind[],
  { dryRun: isDryRun = false, signal, onProgress }: PurgeOptions,
): Promise<PurgeReport> {
  const sizes = onProgress ? await sizesOf(store, kinds) : NONE
  const total = sum(Object.values(sizes))
  const counts = { ...NONE }
  let done = 0
  for (const kind of kinds) {
    const end = done + sizes[kind]
    let after: string | undefined
    do {
      if (signal?.aborted) return { counts, isComplete: false }
      const begunAt = performance.now()
      const step = await store.step({
        kind,
        cutoffs: cutoffsFor(kind, cutoffs),
        after,
        limit: BATCH,
        isDryRun,
      })
      after = step.next
      counts[kind] += step.count
      done = after === undefined ? end : Math.min(done + BATCH, end)
      onProgress?.({ done, total, counts: { ...counts } })
      if (after !== undefined) await sleep(Math.max(SHORTEST_PAUSE, performance.now() - begunAt))
    } while (after !== undefined)
  }
  return { counts, isComplete: true }
}

async function sizesOf(store: PurgeStore, kinds: readonly PurgeKind[]): Promise<PurgeCounts> {
  const sizes = await Promise.all(kinds.map(async (kind) => [kind, await store.count(kind)] as const))
  return { ...NONE, ...Object.fromEntries(sizes) }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((left, right) => left + right, 0)
