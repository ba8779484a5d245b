import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../errors.ts'
import type { ConfigProblem } from '../errors.ts'
import { isAwaitingPlace } from './durable-file.ts'
import { KEYRING_FILE, parseKeyring } from './keyring.ts'
import { hasPrivateKey } from './pem.ts'

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
  note(message: string): void
  /** Throws `ConfigError` if anything was noted. */
  check(): void
}

/** Looks into a directory of secrets. Throws `ConfigError` where it cannot be read. */
export async function openSecretFiles(path: string): Promise<SecretFiles> {
  const problems: ConfigProblem[] = []
  const note = (message: string): void => void problems.push({ path: 'secrets', message })
  const check = (): void => {
    if (problems.length > 0) throw new ConfigError(problems)
  }
  const read = (file: string): Promise<string> =>
    readFile(join(path, file), 'utf8').catch((error: unknown) => {
      note(`${join(path, file)} cannot be read (${codeOf(error)})`)
      return ''
    })
  const all = await list(path)
  const hasKeyring = all.includes(KEYRING_FILE)
  const unfinished = hasKeyring ? new Set() : await filesBeingMade(path, all)
  const names = all.filter((name) => !unfinished.has(name))
  const keys = hasKeyring ? [] : await filterKeys(names, read)
  const secrets = names.filter((name) => /^secret(.*\.txt)?$/.test(name))
  return { hasKeyring, keys, secrets, read, note, check }
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
  const texts = names
    .filter(isAwaitingPlace)
    .map((name) => readFile(join(path, name), 'utf8').catch(() => ''))
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
