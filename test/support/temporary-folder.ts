import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let folder = ''

/** Creates one folder for all temporary files of a run. Workers find it with `os.tmpdir()`. */
export function setup(): void {
  folder = mkdtempSync(join(tmpdir(), 'consulate-tests-'))
  // A test runs a process of another user, which must be able to reach its files.
  chmodSync(folder, 0o711)
  process.env['TMPDIR'] = folder
  // Workers and the processes of tests compile each module once per run.
  process.env['NODE_COMPILE_CACHE'] = join(folder, 'compiled')
}

/** Deletes the folder, including what killed processes left behind. */
export function teardown(): void {
  rmSync(folder, { recursive: true, force: true })
}
