import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Builds something once per run, and returns its folder: the first worker builds, and the others wait. All workers have the
 * same temporary folder.
 */
export async function oncePerRun(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(tmpdir(), `consulate-${name}`)
  const [unfinished, finished, failure] = [`${folder}-unfinished`, folder, `${folder}-failure`]
  if (isFirst(unfinished)) {
    await build(unfinished)
      .then(() => rename(unfinished, finished))
      .catch((error: unknown) => writeFile(failure, String(error)))
  }
  while (!existsSync(finished)) {
    if (existsSync(failure)) throw new Error(`${name} could not be built: ${readFileSync(failure, 'utf8')}`)
    await sleep(50)
  }
  return finished
}

/** Creates the folder. Returns false if a worker has created it before, finished or not. */
function isFirst(folder: string): boolean {
  try {
    mkdirSync(`${folder}-claim`)
    mkdirSync(folder)
    return true
  } catch {
    return false
  }
}
