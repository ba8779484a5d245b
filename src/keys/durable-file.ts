import { link, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const OWNER_ONLY = 0o600

export interface FileOwner {
  readonly uid: number
  readonly gid: number
}

/** Creates a file with mode 0600 and syncs it to disk. Throws `EEXIST` if it exists. */
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

export interface AtomicWriteOptions {
  readonly overwrite: boolean
  readonly owner?: FileOwner | undefined
  /** Called after the temporary file is written, before it is moved into place. */
  readonly beforeCommit?: () => Promise<void>
}

/**
 * Writes a file as a whole or not at all, by writing a temporary file and moving it into place. Returns whether the file
 * was written: without `overwrite`, only one of several concurrent calls succeeds.
 */
export async function writeFileAtomically(
  path: string,
  text: string,
  { overwrite, owner, beforeCommit }: AtomicWriteOptions,
): Promise<boolean> {
  const temporary = join(dirname(path), `.${crypto.randomUUID()}.${overwrite ? 'tmp' : PENDING}`)
  try {
    await createFile(temporary, text, owner)
    await beforeCommit?.()
    const isWritten = overwrite ? await move(temporary, path) : await moveIfAbsent(temporary, path)
    await syncDirectory(dirname(path))
    return isWritten
  } finally {
    await rm(temporary, { force: true })
  }
}

const PENDING = 'new'

/** Returns whether this is the temporary file of a write without `overwrite` that is in progress or was interrupted. */
export const isPendingFile = (name: string): boolean => name.startsWith('.') && name.endsWith(`.${PENDING}`)

async function move(from: string, to: string): Promise<true> {
  await rename(from, to)
  return true
}

/** The error codes of file systems without hard links (FAT, some network shares). */
const NO_HARD_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/** Creating a hard link fails if the file exists. Renaming would overwrite it. */
async function moveIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (NO_HARD_LINKS.has(code)) return move(from, to)
    throw error
  }
}

/** A new name is durable once its directory is synced. Windows and some network shares cannot do that, so errors are ignored. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r').catch(() => undefined)
  await directory?.sync().catch(() => undefined)
  await directory?.close()
}
