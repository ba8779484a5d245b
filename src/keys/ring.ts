import type { Keyring, KeyringEntry } from './keyring.ts'
import type { New } from './new-secrets.ts'
import type { OpenKeyring } from './open-keyring.ts'
import { nextOf, readyAt, turn } from './turn.ts'
import type { TurnRules } from './turn.ts'

/** The keys of one kind in a keyring: what a rotation must know of them. */
export interface Ring<Entry extends KeyringEntry> {
  readonly entries: readonly Entry[]
  idOf(entry: Entry): string
  /** Makes another next one. */
  create(): Promise<New<Entry>>
  /** The keyring with these entries of this kind. */
  keyringOf(entries: readonly Entry[]): Keyring
  /** Is told the text of the new current one before it is in force. */
  announce?(text: string): Promise<void>
}

/** How a ring is rotated. */
export interface RingRules extends TurnRules {
  /** Whether a next key is used that others may not know yet. To drop the current key is urgent too. */
  readonly isUrgent?: boolean
}

/** What became of it, with the ids of keys. */
export type Rotation =
  | {
      readonly outcome: 'rotated'
      readonly current: string
      readonly next: string
      readonly dropped: readonly string[]
      /** Whether others may not know the new current key yet. */
      readonly isHasty: boolean
    }
  | {
      /** `prepared`: there was no next key, now there is one. `too-soon`: others may not know it yet; nothing was done. */
      readonly outcome: 'prepared' | 'too-soon'
      readonly next: string
      /** From when on (ms) it can be rotated. */
      readonly readyAt: number
    }

/**
 * Puts the next key of a ring to use, all at a stroke, and makes another next one. Of a ring that has none, it only
 * makes the next one, unless it is urgent.
 */
export async function rotateRing<Entry extends KeyringEntry>(
  opened: OpenKeyring,
  ring: Ring<Entry>,
  rules: RingRules,
): Promise<Rotation> {
  const next = nextOf(ring.entries)
  const mayHurry = rules.isUrgent === true || rules.dropsCurrent === true
  if (next && isNew(next) && !mayHurry) return waitFor('too-soon', ring, next)
  if (next) return putToUse(opened, ring, next, [], rules)
  const made = await ring.create()
  const entries = [...ring.entries, made.entry]
  if (mayHurry) return putToUse(opened, { ...ring, entries }, made.entry, [made], rules)
  await opened.replace(ring.keyringOf(entries), [made])
  return waitFor('prepared', ring, made.entry)
}

const isNew = (next: KeyringEntry): boolean => readyAt(next) > Date.now()

const waitFor = <Entry extends KeyringEntry>(
  outcome: 'prepared' | 'too-soon',
  { idOf }: Ring<Entry>,
  next: Entry,
): Rotation => ({ outcome, next: idOf(next), readyAt: readyAt(next) })

async function putToUse<Entry extends KeyringEntry>(
  opened: OpenKeyring,
  { entries, idOf, create, keyringOf, announce }: Ring<Entry>,
  next: Entry,
  made: readonly New<Entry>[],
  rules: RingRules,
): Promise<Rotation> {
  const fresh = await create()
  const { current, kept, dropped } = turn(entries, next, rules)
  await announce?.(made[0]?.text ?? (await opened.textOf(next)))
  await opened.replace(keyringOf([...kept, fresh.entry]), [...made, fresh])
  const ids = { current: idOf(current), next: idOf(fresh.entry), dropped: dropped.map(idOf) }
  return { outcome: 'rotated', ...ids, isHasty: isNew(next) }
}
