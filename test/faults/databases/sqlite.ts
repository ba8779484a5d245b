import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Fault, Setting } from './fault.ts'
import { canMount, fullDisk, mountDisk, unmountDisk } from './full-disk.ts'
import { NODE_FAULTS } from './local-faults.ts'
import { openWorld } from './world.ts'

/** In megabytes. */
const DISK_SIZE = 64

export const SQLITE: Setting = {
  name: 'SQLite',
  isAvailable: true,
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'consulate-faults-'))
    if (canMount) mountDisk(folder, DISK_SIZE)
    const file = join(folder, 'data.db')
    const world = await openWorld({ file })
    return {
      world,
      faults: [lockedFor(8_000, file), ...(canMount ? [fullDisk(folder, DISK_SIZE)] : []), ...NODE_FAULTS],
      async close() {
        await world.stop()
        if (canMount) unmountDisk(folder)
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
