import { createPrivateKey } from 'node:crypto'
import type { SecretEntry, SigningEntry } from './keyring.ts'
import { createRootSecret, createSigningKey } from './new-secrets.ts'
import { openKeyring } from './open-keyring.ts'
import type { OpenKeyring } from './open-keyring.ts'
import { rotateRing } from './ring.ts'
import type { Ring, Rotation } from './ring.ts'
import { rootSecretFingerprint } from './root-secret.ts'
import { resolveKind } from './signing-key-kind.ts'
import type { KindOptions, SigningKeyKind } from './signing-key-kind.ts'
import { nextOf } from './turn.ts'

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
export type RotateSigningOptions = RotateOptions & KindOptions

/** How to rotate root secrets. */
export interface RotateSecretOptions extends RotateOptions {
  /** Is told the fingerprint of the new current secret before it is in force: the store must know it. */
  readonly announce: (fingerprint: string) => Promise<void>
}

const DAY = 86_400_000

/**
 * Lets the next signing key sign, retires the current one and makes another next one, all at a stroke. Throws
 * `ConfigError` where the directory has no keyring or a broken one, and where another command is replacing it.
 */
export async function rotateSigningKeys(path: string, options: RotateSigningOptions = {}): Promise<Rotation> {
  const opened = await openKeyring(path)
  const kind = await kindAfter(opened, options)
  const ring: Ring<SigningEntry> = {
    entries: opened.keyring.signing,
    idOf: ({ kid }) => kid,
    create: () => createSigningKey(kind, 'next'),
    keyringOf: (signing) => ({ ...opened.keyring, signing }),
  }
  return rotateRing(opened, ring, { ...options, keep: options.keep ?? DAY })
}

/**
 * Makes the next root secret the current one, retires the one before and makes another next one, all at a stroke.
 * Throws `ConfigError` where the directory has no keyring or a broken one, and where another command is replacing it.
 */
export async function rotateRootSecrets(path: string, options: RotateSecretOptions): Promise<Rotation> {
  const opened = await openKeyring(path)
  const ring: Ring<SecretEntry> = {
    entries: opened.keyring.secrets,
    idOf: ({ id }) => id,
    create: async () => createRootSecret('next'),
    keyringOf: (secrets) => ({ ...opened.keyring, secrets }),
    announce: (value) => options.announce(rootSecretFingerprint({ value })),
  }
  return rotateRing(opened, ring, { ...options, keep: options.keep ?? 90 * DAY })
}

/** Of the kind that was asked for; else of the kind of the key that comes before it. */
async function kindAfter(
  { keyring: { signing }, textOf }: OpenKeyring,
  { algorithm, length }: KindOptions,
): Promise<SigningKeyKind> {
  const last = nextOf(signing) ?? signing.find(({ state }) => state === 'current')
  if (!last || algorithm !== undefined) return resolveKind({ algorithm, length })
  const { modulusLength } = createPrivateKey(await textOf(last)).asymmetricKeyDetails ?? {}
  return resolveKind({ algorithm: last.algorithm, length: length ?? modulusLength })
}
