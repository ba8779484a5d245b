import { stat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KEYRING_FILE, parseKeyring, type SecretEntry, type SigningEntry } from './keyring.ts'
import { readSigningKey, thumbprint, hasPrivateKey } from './pem.ts'
import { rootSecretId } from './derived.ts'
import type { RootSecret, Secrets, SecretsSource, SigningKey } from './secrets.ts'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import { isPendingFile } from './durable-file.ts'
/**
 * Reads the secrets from a directory that `consulate install` made, or from one of your own with a single private key
 * (`*.pem` or `*.key`) and a single secret (`secret` or `secret*.txt`). Loading throws `ConfigError` with all that is
 * missing, unreadable or not what the keyring says.
 */
export const secretsFromDirectory = (path: string): SecretsSource => ({
  description: `the directory ${path}`,
  directory: path,
  load: () => load(path),
  version: () => version(path),
})

/** A keyring is always replaced, never written to: what tells one from another is its inode and its times. */
async function version(path: string): Promise<string> {
  const file = join(path, KEYRING_FILE)
  const status = await stat(file, { bigint: true }).catch((error: unknown) => codeOf(error))
  if (typeof status === 'string') return status
  return [status.ino, status.size, status.mtimeNs, status.ctimeNs].join('.')
}

/** Who reads while the keyring is replaced may miss the file of a key that was dropped: the new one does not name it. */
async function load(path: string): Promise<Secrets> {
  const before = await version(path)
  return read(path).catch(async (error: unknown) => {
    if ((await version(path)) === before) throw error
    return load(path)
  })
}

async function read(path: string): Promise<Secrets> {
  const files = await openSecretFiles(path)
  const secrets = files.hasKeyring ? await loadKeyring(path, files) : await loadOwn(path, files)
  files.throwProblems()
  return secrets
}

const NOTHING: Secrets = { signingKeys: [], secrets: [] }

async function loadKeyring(path: string, files: SecretFiles): Promise<Secrets> {
  const keyring = parseKeyring(await files.read(KEYRING_FILE))
  if (!keyring) {
    files.addProblem(`${join(path, KEYRING_FILE)} is damaged: restore it from a backup`)
    return NOTHING
  }
  const noteExchanged = (file: string): void =>
    files.addProblem(`${join(path, file)} is not the one that ${KEYRING_FILE} was written for`)
  return {
    signingKeys: await Promise.all(
      keyring.signing.map((entry) => loadSigningKey(files, entry, noteExchanged)),
    ),
    secrets: await Promise.all(keyring.secrets.map((entry) => loadSecret(files, entry, noteExchanged))),
  }
}

/** An unreadable key is left to the key set, which says what is wrong with it. */
async function loadSigningKey(
  files: SecretFiles,
  { file, kid, ...entry }: SigningEntry,
  noteExchanged: (file: string) => void,
): Promise<SigningKey> {
  const signingKey = { ...entry, privateKey: await files.read(file) }
  const reading = readSigningKey(signingKey)
  if ('key' in reading && (await thumbprint(reading.key.publicKey)) !== kid) noteExchanged(file)
  return signingKey
}

async function loadSecret(
  files: SecretFiles,
  { file, id, ...entry }: SecretEntry,
  noteExchanged: (file: string) => void,
): Promise<RootSecret> {
  const secret = { ...entry, value: (await files.read(file)).trim() }
  if (secret.value !== '' && rootSecretId(secret) !== id) noteExchanged(file)
  return secret
}

async function loadOwn(path: string, files: SecretFiles): Promise<Secrets> {
  const { keys, secrets } = files
  if (keys.length + secrets.length === 0) {
    files.addProblem(`there are no keys in ${path}: run \`consulate install\``)
    return NOTHING
  }
  const key = onlyOne(path, files, keys, 'private key (*.pem or *.key)')
  const secret = onlyOne(path, files, secrets, 'secret (secret or secret*.txt)')
  return {
    signingKeys: key === undefined ? [] : [{ privateKey: await files.read(key) }],
    secrets: secret === undefined ? [] : [{ value: (await files.read(secret)).trim() }],
  }
}

function onlyOne(
  path: string,
  files: SecretFiles,
  names: readonly string[],
  what: string,
): string | undefined {
  const found = names.length === 0 ? 'there is none' : `there are ${names.length}: ${names.join(', ')}`
  if (names.length !== 1)
    files.addProblem(`without ${KEYRING_FILE}, ${path} needs exactly one ${what}; ${found}`)
  return names[0]
}

/** A directory of secrets that is being read. What is wrong is collected, so that all of it is told at once. */
export interface SecretFiles {
  readonly hasKeyring: boolean
  /** Names of files with a private key in them: `*.pem` and `*.key`. Not looked for where a keyring names them. */
  readonly keys: readonly string[]
  /** Names of files with a secret: `secret` and `secret*.txt`. */
  readonly secrets: readonly string[]
  /** The text of a file; empty, with a problem noted, where it cannot be read. */
  read(file: string): Promise<string>
  /** Notes a problem with the directory or one of its files. */
  addProblem(message: string): void
  /** Throws `ConfigError` if anything was noted. */
  throwProblems(): void
}

/** Looks into a directory of secrets. Throws `ConfigError` where it cannot be read. */
export async function openSecretFiles(path: string): Promise<SecretFiles> {
  const problems: ConfigProblem[] = []
  const addProblem = (message: string): void => void problems.push({ path: 'secrets', message })
  const throwProblems = (): void => {
    if (problems.length > 0) throw new ConfigError(problems)
  }
  const read = (file: string): Promise<string> =>
    readFile(join(path, file), 'utf8').catch((error: unknown) => {
      addProblem(`${join(path, file)} cannot be read (${codeOf(error)})`)
      return ''
    })
  const all = await list(path)
  const hasKeyring = all.includes(KEYRING_FILE)
  const unfinished = hasKeyring ? new Set() : await filesBeingMade(path, all)
  const names = all.filter((name) => !unfinished.has(name))
  const keys = hasKeyring ? [] : await filterKeys(names, read)
  const secrets = names.filter((name) => /^secret(.*\.txt)?$/.test(name))
  return { hasKeyring, keys, secrets, read, addProblem, throwProblems }
}

async function list(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path)).sort()
  } catch (error) {
    const missing = `there is no directory ${path}: run \`consulate install\``
    const unreadable = `the directory ${path} cannot be read (${codeOf(error)})`
    throw new ConfigError([{ path: 'secrets', message: codeOf(error) === 'ENOENT' ? missing : unreadable }])
  }
}

/** What a first keyring names that is not in force yet: another command is at work, or was cut off. Nobody has used it. */
async function filesBeingMade(path: string, names: readonly string[]): Promise<ReadonlySet<string>> {
  const texts = names.filter(isPendingFile).map((name) => readFile(join(path, name), 'utf8').catch(() => ''))
  const keyrings = (await Promise.all(texts)).map(parseKeyring)
  const entries = keyrings.flatMap((keyring) => (keyring ? [...keyring.signing, ...keyring.secrets] : []))
  return new Set(entries.map(({ file }) => file))
}

/** Certificates and public keys have the same endings: only what is inside tells. */
async function filterKeys(
  names: readonly string[],
  read: (file: string) => Promise<string>,
): Promise<readonly string[]> {
  const candidates = names.filter((name) => /^[^.].*\.(pem|key)$/.test(name))
  const isKey = await Promise.all(candidates.map(async (name) => hasPrivateKey(await read(name))))
  return candidates.filter((_, index) => isKey[index])
}

/** The code of a failed system call, such as `ENOENT`. */
export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error)
