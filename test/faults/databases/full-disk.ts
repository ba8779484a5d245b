import { spawnSync } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAvailable } from '../../support/available.ts'
import type { Fault } from './fault.ts'

/** Whether this process may mount a disk: only root, and not in every container. */
export const canMount = isAvailable(
  process.getuid?.() === 0 &&
    spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0,
  'Full disks are left out: they need a mount, as root on Linux.',
)

/** Mounts a disk of this size (MB) on a folder. */
export function mountDisk(folder: string, size: number): void {
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}m`, 'tmpfs', folder])
  if (status !== 0) throw new Error(`A disk cannot be mounted: ${stderr.toString()}`)
}

export const unmountDisk = (folder: string): void => void spawnSync('umount', ['-l', folder])

/** Fills the disk of this size (MB) on a folder. */
export function fullDisk(folder: string, size: number): Fault {
  const ballast = join(folder, 'ballast')
  return {
    name: 'disk full for 5 s',
    duration: 5_000,
    // It writes what fits.
    begin: () => writeFile(ballast, Buffer.alloc(size * 2 ** 20)).catch(() => undefined),
    end: () => rm(ballast),
  }
}
