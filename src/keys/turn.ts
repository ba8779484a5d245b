import type { KeyringEntry } from './keyring.ts'

/** How old a next key must be (ms) before it is used: by then processes and caches of public keys know it. */
const SETTLING_TIME = 600_000

/** How keys are turned. */
export interface TurnRules {
  /** How long a retired key stays (ms): as long as what it made can live. */
  readonly keep: number
  /** Whether the current key and the retired ones go at once. */
  readonly dropsCurrent?: boolean
}

/** Keys that were turned. */
export interface Turned<Entry> {
  readonly current: Entry
  /** The current one too. */
  readonly kept: readonly Entry[]
  readonly dropped: readonly Entry[]
}

/** The key that a rotation puts to use; undefined in a keyring that has none. */
export const nextOf = <Entry extends KeyringEntry>(entries: readonly Entry[]): Entry | undefined =>
  entries.find(({ state }) => state === 'next')

/** From when on (ms) everybody may be expected to know a next key. */
export const readyAt = ({ createdAt }: KeyringEntry): number => createdAt + SETTLING_TIME

/** Puts the next key to use: it becomes current, the current one is retired, and what nobody needs any more goes. */
export function turn<Entry extends KeyringEntry>(
  entries: readonly Entry[],
  next: Entry,
  { keep, dropsCurrent = false }: TurnRules,
): Turned<Entry> {
  const now = Date.now()
  const current: Entry = { ...next, state: 'current' }
  const turned = entries.map((entry) => (entry === next ? current : retire(entry, now)))
  const isOutdated = ({ state, retiredAt = now }: Entry): boolean =>
    state === 'retired' && (dropsCurrent || retiredAt + keep <= now)
  return {
    current,
    kept: turned.filter((entry) => !isOutdated(entry)),
    dropped: turned.filter(isOutdated),
  }
}

/** Somebody's own keyring may have a retired key without a time: its time begins now. */
const retire = <Entry extends KeyringEntry>(entry: Entry, now: number): Entry =>
  entry.state === 'next' ? entry : { ...entry, state: 'retired', retiredAt: entry.retiredAt ?? now }
