import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { KEYRING_FILE, parseKeyring } from './keyring.ts'
import type { SecretEntry, SigningEntry } from './keyring.ts'
import { readSigningKey, thumbprint } from './pem.ts'
import { rootSecretId } from './root-secret.ts'
import { codeOf, openSecretFiles } from './secret-files.ts'
import type { SecretFiles } from './secret-files.ts'
import type { RootSecret, Secrets, SecretsSource, SigningKey } from './secrets.ts'

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
  files.check()
  return secrets
}

const NOTHING: Secrets = { signingKeys: [], secrets: [] }

async function loadKeyring(path: string, files: SecretFiles): Promise<Secrets> {
  const keyring = parseKeyring(await files.read(KEYRING_FILE))
  if (!keyring) {
    files.note(`${join(path, KEYRING_FILE)} is damaged: restore it from a backup`)
    return NOTHING
  }
  const noteExchanged = (file: string): void =>
    files.note(`${join(path, file)} is not the one that ${KEYRING_FILE} was written for`)
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
    files.note(`there are no keys in ${path}: run \`consulate install\``)
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
  if (names.length !== 1) files.note(`without ${KEYRING_FILE}, ${path} needs exactly one ${what}; ${found}`)
  return names[0]
}
