import { createPrivateKey } from 'node:crypto'
import { rootSecretFingerprint } from './derived.ts'
import {
  createRootSecret,
  createSigningKey,
  resolveKeyType,
  type NewKey,
  type SigningKeyOptions,
  type SigningKeyType,
} from './key-material.ts'
import type { Keyring, KeyringEntry, SecretEntry, SigningEntry } from './keyring.ts'
import { directoryKeys } from './managed-directory.ts'
import type { ManagedKeys, OpenKeyring } from './managed.ts'

export interface RotateOptions {
  /**
   * How long a retired key is kept (ms). Must be longer than anything it has signed is valid. Default: 1 day for signing
   * keys, 90 days for root secrets.
   */
  readonly keep?: number | undefined
  /** True to use a next key that others may not know yet. */
  readonly isUrgent?: boolean
  /** True to drop the current and retired keys immediately, which invalidates everything they have signed. */
  readonly dropsCurrent?: boolean
}

/** By default, the new next key has the type of the previous one. */
export type RotateSigningOptions = RotateOptions & SigningKeyOptions

export interface RotateSecretOptions extends RotateOptions {
  /** Called with the fingerprint of the new current secret before it takes effect, because the store must know it. */
  readonly registerFingerprint: (fingerprint: string) => Promise<void>
}

/** The result of a rotation, with key IDs. */
export type RotationResult =
  | {
      readonly outcome: 'rotated'
      readonly current: string
      readonly next: string
      readonly dropped: readonly string[]
      /** True if others may not know the new current key yet. */
      readonly isEarly: boolean
    }
  | {
      /**
       * `prepared`: there was no next key, so one was created. `too-soon`: others may not know the next key yet, so nothing
       * was changed.
       */
      readonly outcome: 'prepared' | 'too-soon'
      readonly next: string
      /** When the next key can be used (ms). */
      readonly readyAt: number
    }

const DAY = 86_400_000
/** The minimum age of a next key (ms). By then, all processes and caches of public keys know it. */
const PUBLICATION_TIME = 600_000

/**
 * Promotes the next signing key to current in one atomic step and creates a new next key. Takes managed keys, or the path of
 * a directory. Throws `ConfigError` if there is no valid keyring or another command is changing it.
 */
export async function rotateSigningKeys(
  keys: ManagedKeys | string,
  options: RotateSigningOptions = {},
): Promise<RotationResult> {
  const opened = await open(keys)
  const type = await nextKeyType(opened, options)
  return rotate(opened, options, options.keep ?? DAY, {
    entries: opened.keyring.signing,
    idOf: ({ kid }) => kid,
    create: () => createSigningKey(type, 'next'),
    keyringOf: (signing) => ({ ...opened.keyring, signing }),
  } satisfies KeyGroup<SigningEntry>)
}

/**
 * Promotes the next root secret to current in one atomic step and creates a new next secret. Takes managed keys, or the path
 * of a directory. Throws `ConfigError` if there is no valid keyring or another command is changing it.
 */
export async function rotateRootSecrets(
  keys: ManagedKeys | string,
  options: RotateSecretOptions,
): Promise<RotationResult> {
  const opened = await open(keys)
  return rotate(opened, options, options.keep ?? 90 * DAY, {
    entries: opened.keyring.secrets,
    idOf: ({ id }) => id,
    create: async () => createRootSecret('next'),
    keyringOf: (secrets) => ({ ...opened.keyring, secrets }),
    beforeCommit: (value) => options.registerFingerprint(rootSecretFingerprint({ value })),
  } satisfies KeyGroup<SecretEntry>)
}

const open = (keys: ManagedKeys | string): Promise<OpenKeyring> =>
  (typeof keys === 'string' ? directoryKeys(keys) : keys).open()

async function nextKeyType(
  { keyring: { signing }, textOf }: OpenKeyring,
  { algorithm, length }: SigningKeyOptions,
): Promise<SigningKeyType> {
  const previous = findNext(signing) ?? signing.find(({ state }) => state === 'current')
  if (!previous || algorithm !== undefined) return resolveKeyType({ algorithm, length })
  const { modulusLength } = createPrivateKey(await textOf(previous)).asymmetricKeyDetails ?? {}
  return resolveKeyType({ algorithm: previous.algorithm, length: length ?? modulusLength })
}

/** The signing keys or the root secrets of a keyring. */
interface KeyGroup<Entry extends KeyringEntry> {
  readonly entries: readonly Entry[]
  idOf(entry: Entry): string
  /** Creates a next key. */
  create(): Promise<NewKey<Entry>>
  /** Returns the keyring with these entries in the group. */
  keyringOf(entries: readonly Entry[]): Keyring
  /** Called with the text of the new current key before it takes effect. */
  beforeCommit?(text: string): Promise<void>
}

async function rotate<Entry extends KeyringEntry>(
  opened: OpenKeyring,
  { isUrgent = false, dropsCurrent = false }: RotateOptions,
  keep: number,
  group: KeyGroup<Entry>,
): Promise<RotationResult> {
  const next = findNext(group.entries)
  const canBeEarly = isUrgent || dropsCurrent
  const rules = { keep, dropsCurrent }
  if (next && isNew(next) && !canBeEarly) return waitFor('too-soon', group, next)
  if (next) return promote(opened, group, next, [], rules)
  const created = await group.create()
  const entries = [...group.entries, created.entry]
  if (canBeEarly) return promote(opened, { ...group, entries }, created.entry, [created], rules)
  await opened.replace(group.keyringOf(entries), [created])
  return waitFor('prepared', group, created.entry)
}

const waitFor = <Entry extends KeyringEntry>(
  outcome: 'prepared' | 'too-soon',
  { idOf }: KeyGroup<Entry>,
  next: Entry,
): RotationResult => ({ outcome, next: idOf(next), readyAt: readyAt(next) })

interface RetirementRules {
  readonly keep: number
  readonly dropsCurrent: boolean
}

async function promote<Entry extends KeyringEntry>(
  opened: OpenKeyring,
  { entries, idOf, create, keyringOf, beforeCommit }: KeyGroup<Entry>,
  next: Entry,
  created: readonly NewKey<Entry>[],
  rules: RetirementRules,
): Promise<RotationResult> {
  const newNext = await create()
  const { current, kept, dropped } = promoteEntry(entries, next, rules)
  await beforeCommit?.(created[0]?.text ?? (await opened.textOf(next)))
  await opened.replace(keyringOf([...kept, newNext.entry]), [...created, newNext])
  const ids = { current: idOf(current), next: idOf(newNext.entry), dropped: dropped.map(idOf) }
  return { outcome: 'rotated', ...ids, isEarly: isNew(next) }
}

interface PromotedEntries<Entry> {
  readonly current: Entry
  /** Includes the current entry. */
  readonly kept: readonly Entry[]
  readonly dropped: readonly Entry[]
}

/** Makes the next entry current, retires the previous one and drops retired ones that are no longer needed. */
function promoteEntry<Entry extends KeyringEntry>(
  entries: readonly Entry[],
  next: Entry,
  { keep, dropsCurrent }: RetirementRules,
): PromotedEntries<Entry> {
  const now = Date.now()
  const current: Entry = { ...next, state: 'current' }
  const promoted = entries.map((entry) => (entry === next ? current : retire(entry, now)))
  const isOutdated = ({ state, retiredAt = now }: Entry): boolean =>
    state === 'retired' && (dropsCurrent || retiredAt + keep <= now)
  return {
    current,
    kept: promoted.filter((entry) => !isOutdated(entry)),
    dropped: promoted.filter(isOutdated),
  }
}

/** A hand-written keyring may lack the time when a key was retired. Then it counts from now. */
const retire = <Entry extends KeyringEntry>(entry: Entry, now: number): Entry =>
  entry.state === 'next' ? entry : { ...entry, state: 'retired', retiredAt: entry.retiredAt ?? now }

const findNext = <Entry extends KeyringEntry>(entries: readonly Entry[]): Entry | undefined =>
  entries.find(({ state }) => state === 'next')

const readyAt = ({ createdAt }: KeyringEntry): number => createdAt + PUBLICATION_TIME

const isNew = (next: KeyringEntry): boolean => readyAt(next) > Date.now()
