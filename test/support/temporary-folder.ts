import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let folder = ''

/** Creates one folder for all temporary files of a run. Workers find it with `os.tmpdir()`. */
export function setup(): void {
  folder = mkdtempSync(join(tmpdir(), 'consulate-tests-'))
  process.env['TMPDIR'] = folder
}

/** Deletes the folder, including what killed processes left behind. */
export function teardown(): void {
  rmSync(folder, { recursive: true, force: true })
}
