import type { Store } from '../../store/contract.ts'
import type { PurgeCutoffs, PurgeKind } from '../../store/purge.ts'

/** All that is purged, in the order of the server. */
export const EVERY_KIND: readonly PurgeKind[] = [
  'codes',
  'deviceCodes',
  'authorizations',
  'sessions',
  'revocations',
  'audit',
]

/** All that has ended by then. */
export const endedBy = (now: number, changes: Partial<PurgeCutoffs> = {}): PurgeCutoffs => ({
  now,
  revokedUntil: now,
  expiredUntil: now,
  auditUntil: now,
  maxAuditEntries: 1_000_000,
  ...changes,
})

/** What a whole walk has come to. */
export interface Walked {
  readonly count: number
  readonly steps: number
}

/** Goes through a kind to its end. */
export async function walk(
  { purge }: Store,
  kind: PurgeKind,
  cutoffs: PurgeCutoffs,
  { limit = 3, isDryRun = false } = {},
): Promise<Walked> {
  let [count, steps, after] = [0, 0, undefined as string | undefined]
  do {
    const result = await purge.step({ kind, cutoffs, after, limit, isDryRun })
    count += result.count
    steps += 1
    after = result.next
  } while (after !== undefined)
  return { count, steps }
}

/** How many rows of each kind a whole purge deletes. */
export async function purgeAll(
  store: Store,
  cutoffs: PurgeCutoffs,
): Promise<Partial<Record<PurgeKind, number>>> {
  const counts: Partial<Record<PurgeKind, number>> = {}
  for (const kind of EVERY_KIND) {
    const { count } = await walk(store, kind, cutoffs)
    if (count > 0) counts[kind] = count
  }
  return counts
}
