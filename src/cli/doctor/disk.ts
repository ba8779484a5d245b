import { statfs } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { databaseExists } from '../project.ts'
import { ok, problem, reasonOf, warning, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

/** Numbers of file systems on Linux (statfs(2)) that come from another machine: SQLite's locks do not hold there. */
const NETWORKS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB 2'],
  [0x01021997, '9P'],
  [0x00c36400, 'Ceph'],
])
const MEMORY_DISK = 0x01021994

/** Bytes that must be free: less than the first is soon full, less than the second must be watched. */
const [LITTLE, ENOUGH] = [100e6, 1e9]

/** Whether an embedded database lies where it is safe: in WAL mode, on a disk of this machine, with room to grow. */
export async function checkDisk(context: CheckContext): Promise<readonly Finding[]> {
  const { file } = context.store
  if (file === ':memory:') return [problem('the database ends with the process', "write sqlite('data.db')")]
  if (file === undefined || !databaseExists(context)) return []
  const { type, bavail, bsize } = await statfs(file)
  return [journalFinding(file), ...placeFindings(file, type), roomFinding(file, bavail * bsize)]
}

/** In any other mode readers and writers shut each other out. The store sets it whenever it opens the file. */
function journalFinding(file: string): Finding {
  try {
    using database = new DatabaseSync(file, { readOnly: true })
    const mode = String(database.prepare('pragma journal_mode').get()?.['journal_mode'])
    if (mode === 'wal') return ok('in WAL mode; revocations, sign-ins and clients are written through')
    const mend = 'end what else opens the file: the server sets WAL mode itself as soon as it is alone'
    return warning(`${file} is in ${mode} mode, not in WAL mode`, mend)
  } catch (cause) {
    const mend = 'let this account write it and its folder; a damaged one is to be restored from the backup'
    return problem(`${file} cannot be opened: ${reasonOf(cause)}`, mend)
  }
}

/** What is to be said of a file system by its number; undefined numbers are none to worry about. */
export function placeFindings(file: string, type: number): readonly Finding[] {
  const network = NETWORKS.get(type)
  const mend = 'move it to a disk of this machine'
  if (network !== undefined) return [problem(`${file} is on a network file system (${network})`, mend)]
  return type === MEMORY_DISK
    ? [warning(`${file} is in memory: a restart of the machine loses it`, mend)]
    : []
}

/** What is to be said of the room (bytes) that is left. */
export function roomFinding(file: string, free: number): Finding {
  const text = `${(free / 1e9).toFixed(1)} GB are free for ${file}`
  const mend = 'free some room, or move the database'
  if (free < LITTLE) return problem(text, mend)
  return free < ENOUGH ? warning(text, mend) : ok(text)
}
