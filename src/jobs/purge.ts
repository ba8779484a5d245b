import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigError } from '../errors.ts'
import type { WebhookRetention } from '../config/webhooks.ts'
import type { Events } from '../events.ts'
import { EXPIRY_MARGIN, type Clock } from '../lib/clock.ts'
import { CONSENT_LIFETIME } from '../model/signed-state.ts'
import type { PurgeKind } from '../model/purge-kind.ts'
import type { PurgeCutoffs, PurgeStore } from '../store/purge.ts'
import { createPurgePace } from './purge-pace.ts'

/** The progress of a purge. */
export interface PurgeProgress {
  /** How many rows were examined. */
  readonly done: number
  /** How many rows there were to examine at the start. */
  readonly total: number
  readonly counts: PurgeCounts
}

/** The number of deleted rows by kind, or in a dry run, of rows to delete. */
export type PurgeCounts = Readonly<Record<PurgeKind, number>>

/** The result of a purge. */
export interface PurgeReport {
  readonly counts: PurgeCounts
  /** False if its signal aborted the purge. Run it again for the rest. */
  readonly isComplete: boolean
}

/** The options of a purge. With neither `revoked` nor `expired`, both are purged. */
export interface PurgeOptions {
  /**
   * Keeps rows that expired or were revoked less than this many hours ago. Default 168, a week. Audit entries are kept for
   * `audit.keep` instead, and webhook deliveries for `webhooks.keep` and `webhooks.keepFailed`.
   */
  readonly hours?: number
  /** Purges revoked rows, and used codes and password resets. */
  readonly revoked?: boolean
  /** Purges expired rows, audit entries and webhook deliveries included. */
  readonly expired?: boolean
  /** Counts without deleting. Default false. */
  readonly dryRun?: boolean
  /** Stops the purge after the current batch. */
  readonly signal?: AbortSignal
  /** Called after each batch. Counts the rows to examine first. */
  readonly onProgress?: (progress: PurgeProgress) => void
}

/** How a purge continues another one, and how it can be continued. */
export interface PurgeCourse {
  /** The position where an earlier purge stopped; null to start at the beginning. */
  readonly from: string | null
  /** Called before each batch, with its position. The purge stops if it resolves to false. */
  readonly mayContinue: (position: string) => Promise<boolean>
}

/** The dependencies of a purge. */
export interface PurgeContext {
  readonly store: PurgeStore
  readonly clock: Clock
  /** Milliseconds. */
  readonly auditRetention: number
  /** Receives `purge.completed`. */
  readonly events: Pick<Events, 'emit'>
  readonly webhookRetention: WebhookRetention
  /** Returns the share of time, from 0 to 1, in which requests kept the server busy since the last call. */
  readonly load?: () => number
}

const DEFAULT_HOURS = 168
/** The load of a server of which nothing is known. */
const MEDIUM_LOAD = 0.4
/** About 300 MB: a flood of bad requests must not fill the disk. */
const MAX_AUDIT_ENTRIES = 1_000_000
/** For the same reason. */
const MAX_DELIVERIES = 1_000_000

const REVOCABLE: readonly PurgeKind[] = [
  'codes',
  'deviceCodes',
  'passwordResets',
  'authorizations',
  'sessions',
]
const ALL_KINDS: readonly PurgeKind[] = [
  ...REVOCABLE,
  'importedTokens',
  'revocations',
  'audit',
  'webhookDeliveries',
]
const ZERO: PurgeCounts = {
  codes: 0,
  deviceCodes: 0,
  passwordResets: 0,
  authorizations: 0,
  sessions: 0,
  importedTokens: 0,
  revocations: 0,
  audit: 0,
  webhookDeliveries: 0,
}

/**
 * Deletes expired and revoked rows that no valid token depends on, in small batches. Never deletes clients, users or
 * consents.
 *
 * @throws ConfigError if `hours` is not a number of at least 0
 */
export async function purge(
  context: PurgeContext,
  options: PurgeOptions = {},
  course?: PurgeCourse,
): Promise<PurgeReport> {
  const { hours = DEFAULT_HOURS, revoked = false, expired = false } = options
  if (!Number.isFinite(hours) || hours < 0)
    throw new ConfigError([{ path: 'hours', message: 'must be a number of at least 0' }])
  const isBoth = revoked === expired
  const cutoff = Math.floor(context.clock.now() - hours * 3_600_000)
  const cutoffs = cutoffsOf(context, revoked || isBoth ? cutoff : 0, expired || isBoth ? cutoff : 0)
  const startedAt = performance.now()
  const kinds = revoked && !expired ? REVOCABLE : ALL_KINDS
  const report = await walk(context, cutoffs, kinds, options, course)
  const duration = Math.round(performance.now() - startedAt)
  if (!options.dryRun) context.events.emit('purge.completed', { requestId: null, duration, ...report })
  return report
}

/** Deletes audit entries past their retention, and the oldest ones above the maximum. */
export const trimAudit = (
  context: PurgeContext,
  signal: AbortSignal,
  course?: PurgeCourse,
): Promise<PurgeReport> => walk(context, cutoffsOf(context, 0, 0), ['audit'], { signal }, course)

/** Nothing counts as expired before it has also expired on a node whose clock is behind. */
const cutoffsOf = (
  { clock, auditRetention, webhookRetention }: PurgeContext,
  revokedUntil: number,
  expiredUntil: number,
): PurgeCutoffs => ({
  now: clock.now() - EXPIRY_MARGIN,
  revokedUntil,
  expiredUntil: Math.min(expiredUntil, clock.now() - EXPIRY_MARGIN),
  auditUntil: clock.now() - auditRetention,
  maxAuditEntries: MAX_AUDIT_ENTRIES,
  deliveredUntil: clock.now() - webhookRetention.delivered,
  failedUntil: clock.now() - webhookRetention.failed,
  maxDeliveries: MAX_DELIVERIES,
})

/** Keeps authorization codes until their consent form has expired too, so that it cannot be submitted again. */
function cutoffsFor(kind: PurgeKind, cutoffs: PurgeCutoffs): PurgeCutoffs {
  return kind === 'codes' ? { ...cutoffs, now: cutoffs.now - CONSENT_LIFETIME } : cutoffs
}

async function walk(
  { store, load = () => MEDIUM_LOAD }: PurgeContext,
  cutoffs: PurgeCutoffs,
  kinds: readonly PurgeKind[],
  { dryRun: isDryRun = false, signal, onProgress }: PurgeOptions,
  { from, mayContinue }: PurgeCourse = FROM_THE_START,
): Promise<PurgeReport> {
  const start = parsePosition(from, kinds)
  const sizes = onProgress ? await countRows(store, kinds, cutoffs) : ZERO
  const total = sum(Object.values(sizes))
  const counts = { ...ZERO }
  const pace = createPurgePace(store.stepSize)
  const begin = performance.now()
  let done = 0
  for (const kind of kinds.slice(kinds.indexOf(start.kind))) {
    const end = done + sizes[kind]
    let after = kind === start.kind ? start.after : undefined
    do {
      const isStopped = !(await mayContinue(positionOf(kind, after))) || signal?.aborted
      if (isStopped) return { counts, isComplete: false }
      const limit = pace.batchSize()
      const step = await store.step({ kind, cutoffs: cutoffsFor(kind, cutoffs), after, limit, isDryRun })
      after = step.next
      counts[kind] += step.count
      done = after === undefined ? end : Math.min(done + limit, end)
      onProgress?.({ done, total, counts: { ...counts } })
      const delay = step.delay + performance.now() - begin
      const pause = pace.pauseAfter({ duration: step.duration, load: load(), delay })
      if (after !== undefined) await sleep(pause)
    } while (after !== undefined)
  }
  return { counts, isComplete: true }
}

const FROM_THE_START: PurgeCourse = { from: null, mayContinue: async () => true }

const positionOf = (kind: PurgeKind, after: string | undefined): string =>
  after === undefined ? kind : `${kind} ${after}`

/** Starts over if the position is of another version. */
function parsePosition(
  position: string | null,
  kinds: readonly PurgeKind[],
): { readonly kind: PurgeKind; readonly after: string | undefined } {
  const [name = '', ...rest] = position?.split(' ') ?? []
  const kind = kinds.find((one) => one === name)
  return kind
    ? { kind, after: rest.length > 0 ? rest.join(' ') : undefined }
    : { kind: kinds[0] ?? 'codes', after: undefined }
}

async function countRows(
  store: PurgeStore,
  kinds: readonly PurgeKind[],
  cutoffs: PurgeCutoffs,
): Promise<PurgeCounts> {
  const sizes = await Promise.all(
    kinds.map(async (kind) => [kind, await store.count(kind, cutoffsFor(kind, cutoffs))] as const),
  )
  return { ...ZERO, ...Object.fromEntries(sizes) }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((left, right) => left + right, 0)
