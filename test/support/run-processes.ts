import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folderIn = (temporary: string): string => join(temporary, 'consulate-processes')

/** Lets a process run until the whole run ends, for the workers that come after this one too. */
export function keepForRun(pid: number): void {
  const folder = folderIn(tmpdir())
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, String(pid)), '')
}

/** Stops the processes of a run. SIGQUIT makes database servers stop immediately and release their shared memory. */
export function stopRunProcesses(temporary: string): void {
  for (const pid of pidsIn(folderIn(temporary))) {
    try {
      process.kill(pid, 'SIGQUIT')
    } catch {
      // It has ended already.
    }
  }
}

function pidsIn(folder: string): readonly number[] {
  try {
    return readdirSync(folder).map(Number)
  } catch {
    return []
  }
}
