import { statfs } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { displayPath } from '../config-error.ts'
import { databaseExists } from '../project.ts'
import { ok, problem, reasonOf, warning, type Finding } from './finding.ts'
import type { CheckContext } from './context.ts'

/** Network file systems by their number on Linux (statfs(2)). SQLite's locks do not work there. */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB 2'],
  [0x01021997, '9P'],
  [0x00c36400, 'Ceph'],
])
const TMPFS = 0x01021994

/** Free bytes below which there is a problem, or a warning. */
const [PROBLEM_BELOW, WARNING_BELOW] = [100e6, 1e9]

/** Checks an embedded database's mode, file system and free space. */
export async function checkDisk(context: CheckContext): Promise<readonly Finding[]> {
  const { file } = context.store
  if (file === ':memory:')
    return [
      problem(
        'the database is in memory, and ends with the process',
        "Use a file: sqlite('./data/consulate.db').",
      ),
    ]
  if (file === undefined || !databaseExists(context)) return []
  const { type, bavail, bsize } = await statfs(file)
  return [journalFinding(file), ...fileSystemFindings(file, type), spaceFinding(file, bavail * bsize)]
}

/** In other modes readers and writers block each other. The store sets WAL mode whenever it opens the file. */
function journalFinding(file: string): Finding {
  const name = displayPath(file)
  try {
    using database = new DatabaseSync(file, { readOnly: true })
    const mode = String(database.prepare('pragma journal_mode').get()?.['journal_mode'])
    if (mode === 'wal') return ok('WAL mode')
    const fix = 'Stop other programs that use the file. The server sets WAL mode when it starts.'
    return warning(`${name} is in ${mode} mode instead of WAL mode`, fix)
  } catch (cause) {
    const fix = 'Let this account write to the file and its directory. If it is corrupt, restore a backup.'
    return problem(`${name} cannot be opened: ${reasonOf(cause)}`, fix)
  }
}

/** Checks a file system by its number. */
export function fileSystemFindings(file: string, type: number): readonly Finding[] {
  const network = NETWORK_FILE_SYSTEMS.get(type)
  const fix = 'Move it to a local disk.'
  const name = displayPath(file)
  if (network !== undefined)
    return [problem(`${name} is on a network file system (${network}), where locks fail`, fix)]
  return type === TMPFS ? [warning(`${name} is in memory (tmpfs), and lost at a reboot`, fix)] : []
}

/** Checks the free space (bytes). */
export function spaceFinding(file: string, free: number): Finding {
  const message = `${(free / 1e9).toFixed(1)} GB free for ${displayPath(file)}`
  const fix = 'Free up disk space, or move the database.'
  if (free < PROBLEM_BELOW) return problem(`only ${message}`, fix)
  return free < WARNING_BELOW ? warning(`only ${message}`, fix) : ok(message)
}
