import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stopRunProcesses, stopWithThisProcess } from './run-processes.ts'

/**
 * Creates one folder for all temporary files of a run. Workers find it with `os.tmpdir()`. It is deleted, including what
 * killed processes left behind, when this process exits: a teardown would run while workers and browsers still write.
 */
export function setup(): void {
  const folder = mkdtempSync(join(tmpdir(), 'consulate-tests-'))
  // A test runs a process of another user, which must be able to reach its files.
  chmodSync(folder, 0o711)
  process.env['TMPDIR'] = folder
  // Workers and the processes of tests compile each module once per run.
  process.env['NODE_COMPILE_CACHE'] = join(folder, 'compiled')
  stopWithThisProcess(folder)
  process.once('exit', () => {
    stopRunProcesses(folder)
    remove(folder)
  })
}

/** A browser may take a moment to end after its worker. What it writes even later is no failure of a test. */
function remove(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  } catch (error) {
    console.warn(`The folder ${folder} was not deleted: ${String(error)}`)
  }
}
