import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../errors.ts'
import { placeFile, writeNewFile } from './durable-file.ts'
import type { Owner } from './durable-file.ts'
import { formatKeyring, KEYRING_FILE } from './keyring.ts'
import type { Keyring, KeyringEntry } from './keyring.ts'
import type { New } from './new-secrets.ts'

/** There while a command replaces the keyring, so that no other one undoes what it does. */
const LOCK_FILE = 'keyring.lock'

/** A keyring to put in force, with the keys in it that have no file yet. */
export interface Change {
  readonly keyring: Keyring
  readonly added: readonly New<KeyringEntry>[]
  /** Whether it takes the place of another keyring. */
  readonly replace: boolean
}

/**
 * Writes the files of new keys, then puts the keyring that names them in its place: from that moment on it is in force,
 * whole. Whether it is: without `replace`, of several who try at once, one succeeds. Otherwise nothing of it stays. The
 * keyring is written before them, beside its place, so that others can tell what is being made from what is there.
 */
export async function commitKeyring(path: string, { keyring, added, replace }: Change): Promise<boolean> {
  const owner = await ownerOf(path)
  const prepare = async (): Promise<void> => {
    for (const { entry, text } of added) await writeNewFile(join(path, entry.file), text, owner)
  }
  let isCommitted = false
  try {
    isCommitted = await placeFile(join(path, KEYRING_FILE), formatKeyring(keyring), {
      replace,
      owner,
      prepare,
    })
    return isCommitted
  } finally {
    if (!isCommitted)
      await removeFiles(
        path,
        added.map(({ entry }) => entry),
      )
  }
}

/** Removes the files of keys, those that are there. */
export const removeFiles = async (path: string, entries: readonly KeyringEntry[]): Promise<void> =>
  void (await Promise.all(entries.map(({ file }) => rm(join(path, file), { force: true }))))

/** Works while no other command replaces the keyring. Throws `ConfigError` where one does already. */
export async function whileLocked<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const lock = join(path, LOCK_FILE)
  await writeNewFile(lock, `${process.pid}\n`).catch((error: unknown) => {
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
async function ownerOf(path: string): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const { uid, gid } = await stat(path)
  return { uid, gid }
}
