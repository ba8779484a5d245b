import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sqlite } from '../../src/store/sqlite.ts'
import { oncePerRun } from './once-per-run.ts'

/** Creates a SQLite file with all tables. Copying one takes a millisecond, and migrating takes fifty. */
export async function createMigratedFile(path: string): Promise<void> {
  const folder = await oncePerRun('migrated', migrate)
  await copyFile(join(folder, 'data.db'), path)
}

async function migrate(folder: string): Promise<void> {
  const store = sqlite(join(folder, 'data.db'))
  await store.migrate()
  await store.close()
}
