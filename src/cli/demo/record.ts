import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomically } from '../../keys/durable-file.ts'
import { randomBase64url } from '../../lib/hash.ts'

/** What the demo's clients know of themselves, as an application would keep it in its environment. */
export interface DemoRecord {
  /** The secret of the web application. */
  readonly webSecret: string
  /** The secret of the machine. */
  readonly machineSecret: string
}

/** The file of the record, which also tells that the data beside it are the demo's. */
export const recordPath = (folder: string): string => join(folder, 'demo.json')

/**
 * Reads the record of a data folder, or makes it (mode 0600). The database has only hashes of these secrets, so this is
 * where the demo finds them again.
 */
export async function openRecord(folder: string): Promise<DemoRecord> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const record: DemoRecord = { webSecret: randomBase64url(32), machineSecret: randomBase64url(32) }
  await writeFileAtomically(recordPath(folder), `${JSON.stringify(record, null, 2)}\n`, { replace: false })
  return JSON.parse(await readFile(recordPath(folder), 'utf8')) as DemoRecord
}
