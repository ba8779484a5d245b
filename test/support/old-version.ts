import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../house/repository.ts'
import { isAvailable } from './available.ts'

/** The first commit whose program starts beside later migrations. It knows those up to 0013. Replace it with each release. */
const COMMIT = '5d232c57f0244bf6940b35303180db682119a8cb'

/** Whether the history has the earlier version. A shallow clone has not, and neither has a downloaded archive. */
export const hasOldVersion = isAvailable(
  isInHistory(),
  'The tests of an earlier version need the history of the repository (`git fetch --unshallow`). They are skipped.',
)

function isInHistory(): boolean {
  try {
    execFileSync('git', ['cat-file', '-e', `${COMMIT}^{commit}`], { cwd: ROOT, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Returns a folder with the source of an earlier version of the program, and of its tests. */
export async function checkOutOldVersion(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'consulate-old-'))
  const command =
    'git archive "$1" src test/support test/cli/run.ts test/house/repository.ts package.json tsconfig.json | tar -x -C "$2"'
  await promisify(execFile)('sh', ['-c', command, 'sh', COMMIT, folder], { cwd: ROOT })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}
