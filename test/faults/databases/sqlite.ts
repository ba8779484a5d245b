import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Fault, Setting } from './fault.ts'
import { canMount, mountDisk } from './full-disk.ts'
import { NODE_FAULTS } from './local-faults.ts'
import { openWorld } from './world.ts'

export const SQLITE: Setting = {
  name: 'SQLite',
  isAvailable: true,
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'consulate-faults-'))
    if (canMount) mountDisk(folder, '64m')
    const file = join(folder, 'data.db')
    const world = await openWorld({ file })
    return {
      world,
      faults: [lockedFor(8_000, file), ...(canMount ? [fullDisk(folder)] : []), ...NODE_FAULTS],
      async close() {
        await world.stop()
        if (canMount) spawnSync('umount', ['-l', folder])
        await rm(folder, { recursive: true, force: true })
      },
    }
  },
}

function lockedFor(duration: number, file: string): Fault {
  let other: DatabaseSync | undefined
  return {
    name: `locked by another process for ${duration / 1000} s`,
    duration,
    begin() {
      other = new DatabaseSync(file, { timeout: 1_000 })
      other.exec('begin immediate')
    },
    end() {
      other?.exec('rollback')
      other?.close()
    },
  }
}

function fullDisk(folder: string): Fault {
  const ballast = join(folder, 'ballast')
  return {
    name: 'disk full for 5 s',
    duration: 5_000,
    begin: () => writeFile(ballast, Buffer.alloc(2 ** 27)).catch(() => undefined),
    end: () => rm(ballast),
  }
}
