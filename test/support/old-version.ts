import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../house/repository.ts'
import { isAvailable } from './available.ts'

/** Returns whether the history has a commit. A shallow clone may not, and a downloaded archive has none. */
export const hasOldVersion = (commit: string): boolean =>
  isAvailable(
    isInHistory(commit),
    'The tests of an earlier version need the history of the repository (`git fetch --unshallow`). They are skipped.',
  )

function isInHistory(commit: string): boolean {
  try {
    execFileSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: ROOT, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Returns a folder with the source of an earlier version of the program, and of its tests. */
export async function checkOutOldVersion(commit: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'consulate-old-'))
  const command =
    'git archive "$1" src test/support test/cli/run.ts test/house/repository.ts package.json tsconfig.json | tar -x -C "$2"'
  await promisify(execFile)('sh', ['-c', command, 'sh', commit, folder], { cwd: ROOT })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}
