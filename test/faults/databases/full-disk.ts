import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { isAvailable } from '../../support/available.ts'

/** Whether this process may mount a disk: only root, and not in every container. */
export const canMount = isAvailable(
  process.getuid?.() === 0 &&
    spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0,
  'Full disks are left out: they need a mount, as root on Linux.',
)

/** Mounts a disk of this size on a folder. */
export function mountDisk(folder: string, size: string): void {
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder])
  if (status !== 0) throw new Error(`A disk cannot be mounted: ${stderr.toString()}`)
}
