import type { Store } from '../../store/contract.ts'
import type { PurgeBounds, PurgeKind } from '../../store/purge.ts'

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
export const endedBy = (now: number, changes: Partial<PurgeBounds> = {}): PurgeBounds => ({
  now,
  revokedUntil: now,
  expiredUntil: now,
  auditUntil: now,
  auditMost: 1_000_000,
  ...changes,
})

/** What a whole walk has come to. */
export interface Walked {
  readonly over: number
  readonly steps: number
}

/** Goes through a kind to its end. */
export async function walk(
  { purge }: Store,
  kind: PurgeKind,
  bounds: PurgeBounds,
  { limit = 3, isRehearsal = false } = {},
): Promise<Walked> {
  let [over, steps, after] = [0, 0, undefined as string | undefined]
  do {
    const result = await purge.step({ kind, bounds, after, limit, isRehearsal })
    over += result.over
    steps += 1
    after = result.next
  } while (after !== undefined)
  return { over, steps }
}

/** How many rows of each kind a whole purge deletes. */
export async function purgeAll(
  store: Store,
  bounds: PurgeBounds,
): Promise<Partial<Record<PurgeKind, number>>> {
  const counts: Partial<Record<PurgeKind, number>> = {}
  for (const kind of EVERY_KIND) {
    const { over } = await walk(store, kind, bounds)
    if (over > 0) counts[kind] = over
  }
  return counts
}
