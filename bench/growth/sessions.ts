/**
 * `npm run bench:growth -- sessions --database postgres --sessions 1000000`: what so many sessions cost on disk, and a node
 * in memory. Each session has one authorization. `--revocations` is the number of live revocations besides.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { generateSecrets } from '../../src/keys/generate.ts'
import { align } from '../report.ts'
import { openDatabase, parseDatabase } from './database.ts'
import { fill } from './fill.ts'
import type { NodeCost } from './node.ts'

const OPTIONS = {
  database: { type: 'string', default: 'sqlite' },
  sessions: { type: 'string', default: '100000' },
  revocations: { type: 'string', default: '10000' },
} as const
const { values } = parseArgs({ options: OPTIONS })
const [sessions, revocations] = [Number(values.sessions), Number(values.revocations)]
const NODE = fileURLToPath(new URL('node.ts', import.meta.url))
const run = promisify(execFile)
const secrets = await mkdtemp(join(tmpdir(), 'bench-'))
await generateSecrets(secrets)

const database = await openDatabase(parseDatabase(values.database))
const startNode = async (): Promise<NodeCost> => {
  const args = ['--expose-gc', NODE, database.name, database.location, secrets]
  return JSON.parse((await run(process.execPath, args)).stdout) as NodeCost
}

const megabytes = (bytes: number): string =>
  (bytes / 2 ** 20).toLocaleString('en', { maximumFractionDigits: 1 })

try {
  const empty = await startNode()
  const startedAt = performance.now()
  await fill(database, {
    consulate_sessions: { rows: sessions, old: 0 },
    consulate_authorizations: { rows: sessions, old: 0 },
    consulate_revocations: { rows: revocations, old: 0 },
  })
  const seconds = (performance.now() - startedAt) / 1000
  const sizes = await database.sizes()
  const full = await startNode()
  const tables = [
    ['consulate_sessions', sessions],
    ['consulate_authorizations', sessions],
    ['consulate_revocations', revocations],
  ] as const
  const lines = tables.map(([name, rows]) => {
    const { table = 0, indexes = 0 } = sizes.get(name) ?? {}
    const perRow = Math.round((table + indexes) / rows)
    return [name, rows.toLocaleString('en'), megabytes(table), megabytes(indexes), String(perRow)]
  })
  const nodes = [
    ['a node without rows', empty],
    ['a node with them', full],
  ] as const
  console.log(
    [
      `${database.name}, ${sessions.toLocaleString('en')} sessions with an authorization each, ${revocations.toLocaleString('en')} live revocations; filled in ${seconds.toFixed(0)} s`,
      ...align([['', 'rows', 'table MiB', 'index MiB', 'bytes/row'], ...lines]),
      '',
      ...align([
        ['', 'start ms', 'heap MiB', 'RSS MiB'],
        ...nodes.map(([name, { start, heap, resident }]) => [
          name,
          start.toFixed(0),
          megabytes(heap),
          megabytes(resident),
        ]),
      ]),
    ].join('\n'),
  )
} finally {
  await database.stop()
  await rm(secrets, { recursive: true })
}
