import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** A file to write. */
export interface FileToWrite {
  /** Relative to the folder. */
  readonly path: string
  readonly text: string
  /** False: the write fails with `EEXIST` if the file exists. */
  readonly overwrite: boolean
  /** Default: that of the umask. */
  readonly mode?: number
}

const TEMPORARY = '.consulate-init-'

/**
 * Writes all files, or none if one of them cannot be written: each is written and synced under a temporary name, then all
 * are renamed. If the process is killed in between, some have their names, none is half-written, and the next run continues.
 */
export async function writeFiles(folder: string, files: readonly FileToWrite[]): Promise<void> {
  await removeLeftovers(folder)
  const temporary = files.map(() => join(folder, `${TEMPORARY}${randomUUID()}.tmp`))
  try {
    for (const [index, { text, mode }] of files.entries())
      await writeSynced(temporary[index] ?? '', text, mode)
    for (const [index, { path, overwrite }] of files.entries()) {
      const target = join(folder, path)
      await mkdir(dirname(target), { recursive: true })
      if (overwrite) await rename(temporary[index] ?? '', target)
      else await link(temporary[index] ?? '', target)
    }
  } finally {
    await Promise.all(temporary.map((path) => rm(path, { force: true })))
  }
}

/** Removes what a killed run left behind. */
async function removeLeftovers(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(TEMPORARY))
  await Promise.all(names.map((name) => rm(join(folder, name), { force: true })))
}

async function writeSynced(path: string, text: string, mode?: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}
