import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../errors.ts'
import { secretsFromDirectory } from './directory.ts'
import { createFile, writeFileAtomically, type FileOwner } from './durable-file.ts'
import type { NewKey } from './key-material.ts'
import { createKeySet } from './key-set.ts'
import type { OpenKeyring } from './managed.ts'
import { formatKeyring, KEYRING_FILE, parseKeyring, type Keyring, type KeyringEntry } from './keyring.ts'

/** Exists while a command changes the keyring, so that no other command changes it at the same time. */
const LOCK_FILE = 'keyring.lock'

export interface KeyringChange {
  readonly keyring: Keyring
  /** The keys in it that have no file yet. */
  readonly added: readonly NewKey<KeyringEntry>[]
  /** Whether to replace an existing keyring. */
  readonly overwrite: boolean
}

/**
 * Writes the files of new keys and then the keyring that lists them, which takes effect as a whole. Returns whether it did:
 * without `overwrite`, only one of several concurrent calls succeeds. If not, the new files are removed.
 *
 * The keyring is first written to a temporary file, before the keys. So others can tell which files belong to a keyring
 * that is not complete.
 */
export async function commitKeyring(
  path: string,
  { keyring, added, overwrite }: KeyringChange,
): Promise<boolean> {
  const owner = await directoryOwner(path)
  const writeKeys = async (): Promise<void> => {
    for (const { entry, text } of added) await createFile(join(path, entry.file), text, owner)
  }
  let isCommitted = false
  try {
    const options = { overwrite, owner, beforeCommit: writeKeys }
    isCommitted = await writeFileAtomically(join(path, KEYRING_FILE), formatKeyring(keyring), options)
    return isCommitted
  } finally {
    const entries = added.map(({ entry }) => entry)
    if (!isCommitted) await removeKeyFiles(path, entries)
  }
}

/** Ignores files that do not exist. */
export const removeKeyFiles = async (path: string, entries: readonly KeyringEntry[]): Promise<void> =>
  void (await Promise.all(entries.map(({ file }) => rm(join(path, file), { force: true }))))

/** Runs `work` while it holds the lock. Throws `ConfigError` if another command holds it. */
export async function withLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const lock = join(path, LOCK_FILE)
  await createFile(lock, `${process.pid}\n`).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    fail(`another command is changing the keys. If no command is running, delete ${lock}`)
  })
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

/** Files that root creates get the owner of the directory, so that the server can read them. */
async function directoryOwner(path: string): Promise<FileOwner | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const { uid, gid } = await stat(path)
  return { uid, gid }
}

/** Opens a keyring. Throws `ConfigError` if it is missing, or if a server could not start with its keys. */
export async function openKeyring(path: string): Promise<OpenKeyring> {
  await createKeySet(await secretsFromDirectory(path).load())
  const text = await readKeyringText(path)
  const keyring = parseKeyring(text) ?? fail(`${path} ${NO_KEYRING}`)
  return {
    keyring,
    textOf: ({ file }) => readFile(join(path, file), 'utf8'),
    replace: (successor, added) =>
      withLock(path, async () => {
        if ((await readKeyringText(path)) !== text)
          fail(`another command has just changed the keys in ${path}`)
        await commitKeyring(path, { keyring: successor, added, overwrite: true })
        await removeKeyFiles(path, entriesOf(keyring).filter(isNotIn(successor)))
      }),
  }
}

const NO_KEYRING =
  `contains your own keys and no ${KEYRING_FILE}. Rotate them manually with the environment variables ` +
  'CONSULATE_NEXT_PRIVATE_KEYS and CONSULATE_NEXT_SECRETS'

const readKeyringText = (path: string): Promise<string> =>
  readFile(join(path, KEYRING_FILE), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  })

const entriesOf = ({ signing, secrets }: Keyring): readonly KeyringEntry[] => [...signing, ...secrets]

function isNotIn(keyring: Keyring): (entry: KeyringEntry) => boolean {
  const files = new Set(entriesOf(keyring).map(({ file }) => file))
  return ({ file }) => !files.has(file)
}

function fail(message: string): never {
  throw new ConfigError([{ path: 'secrets', message }])
}
