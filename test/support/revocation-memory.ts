/** Prints the bytes per live revocation, by kind. Run with `--expose-gc`. */
import { randomBase64url } from '../../src/lib/hash.ts'
import { createRevocationSet } from '../../src/revocations/revocation-set.ts'
import { fromWire } from '../../src/revocations/wire.ts'

/** One more than a power of two: the maps have just grown, so an entry costs the most. */
const COUNT = 131_073
const PAGE = 1_000
const EXPIRES_AT = 1_800_000_000

const SUBJECTS = {
  authorization: () => randomBase64url(16),
  session: () => randomBase64url(16),
  token: () => `${randomBase64url(16)}.${randomBase64url(16)}`,
  user: () => randomBase64url(24),
}

function aliveBytes(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Keeps every set alive, so that its release does not count. */
const sets: unknown[] = []
const results: Record<string, number> = {}
for (const [kind, subjectOf] of Object.entries(SUBJECTS)) {
  const set = createRevocationSet()
  sets.push(set)
  const before = aliveBytes()
  for (let id = 1; id <= COUNT; id += PAGE) {
    const entries = Array.from({ length: Math.min(PAGE, COUNT + 1 - id) }, (_, index) => ({
      id: id + index,
      kind,
      subject: subjectOf(),
      epoch: kind === 'user' ? 1 : 0,
      expires_at: EXPIRES_AT,
    }))
    // Through JSON, as a page of the feed arrives.
    const page = fromWire(JSON.parse(JSON.stringify({ entries, has_more: false })))
    for (const entry of page.entries) set.apply(entry)
  }
  results[kind] = Math.ceil((aliveBytes() - before) / COUNT)
}
console.log(JSON.stringify(results))
