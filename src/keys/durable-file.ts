import { link, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Only for the account that the server runs as. */
const OWNER_ONLY = 0o600

/** The account that a file belongs to. */
export interface FileOwner {
  readonly uid: number
  readonly gid: number
}

/** Writes a new file with mode 0600 that survives a power cut. Throws `EEXIST` where there is one. */
export async function createFile(path: string, text: string, owner?: FileOwner): Promise<void> {
  const file = await open(path, 'wx', OWNER_ONLY)
  try {
    if (owner) await file.chown(owner.uid, owner.gid)
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** How a file is put in its place. */
export interface AtomicWriteOptions {
  /** Whether it takes the place of another one. */
  readonly replace: boolean
  readonly owner?: FileOwner | undefined
  /** What is done before, once the text lies beside its place. */
  readonly beforeCommit?: () => Promise<void>
}

/**
 * Puts a file in its place whole or not at all: written beside it under another name, then renamed. With `replace` off,
 * whether it did: of several who try at once, one does.
 */
export async function writeFileAtomically(
  path: string,
  text: string,
  { replace: replaces, owner, beforeCommit }: AtomicWriteOptions,
): Promise<boolean> {
  const temporary = join(dirname(path), `.${crypto.randomUUID()}.${replaces ? 'tmp' : FIRST}`)
  try {
    await createFile(temporary, text, owner)
    await beforeCommit?.()
    const isPlaced = replaces ? await replace(temporary, path) : await linkIfAbsent(temporary, path)
    await syncDirectory(dirname(path))
    return isPlaced
  } finally {
    await rm(temporary, { force: true })
  }
}

const FIRST = 'new'

/** Whether a file of this name is about to be the first in its place, or would have been: who wrote it was cut off. */
export const isPendingFile = (name: string): boolean => name.startsWith('.') && name.endsWith(`.${FIRST}`)

async function replace(from: string, to: string): Promise<true> {
  await rename(from, to)
  return true
}

/** What file systems without hard links answer (FAT, some network shares). */
const LINKLESS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/** A hard link fails where the name is taken; a rename would take it away from whoever was first. */
async function linkIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (LINKLESS.has(code)) return replace(from, to)
    throw error
  }
}

/**
 * A new name is durable only once its directory is. What is in its place stays there even where that cannot be had:
 * Windows and some network shares do not sync directories.
 */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r').catch(() => undefined)
  await directory?.sync().catch(() => undefined)
  await directory?.close()
}
