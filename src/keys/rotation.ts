import { createPrivateKey } from 'node:crypto'
import type { SecretEntry, SigningEntry, Keyring, KeyringEntry } from './keyring.ts'

import { openKeyring, type OpenKeyring } from './keyring-update.ts'
import { rootSecretFingerprint } from './derived.ts'
import {
  createRootSecret,
  createSigningKey,
  resolveKeyType,
  type SigningKeyOptions,
  type SigningKeyType,
  type NewKey,
} from './key-material.ts'

/** How to rotate. */
export interface RotateOptions {
  /**
   * How long a retired key stays (ms): longer than anything that it made can live. Default 1 day for signing keys, 90
   * days for root secrets.
   */
  readonly keep?: number | undefined
  /** Whether a next key is used that others may not know yet. Default false. */
  readonly isUrgent?: boolean
  /** Whether the current key and the retired ones are dropped at once: what they made is void. Default false. */
  readonly dropsCurrent?: boolean
}

/** How to rotate signing keys; by default the one after the next is of the next one's kind. */
export type RotateSigningOptions = RotateOptions & SigningKeyOptions

/** How to rotate root secrets. */
export interface RotateSecretOptions extends RotateOptions {
  /** Is told the fingerprint of the new current secret before it is in force: the store must know it. */
  readonly registerFingerprint: (fingerprint: string) => Promise<void>
}

const DAY = 86_400_000

/**
 * Lets the next signing key sign, retires the current one and makes another next one, all at a stroke. Throws
 * `ConfigError` where the directory has no keyring or a broken one, and where another command is replacing it.
 */
export async function rotateSigningKeys(
  path: string,
  options: RotateSigningOptions = {},
): Promise<RotationResult> {
  const opened = await openKeyring(path)
  const kind = await kindAfter(opened, options)
  const ring: KeyGroup<SigningEntry> = {
    entries: opened.keyring.signing,
    idOf: ({ kid }) => kid,
    create: () => createSigningKey(kind, 'next'),
    keyringOf: (signing) => ({ ...opened.keyring, signing }),
  }
  return rotateGroup(opened, ring, { ...options, keep: options.keep ?? DAY })
}

/**
 * Makes the next root secret the current one, retires the one before and makes another next one, all at a stroke.
 * Throws `ConfigError` where the directory has no keyring or a broken one, and where another command is replacing it.
 */
export async function rotateRootSecrets(path: string, options: RotateSecretOptions): Promise<RotationResult> {
  const opened = await openKeyring(path)
  const ring: KeyGroup<SecretEntry> = {
    entries: opened.keyring.secrets,
    idOf: ({ id }) => id,
    create: async () => createRootSecret('next'),
    keyringOf: (secrets) => ({ ...opened.keyring, secrets }),
    beforeCommit: (value) => options.registerFingerprint(rootSecretFingerprint({ value })),
  }
  return rotateGroup(opened, ring, { ...options, keep: options.keep ?? 90 * DAY })
}

/** Of the kind that was asked for; else of the kind of the key that comes before it. */
async function kindAfter(
  { keyring: { signing }, textOf }: OpenKeyring,
  { algorithm, length }: SigningKeyOptions,
): Promise<SigningKeyType> {
  const last = findNext(signing) ?? signing.find(({ state }) => state === 'current')
  if (!last || algorithm !== undefined) return resolveKeyType({ algorithm, length })
  const { modulusLength } = createPrivateKey(await textOf(last)).asymmetricKeyDetails ?? {}
  return resolveKeyType({ algorithm: last.algorithm, length: length ?? modulusLength })
}

/** The keys of one kind in a keyring: what a rotation must know of them. */
export interface KeyGroup<Entry extends KeyringEntry> {
  readonly entries: readonly Entry[]
  idOf(entry: Entry): string
  /** Makes another next one. */
  create(): Promise<NewKey<Entry>>
  /** The keyring with these entries of this kind. */
  keyringOf(entries: readonly Entry[]): Keyring
  /** Is told the text of the new current one before it is in force. */
  beforeCommit?(text: string): Promise<void>
}

/** How a ring is rotated. */
export interface RotationRules extends TurnRules {
  /** Whether a next key is used that others may not know yet. To drop the current key is urgent too. */
  readonly isUrgent?: boolean
}

/** What became of it, with the ids of keys. */
export type RotationResult =
  | {
      readonly outcome: 'rotated'
      readonly current: string
      readonly next: string
      readonly dropped: readonly string[]
      /** Whether others may not know the new current key yet. */
      readonly isEarly: boolean
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
export async function rotateGroup<Entry extends KeyringEntry>(
  opened: OpenKeyring,
  ring: KeyGroup<Entry>,
  rules: RotationRules,
): Promise<RotationResult> {
  const next = findNext(ring.entries)
  const mayHurry = rules.isUrgent === true || rules.dropsCurrent === true
  if (next && isNew(next) && !mayHurry) return waitFor('too-soon', ring, next)
  if (next) return promote(opened, ring, next, [], rules)
  const made = await ring.create()
  const entries = [...ring.entries, made.entry]
  if (mayHurry) return promote(opened, { ...ring, entries }, made.entry, [made], rules)
  await opened.replace(ring.keyringOf(entries), [made])
  return waitFor('prepared', ring, made.entry)
}

const isNew = (next: KeyringEntry): boolean => readyAt(next) > Date.now()

const waitFor = <Entry extends KeyringEntry>(
  outcome: 'prepared' | 'too-soon',
  { idOf }: KeyGroup<Entry>,
  next: Entry,
): RotationResult => ({ outcome, next: idOf(next), readyAt: readyAt(next) })

async function promote<Entry extends KeyringEntry>(
  opened: OpenKeyring,
  { entries, idOf, create, keyringOf, beforeCommit }: KeyGroup<Entry>,
  next: Entry,
  made: readonly NewKey<Entry>[],
  rules: RotationRules,
): Promise<RotationResult> {
  const fresh = await create()
  const { current, kept, dropped } = rotateEntries(entries, next, rules)
  await beforeCommit?.(made[0]?.text ?? (await opened.textOf(next)))
  await opened.replace(keyringOf([...kept, fresh.entry]), [...made, fresh])
  const ids = { current: idOf(current), next: idOf(fresh.entry), dropped: dropped.map(idOf) }
  return { outcome: 'rotated', ...ids, isEarly: isNew(next) }
}

/** How old a next key must be (ms) before it is used: by then processes and caches of public keys know it. */
const PUBLICATION_TIME = 600_000

/** How keys are turned. */
export interface TurnRules {
  /** How long a retired key stays (ms): as long as what it made can live. */
  readonly keep: number
  /** Whether the current key and the retired ones go at once. */
  readonly dropsCurrent?: boolean
}

/** Keys that were turned. */
export interface RotatedEntries<Entry> {
  readonly current: Entry
  /** The current one too. */
  readonly kept: readonly Entry[]
  readonly dropped: readonly Entry[]
}

/** The key that a rotation puts to use; undefined in a keyring that has none. */
export const findNext = <Entry extends KeyringEntry>(entries: readonly Entry[]): Entry | undefined =>
  entries.find(({ state }) => state === 'next')

/** From when on (ms) everybody may be expected to know a next key. */
export const readyAt = ({ createdAt }: KeyringEntry): number => createdAt + PUBLICATION_TIME

/** Puts the next key to use: it becomes current, the current one is retired, and what nobody needs any more goes. */
export function rotateEntries<Entry extends KeyringEntry>(
  entries: readonly Entry[],
  next: Entry,
  { keep, dropsCurrent = false }: TurnRules,
): RotatedEntries<Entry> {
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
