import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { commitKeyring, removeKeyFiles, withLock, type KeyringChange } from './keyring-update.ts'
import { createFile } from './durable-file.ts'
import { KEYRING_FILE, parseKeyring, type KeyringEntry } from './keyring.ts'
import {
  createRootSecret,
  createSigningKey,
  resolveKeyType,
  type SigningKeyOptions,
  type SigningKeyType,
} from './key-material.ts'
import { rootSecretFingerprint } from './derived.ts'
import { openSecretFiles } from './directory.ts'

/** What keys to make. */
export interface GenerateOptions extends SigningKeyOptions {
  /** Whether existing keys are replaced: every token, code and cookie made with them is void then. Default false. */
  readonly force?: boolean
  /** With `force`, is told the fingerprint of the new root secret before it is in force, so that a store can learn it. */
  readonly registerFingerprint?: (fingerprint: string) => Promise<void>
}

/** What became of it. */
export interface GeneratedSecrets {
  /** False where there were keys already; then nothing was touched. */
  readonly created: boolean
  readonly directory: string
  /** The names of the files that were written, the keyring last. */
  readonly files: readonly string[]
  /** The `kid` of the new current signing key; null where none was made. */
  readonly kid: string | null
}

/**
 * Makes signing keys and root secrets, of each a current and a next one, in a directory (0700, files 0600, ignored by
 * git), unless it has some. Of several processes that do so at once, one succeeds and the others leave its keys alone.
 * Throws `ConfigError` for an option that cannot be and for a directory that cannot be read.
 */
export async function generateSecrets(
  path: string,
  options: GenerateOptions = {},
): Promise<GeneratedSecrets> {
  const { force = false } = options
  const kind = resolveKeyType(options)
  await mkdir(path, { recursive: true, mode: 0o700 })
  const untouched = { created: false, directory: path, files: [], kid: null }
  if (!force && (await hasSecrets(path))) return untouched
  const made = await makeSecrets(kind)
  await ignoreInGit(path)
  const isDone = force
    ? await withLock(path, () => replaceSecrets(path, made, options))
    : await commitKeyring(path, { ...made, replaces: false })
  if (!isDone) return untouched
  const files = [...made.added.map(({ entry }) => entry.file), KEYRING_FILE]
  return { created: true, directory: path, files, kid: made.kid }
}

/** Keys of a person's own count, and so does what an interrupted run left: it may be all that somebody still has. */
async function hasSecrets(path: string): Promise<boolean> {
  const files = await openSecretFiles(path)
  files.throwProblems()
  return files.hasKeyring || files.keys.length + files.secrets.length > 0
}

interface Made extends Omit<KeyringChange, 'replaces'> {
  readonly kid: string
  readonly fingerprint: string
}

/** The next ones are made from the start: a rotation can then put them to use at a stroke. */
async function makeSecrets(kind: SigningKeyType): Promise<Made> {
  const signing = await Promise.all([createSigningKey(kind, 'current'), createSigningKey(kind, 'next')])
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
  made: Made,
  { registerFingerprint }: GenerateOptions,
): Promise<boolean> {
  const outdated = await listedEntries(path)
  await registerFingerprint?.(made.fingerprint)
  const isReplaced = await commitKeyring(path, { ...made, replaces: true })
  await removeKeyFiles(path, outdated)
  return isReplaced
}

/** What the keyring lists: no other files are ours to remove. A damaged keyring lists none. */
async function listedEntries(path: string): Promise<readonly KeyringEntry[]> {
  const keyring = parseKeyring(await readFile(join(path, KEYRING_FILE), 'utf8').catch(() => ''))
  return keyring ? [...keyring.signing, ...keyring.secrets] : []
}

/** Keys in a repository belong to everybody who ever sees it. */
const ignoreInGit = (path: string): Promise<void> =>
  createFile(join(path, '.gitignore'), '*\n').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  })
