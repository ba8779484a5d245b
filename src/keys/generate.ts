import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../errors.ts'
import { isSigningAlgorithm, MINIMUM_RSA_LENGTH, SIGNING_ALGORITHMS } from './algorithm.ts'
import { placeFile, writeNewFile } from './durable-file.ts'
import { formatKeyring, KEYRING_FILE, parseKeyring } from './keyring.ts'
import { createSecrets } from './new-secrets.ts'
import type { NewSecrets } from './new-secrets.ts'
import { openSecretFiles } from './secret-files.ts'
import type { SigningAlgorithm } from './secrets.ts'

/** What keys to make. */
export interface GenerateOptions {
  /** Default `ES256`. */
  readonly algorithm?: SigningAlgorithm
  /** Bits of an RSA key, from 2048 to 16384; default 4096. Other keys have no choice of length. */
  readonly length?: number
  /** Whether existing keys are replaced: every token, code and cookie made with them is void then. Default false. */
  readonly force?: boolean
}

/** What became of it. */
export interface GeneratedSecrets {
  /** False where there were keys already; then nothing was touched. */
  readonly created: boolean
  readonly directory: string
  /** The names of the files that were written, the keyring last. */
  readonly files: readonly string[]
  /** The `kid` of the new signing key; null where none was made. */
  readonly kid: string | null
}

/**
 * Makes a signing key and a root secret in a directory (0700, files 0600, ignored by git), unless it has some. Of
 * several processes that do so at once, one succeeds and the others leave its keys alone. Throws `ConfigError` for an
 * option that cannot be and for a directory that cannot be read.
 */
export async function generateSecrets(
  path: string,
  options: GenerateOptions = {},
): Promise<GeneratedSecrets> {
  const { algorithm = 'ES256', length = 4096, force = false } = options
  checkOptions({ ...options, algorithm })
  await mkdir(path, { recursive: true, mode: 0o700 })
  const untouched = { created: false, directory: path, files: [], kid: null }
  if (!force && (await hasSecrets(path))) return untouched
  const outdated = await listedFiles(path)
  const secrets = await createSecrets(algorithm, length)
  if (!(await writeSecrets(path, secrets, force))) return untouched
  await removeFiles(path, outdated)
  const files = [...secrets.files.map(([name]) => name), KEYRING_FILE]
  return { created: true, directory: path, files, kid: secrets.kid }
}

function checkOptions({ algorithm, length }: GenerateOptions): void {
  const isRsa = algorithm === 'RS256' || algorithm === 'PS256'
  if (!isSigningAlgorithm(algorithm)) fail('algorithm', `must be one of ${SIGNING_ALGORITHMS.join(', ')}`)
  if (length === undefined) return
  if (!isRsa) fail('length', 'is for RSA keys: choose the algorithm RS256 or PS256, or leave it out')
  if (Number.isInteger(length) && length >= MINIMUM_RSA_LENGTH && length <= 16_384) return
  fail('length', `must be a number of bits from ${MINIMUM_RSA_LENGTH} to 16384`)
}

/** Keys of a person's own count, and so does what an interrupted run left: it may be all that somebody still has. */
async function hasSecrets(path: string): Promise<boolean> {
  const files = await openSecretFiles(path)
  files.check()
  return files.hasKeyring || files.keys.length + files.secrets.length > 0
}

/** The files that the keyring lists: no others are ours to remove. A damaged keyring lists none. */
async function listedFiles(path: string): Promise<readonly string[]> {
  const keyring = parseKeyring(await readFile(join(path, KEYRING_FILE), 'utf8').catch(() => ''))
  return keyring ? [...keyring.signing, ...keyring.secrets].map(({ file }) => file) : []
}

/** Whether the new secrets are in force: once the keyring is in its place. Otherwise nothing of them stays. */
async function writeSecrets(
  path: string,
  { files, keyring }: NewSecrets,
  replace: boolean,
): Promise<boolean> {
  const names = files.map(([name]) => name)
  let isCommitted = false
  try {
    await ignoreInGit(path)
    for (const [name, text] of files) await writeNewFile(join(path, name), text)
    isCommitted = await placeFile(join(path, KEYRING_FILE), formatKeyring(keyring), { replace })
    return isCommitted
  } finally {
    if (!isCommitted) await removeFiles(path, names)
  }
}

const removeFiles = async (path: string, names: readonly string[]): Promise<void> =>
  void (await Promise.all(names.map((name) => rm(join(path, name), { force: true }))))

/** Keys in a repository belong to everybody who ever sees it. */
const ignoreInGit = (path: string): Promise<void> =>
  writeNewFile(join(path, '.gitignore'), '*\n').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  })

function fail(path: string, message: string): never {
  throw new ConfigError([{ path, message }])
}
