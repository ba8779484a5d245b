import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rootSecretFingerprint } from './derived.ts'
import { openSecretFiles } from './directory.ts'
import { createFile } from './durable-file.ts'
import { createRootSecret, createSigningKey, resolveKeyType, type SigningKeyType } from './key-material.ts'
import { commitKeyring, removeKeyFiles, withLock, type KeyringChange } from './keyring-update.ts'
import { KEYRING_FILE, parseKeyring, type KeyringEntry } from './keyring.ts'
import type { GenerateOptions, GeneratedSecrets } from './managed.ts'

/**
 * Generates current and next signing keys and root secrets in a directory (0700, files 0600, ignored by git), unless it
 * contains some. Of several concurrent processes, one succeeds and the others keep its keys. Throws `ConfigError` if an
 * option is invalid or the directory cannot be read.
 */
export async function generateSecrets(
  path: string,
  options: GenerateOptions = {},
): Promise<GeneratedSecrets> {
  const { force = false } = options
  const type = resolveKeyType(options)
  await mkdir(path, { recursive: true, mode: 0o700 })
  const unchanged = { created: false, files: [], kid: null }
  if (!force && (await hasSecrets(path))) return unchanged
  const secrets = await createSecrets(type)
  await ignoreInGit(path)
  const isCommitted = force
    ? await withLock(path, () => replaceSecrets(path, secrets, options))
    : await commitKeyring(path, { ...secrets, overwrite: false })
  if (!isCommitted) return unchanged
  const files = [...secrets.added.map(({ entry }) => entry.file), KEYRING_FILE]
  return { created: true, files, kid: secrets.kid }
}

/** Keys without a keyring count as well: they may be the operator's own, or the only ones left. */
async function hasSecrets(path: string): Promise<boolean> {
  const files = await openSecretFiles(path)
  files.throwIfInvalid()
  return files.hasKeyring || files.keys.length + files.secrets.length > 0
}

export interface NewSecrets extends Omit<KeyringChange, 'overwrite'> {
  readonly kid: string
  readonly fingerprint: string
}

/** Creates next keys as well, so that they are known long before the first rotation. */
export async function createSecrets(type: SigningKeyType): Promise<NewSecrets> {
  const signing = await Promise.all([createSigningKey(type, 'current'), createSigningKey(type, 'next')])
  const secrets = [createRootSecret('current'), createRootSecret('next')] as const
  return {
    keyring: { signing: signing.map(({ entry }) => entry), secrets: secrets.map(({ entry }) => entry) },
    added: [...signing, ...secrets],
    kid: signing[0].entry.kid,
    fingerprint: rootSecretFingerprint({ value: secrets[0].text }),
  }
}

async function replaceSecrets(
  path: string,
  secrets: NewSecrets,
  { registerFingerprint }: GenerateOptions,
): Promise<boolean> {
  const outdated = await listedEntries(path)
  await registerFingerprint?.(secrets.fingerprint)
  const isCommitted = await commitKeyring(path, { ...secrets, overwrite: true })
  await removeKeyFiles(path, outdated)
  return isCommitted
}

/** Only files that the keyring lists are removed. An invalid keyring lists none. */
async function listedEntries(path: string): Promise<readonly KeyringEntry[]> {
  const keyring = parseKeyring(await readFile(join(path, KEYRING_FILE), 'utf8').catch(() => ''))
  return keyring ? [...keyring.signing, ...keyring.secrets] : []
}

const ignoreInGit = (path: string): Promise<void> =>
  createFile(join(path, '.gitignore'), '*\n').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  })
