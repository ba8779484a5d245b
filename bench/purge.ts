/**
 * `npm run bench:purge`: purges a million rows while requests continue, and compares their latencies. See README.md.
 * `npm run bench:purge -- --database postgres --rows 10000000 --old 1` has ten million, of which few may be deleted.
 */
import { statSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { positive } from './flags.ts'
import { openDatabase, parseDatabase } from './growth/database.ts'
import { fillAll } from './growth/fill.ts'
import { launch } from './launch.ts'
import { quantile } from './load/quantile.ts'
import type { PurgeStage } from './purge/node.ts'
import { openTraffic, type Latencies } from './purge/traffic.ts'
import { align } from './report.ts'

const OPTIONS = {
  database: { type: 'string', default: 'sqlite' },
  rows: { type: 'string', default: '1000000' },
  old: { type: 'string', default: '90' },
  seconds: { type: 'string', default: '5' },
  rounds: { type: 'string', default: '10' },
  requests: { type: 'string', default: '500' },
  json: { type: 'boolean', default: false },
} as const
const { values } = parseArgs({ options: OPTIONS })
const [rows, rounds] = [positive('rows', values.rows), positive('rounds', values.rounds)]
const duration = positive('seconds', values.seconds) * 1000

type Kind = keyof Latencies
const KINDS: Readonly<Record<Kind, string>> = {
  calls: 'guarded call',
  clientCredentials: 'client credentials',
  refreshes: 'refresh',
}

const database = await openDatabase(parseDatabase(values.database))
const filling = performance.now()
await fillAll(database, rows, positive('old', values.old))
const filledIn = (performance.now() - filling) / 1000
const before = await totalSize()
const entrant = await launch('purge/node', false, {
  BENCH_DATABASE: database.name,
  BENCH_LOCATION: database.location,
})
if ('reason' in entrant) throw new Error(entrant.reason)
const traffic = await openTraffic(entrant, positive('requests', values.requests))

async function control(path: '/purge' | '/purge/stop'): Promise<PurgeStage> {
  if ('reason' in entrant) throw new Error(entrant.reason)
  const response = await fetch(`http://127.0.0.1:${entrant.port}${path}`, { method: 'POST' })
  return (await response.json()) as PurgeStage
}

/** Bytes of tables and indexes. */
async function totalSize(): Promise<number> {
  return [...(await database.sizes()).values()].reduce((sum, { table, indexes }) => sum + table + indexes, 0)
}

/** Sends traffic while a purge runs, which continues where the last one stopped. */
async function runPurged(): Promise<{ readonly latencies: Latencies; readonly stage: PurgeStage }> {
  await control('/purge')
  const latencies = await traffic.send(duration)
  return { latencies, stage: await control('/purge/stop') }
}

const idle: Latencies[] = []
const purged: Latencies[] = []
const stages: PurgeStage[] = []
await traffic.send(duration)
while (idle.length < rounds && stages.at(-1)?.isComplete !== true) {
  idle.push(await traffic.send(duration))
  const { latencies, stage } = await runPurged()
  purged.push(latencies)
  stages.push(stage)
}
traffic.close()
await entrant.stop()
const log =
  database.name === 'sqlite'
    ? (statSync(`${database.location}-wal`, { throwIfNoEntry: false })?.size ?? 0)
    : 0
const disk = [before, await totalSize()]
await database.stop()

/** The median over the rounds, which a single stall of the machine doesn't change. */
const medianOf = (of: readonly Latencies[], kind: Kind, share: number): number =>
  quantile(
    of.map((round) => quantile(round[kind], share)),
    0.5,
  )

const figures = (Object.keys(KINDS) as Kind[]).map((kind) => {
  const [before, during] = [medianOf(idle, kind, 0.99), medianOf(purged, kind, 0.99)]
  return {
    request: KINDS[kind],
    p50: medianOf(idle, kind, 0.5),
    p50Purging: medianOf(purged, kind, 0.5),
    p99: before,
    p99Purging: during,
    ratio: during / before,
    longest: Math.max(...idle.flatMap((round) => round[kind])),
    longestPurging: Math.max(...purged.flatMap((round) => round[kind])),
  }
})
const deleted = stages.reduce(
  (sum, { counts }) => sum + Object.values(counts).reduce((left, right) => left + right, 0),
  0,
)
const seconds = stages.reduce((sum, stage) => sum + stage.duration, 0) / 1000
const result = {
  database: database.name,
  rows,
  old: Number(values.old),
  filledIn,
  rounds: stages.length,
  deleted,
  deletedPerSecond: deleted / seconds,
  isComplete: stages.at(-1)?.isComplete,
  heap: stages.map(({ heap }) => heap),
  resident: stages.map(({ resident }) => resident),
  disk,
  log,
  load: loadavg()[0],
  figures,
}

const megabytes = (bytes: readonly number[]): string =>
  [bytes[0], bytes.at(-1)].map((size = 0) => `${(size / 2 ** 20).toFixed(1)} MiB`).join(' → ')

function toText(): string {
  const heading = ['', 'p50 ms', 'purging', 'p99 ms', 'purging', 'ratio', 'longest ms', 'purging']
  const lines = figures.map(({ request, ratio, ...latencies }) => [
    request,
    ...[latencies.p50, latencies.p50Purging, latencies.p99, latencies.p99Purging].map((ms) => ms.toFixed(1)),
    ratio.toFixed(2),
    ...[latencies.longest, latencies.longestPurging].map((ms) => ms.toFixed(1)),
  ])
  return [
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`,
    `${database.name}, ${rows.toLocaleString('en')} rows, of which ${result.old} % are old, filled in ${filledIn.toFixed(0)} s; ${result.rounds} rounds of ${duration / 1000} seconds each, with and without a purge, ${values.requests} requests a second`,
    ...align([heading, ...lines]),
    `  deleted ${deleted.toLocaleString('en')} rows, ${Math.round(result.deletedPerSecond).toLocaleString('en')} a second${result.isComplete ? '' : ', not all'}`,
    `  heap ${megabytes(result.heap)}, process ${megabytes(result.resident)}, tables and indexes ${megabytes(result.disk)}${log > 0 ? `, log of SQLite ${megabytes([log])}` : ''}`,
    `Load average ${(result.load ?? 0).toFixed(1)}`,
  ].join('\n')
}

console.log(values.json ? JSON.stringify(result, undefined, 2) : toText())
