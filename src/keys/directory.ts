import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import { rootSecretId } from './derived.ts'
import { isPendingFile } from './durable-file.ts'
import { KEYRING_FILE, parseKeyring, type SecretEntry, type SigningEntry } from './keyring.ts'
import { hasPrivateKey, parseSigningKey, thumbprint } from './pem.ts'
import type { RootSecret, Secrets, SigningKey } from './secrets.ts'
import type { SecretsSource } from './secrets-source.ts'

/**
 * Loads the secrets from a directory that `consulate install` has created, or from your own directory with one private key
 * (`*.pem` or `*.key`) and one secret (`secret` or `secret*.txt`). Loading throws `ConfigError` with everything that is
 * missing, unreadable or different from the keyring.
 */
export const secretsFromDirectory = (path: string): SecretsSource => ({
  description: `the directory ${path}`,
  directory: path,
  load: () => load(path),
  version: () => versionOf(path),
})

/** A keyring is always replaced, never changed in place. So its inode and times identify it. */
async function versionOf(path: string): Promise<string> {
  const file = join(path, KEYRING_FILE)
  const status = await stat(file, { bigint: true }).catch((error: unknown) => codeOf(error))
  if (typeof status === 'string') return status
  return [status.ino, status.size, status.mtimeNs, status.ctimeNs].join('.')
}

/** If the keyring is replaced during the read, the file of a dropped key can be missing. Then the new keyring is read. */
async function load(path: string): Promise<Secrets> {
  const before = await versionOf(path)
  return read(path).catch(async (error: unknown) => {
    if ((await versionOf(path)) === before) throw error
    return load(path)
  })
}

async function read(path: string): Promise<Secrets> {
  const files = await openSecretFiles(path)
  const secrets = files.hasKeyring ? await readKeyring(path, files) : await readOwnFiles(path, files)
  files.throwIfInvalid()
  return secrets
}

const NO_SECRETS: Secrets = { signingKeys: [], secrets: [] }

async function readKeyring(path: string, files: SecretFiles): Promise<Secrets> {
  const keyring = parseKeyring(await files.read(KEYRING_FILE))
  if (!keyring) {
    files.addProblem(`${join(path, KEYRING_FILE)} is invalid. Restore it from a backup`)
    return NO_SECRETS
  }
  return {
    signingKeys: await Promise.all(keyring.signing.map((entry) => readSigningKey(path, files, entry))),
    secrets: await Promise.all(keyring.secrets.map((entry) => readRootSecret(path, files, entry))),
  }
}

const mismatch = (path: string, file: string): string =>
  `${join(path, file)} is not the file that ${KEYRING_FILE} lists`

/** The key set reports an invalid key, so this does not. */
async function readSigningKey(
  path: string,
  files: SecretFiles,
  { file, kid, ...entry }: SigningEntry,
): Promise<SigningKey> {
  const signingKey = { ...entry, privateKey: await files.read(file) }
  const result = parseSigningKey(signingKey)
  if ('key' in result && (await thumbprint(result.key.publicKey)) !== kid) {
    files.addProblem(mismatch(path, file))
  }
  return signingKey
}

async function readRootSecret(
  path: string,
  files: SecretFiles,
  { file, id, ...entry }: SecretEntry,
): Promise<RootSecret> {
  const secret = { ...entry, value: (await files.read(file)).trim() }
  if (secret.value !== '' && rootSecretId(secret) !== id) files.addProblem(mismatch(path, file))
  return secret
}

async function readOwnFiles(path: string, files: SecretFiles): Promise<Secrets> {
  const { keys, secrets } = files
  if (keys.length + secrets.length === 0) {
    files.addProblem(`${path} contains no keys. Run \`consulate install\``)
    return NO_SECRETS
  }
  const key = onlyFile(path, files, keys, 'private key (*.pem or *.key)')
  const secret = onlyFile(path, files, secrets, 'secret (secret or secret*.txt)')
  return {
    signingKeys: key === undefined ? [] : [{ privateKey: await files.read(key) }],
    secrets: secret === undefined ? [] : [{ value: (await files.read(secret)).trim() }],
  }
}

function onlyFile(
  path: string,
  files: SecretFiles,
  names: readonly string[],
  kind: string,
): string | undefined {
  const found = names.length === 0 ? 'none' : `${names.length}: ${names.join(', ')}`
  if (names.length !== 1) {
    files.addProblem(`${path} must contain exactly one ${kind} or a ${KEYRING_FILE}. Found ${found}`)
  }
  return names[0]
}

/** The files in a directory of secrets. Problems are collected, so that one error lists them all. */
export interface SecretFiles {
  readonly hasKeyring: boolean
  /** The `*.pem` and `*.key` files that contain a private key. Empty if there is a keyring, which lists them. */
  readonly keys: readonly string[]
  /** The files named `secret` and `secret*.txt`. */
  readonly secrets: readonly string[]
  /** Returns the content of a file. If it cannot be read, adds a problem and returns an empty string. */
  read(file: string): Promise<string>
  addProblem(message: string): void
  /** Throws `ConfigError` if there is a problem. */
  throwIfInvalid(): void
}

/** Throws `ConfigError` if the directory cannot be read. */
export async function openSecretFiles(path: string): Promise<SecretFiles> {
  const problems: ConfigProblem[] = []
  const addProblem = (message: string): void => void problems.push({ path: 'secrets', message })
  const throwIfInvalid = (): void => {
    if (problems.length > 0) throw new ConfigError(problems)
  }
  const read = (file: string): Promise<string> =>
    readFile(join(path, file), 'utf8').catch((error: unknown) => {
      addProblem(`cannot read ${join(path, file)} (${codeOf(error)})`)
      return ''
    })
  const all = await listFiles(path)
  const hasKeyring = all.includes(KEYRING_FILE)
  const incomplete = hasKeyring ? new Set() : await filesOfPendingKeyrings(path, all)
  const names = all.filter((name) => !incomplete.has(name))
  const keys = hasKeyring ? [] : await filterPrivateKeys(names, read)
  const secrets = names.filter((name) => /^secret(.*\.txt)?$/.test(name))
  return { hasKeyring, keys, secrets, read, addProblem, throwIfInvalid }
}

async function listFiles(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path)).sort()
  } catch (error) {
    const missing = `the directory ${path} does not exist. Run \`consulate install\``
    const unreadable = `cannot read the directory ${path} (${codeOf(error)})`
    throw new ConfigError([{ path: 'secrets', message: codeOf(error) === 'ENOENT' ? missing : unreadable }])
  }
}

/** The key files of a first keyring that another command is writing, or was writing when it was interrupted. */
async function filesOfPendingKeyrings(path: string, names: readonly string[]): Promise<ReadonlySet<string>> {
  const texts = names.filter(isPendingFile).map((name) => readFile(join(path, name), 'utf8').catch(() => ''))
  const keyrings = (await Promise.all(texts)).map(parseKeyring)
  const entries = keyrings.flatMap((keyring) => (keyring ? [...keyring.signing, ...keyring.secrets] : []))
  return new Set(entries.map(({ file }) => file))
}

/** Certificates and public keys have the same file extensions, so the content decides. */
async function filterPrivateKeys(
  names: readonly string[],
  read: (file: string) => Promise<string>,
): Promise<readonly string[]> {
  const candidates = names.filter((name) => /^[^.].*\.(pem|key)$/.test(name))
  const isKey = await Promise.all(candidates.map(async (name) => hasPrivateKey(await read(name))))
  return candidates.filter((_, index) => isKey[index])
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error)
