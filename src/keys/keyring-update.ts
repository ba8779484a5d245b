import { rm, stat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../errors.ts'
import { writeFileAtomically, createFile, type FileOwner } from './durable-file.ts'
import { formatKeyring, KEYRING_FILE, type Keyring, type KeyringEntry, parseKeyring } from './keyring.ts'
import type { NewKey } from './key-material.ts'
import { secretsFromDirectory } from './directory.ts'
import { createKeySet } from './key-set.ts'

/** There while a command replaces the keyring, so that no other one undoes what it does. */
const LOCK_FILE = 'keyring.lock'

/** A keyring to put in force, with the keys in it that have no file yet. */
export interface KeyringChange {
  readonly keyring: Keyring
  readonly added: readonly NewKey<KeyringEntry>[]
  /** Whether it takes the place of another keyring. */
  readonly replaces: boolean
}

/**
 * Writes the files of new keys, then puts the keyring that names them in its place: from that moment on it is in force,
 * whole. Whether it is: without `replaces`, of several who try at once, one succeeds. Otherwise nothing of it stays. The
 * keyring is written before them, beside its place, so that others can tell what is being made from what is there.
 */
export async function commitKeyring(
  path: string,
  { keyring, added, replaces }: KeyringChange,
): Promise<boolean> {
  const owner = await directoryOwner(path)
  const beforeCommit = async (): Promise<void> => {
    for (const { entry, text } of added) await createFile(join(path, entry.file), text, owner)
  }
  let isCommitted = false
  try {
    isCommitted = await writeFileAtomically(join(path, KEYRING_FILE), formatKeyring(keyring), {
      replace: replaces,
      owner,
      beforeCommit,
    })
    return isCommitted
  } finally {
    if (!isCommitted)
      await removeKeyFiles(
        path,
        added.map(({ entry }) => entry),
      )
  }
}

/** Removes the files of keys, those that are there. */
export const removeKeyFiles = async (path: string, entries: readonly KeyringEntry[]): Promise<void> =>
  void (await Promise.all(entries.map(({ file }) => rm(join(path, file), { force: true }))))

/** Works while no other command replaces the keyring. Throws `ConfigError` where one does already. */
export async function withLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const lock = join(path, LOCK_FILE)
  await createFile(lock, `${process.pid}\n`).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const message = `another command is replacing the keys; if none is, one was cut off: delete ${lock}`
    throw new ConfigError([{ path: 'secrets', message }])
  })
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

/** What root makes in the directory of the server's account must be that account's, or the server could not read it. */
async function directoryOwner(path: string): Promise<FileOwner | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const { uid, gid } = await stat(path)
  return { uid, gid }
}

/** The keyring of a directory as it was read, to be replaced by what follows from it. */
export interface OpenKeyring {
  readonly keyring: Keyring
  /** The text of a key's file. */
  textOf(entry: KeyringEntry): Promise<string>
  /**
   * Puts another keyring in force, with new keys in it, and removes the files of those that are gone. Throws
   * `ConfigError` where the keyring is not the one that was read any more.
   */
  replace(keyring: Keyring, added: readonly NewKey<KeyringEntry>[]): Promise<void>
}

/**
 * Reads a keyring in order to replace it. Throws `ConfigError` where there is none and where a server could not start
 * with it: what is broken is not to be rotated away.
 */
export async function openKeyring(path: string): Promise<OpenKeyring> {
  await createKeySet(await secretsFromDirectory(path).load())
  const text = await readText(path)
  const keyring = parseKeyring(text) ?? fail(`${path} ${NO_KEYRING}`)
  return {
    keyring,
    textOf: ({ file }) => readFile(join(path, file), 'utf8'),
    replace: (successor, added) =>
      withLock(path, async () => {
        if ((await readText(path)) !== text) fail(`the keys in ${path} were just replaced by another command`)
        await commitKeyring(path, { keyring: successor, added, replaces: true })
        await removeKeyFiles(path, entriesOf(keyring).filter(isNotIn(successor)))
      }),
  }
}

const NO_KEYRING =
  `has keys of your own and no ${KEYRING_FILE}: these are rotated by hand, through the environment ` +
  '(CONSULATE_NEXT_PRIVATE_KEYS, CONSULATE_NEXT_SECRETS)'

const readText = (path: string): Promise<string> =>
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
