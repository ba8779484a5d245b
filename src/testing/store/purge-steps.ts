import type { Store } from '../../store/contract.ts'
import type { PurgeKind } from '../../model/purge-kind.ts'
import type { PurgeCutoffs } from '../../store/purge.ts'

/** Every kind of rows, in the order in which the server purges them. */
export const EVERY_KIND: readonly PurgeKind[] = [
  'codes',
  'deviceCodes',
  'passwordResets',
  'authorizations',
  'sessions',
  'importedTokens',
  'revocations',
  'audit',
  'webhookDeliveries',
]

/** The cutoffs that delete everything revoked or expired by `now`. */
export const cutoffsAt = (now: number, changes: Partial<PurgeCutoffs> = {}): PurgeCutoffs => ({
  now,
  revokedUntil: now,
  expiredUntil: now,
  auditUntil: now,
  maxAuditEntries: 1_000_000,
  deliveredUntil: now,
  failedUntil: now,
  maxDeliveries: 1_000_000,
  ...changes,
})

/** The result of all steps of a purge. */
export interface PurgeResult {
  readonly count: number
  readonly steps: number
}

/** Purges one kind of rows, step by step. */
export async function purgeKind(
  { purge }: Store,
  kind: PurgeKind,
  cutoffs: PurgeCutoffs,
  { limit = 3, isDryRun = false } = {},
): Promise<PurgeResult> {
  let [count, steps, after] = [0, 0, undefined as string | undefined]
  do {
    const step = await purge.step({ kind, cutoffs, after, limit, isDryRun })
    count += step.count
    steps += 1
    after = step.next
  } while (after !== undefined)
  return { count, steps }
}

/** Purges every kind of rows. Returns the number of deleted rows of each kind that had any. */
export async function purgeAll(
  store: Store,
  cutoffs: PurgeCutoffs,
): Promise<Partial<Record<PurgeKind, number>>> {
  const counts: Partial<Record<PurgeKind, number>> = {}
  for (const kind of EVERY_KIND) {
    const { count } = await purgeKind(store, kind, cutoffs)
    if (count > 0) counts[kind] = count
  }
  return counts
}
