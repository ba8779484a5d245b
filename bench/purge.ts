/**
 * `npm run bench:purge`: purges a million rows while requests continue, and compares their latencies. See README.md.
 * `npm run bench:purge -- --database postgres --rows 10000000 --template /tmp/ten-million` purges ten million, and keeps the
 * filled database for the next time.
 */
import { statSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { positive } from './flags.ts'
import { openCopy, openDatabase, parseDatabase, type BenchDatabase } from './growth/database.ts'
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
  backlog: { type: 'string', default: '4800' },
  template: { type: 'string', default: '' },
  seconds: { type: 'string', default: '5' },
  rounds: { type: 'string', default: '10' },
  requests: { type: 'string', default: '500' },
  rest: { type: 'string', default: '0' },
  json: { type: 'boolean', default: false },
} as const
const { values } = parseArgs({ options: OPTIONS })
const [rows, rounds] = [positive('rows', values.rows), positive('rounds', values.rounds)]
const duration = positive('seconds', values.seconds) * 1000

/** Milliseconds of a purge without traffic. */
const STAGE = 30_000

type Kind = keyof Latencies
const KINDS: Readonly<Record<Kind, string>> = {
  calls: 'guarded call',
  clientCredentials: 'client credentials',
  refreshes: 'refresh',
}

const name = parseDatabase(values.database)
const portion = {
  rows,
  old: positive('old', values.old),
  backlog: positive('backlog', values.backlog) * 3_600_000,
}
let filledIn = 0
async function fillDatabase(filled: BenchDatabase): Promise<void> {
  const start = performance.now()
  await fillAll(filled, portion)
  filledIn = (performance.now() - start) / 1000
}
const database = values.template
  ? await openCopy(name, values.template, fillDatabase)
  : await openDatabase(name)
if (!values.template) await fillDatabase(database)
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

/** Purges without traffic, in stages of half a minute, until nothing is left or so many seconds are over. */
async function purgeRest(limit: number): Promise<readonly PurgeStage[]> {
  const stages: PurgeStage[] = []
  for (const end = performance.now() + limit * 1000; performance.now() < end;) {
    await control('/purge')
    await sleep(STAGE)
    const stage = await control('/purge/stop')
    stages.push(stage)
    if (stage.isComplete) break
  }
  return stages
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
const rest = await purgeRest(Number(values.rest))
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
/** How many rows a purge deleted in some stages, and how many a second. */
function summarize(of: readonly PurgeStage[]) {
  const rows = of.flatMap(({ counts }) => Object.values(counts)).reduce((sum, count) => sum + count, 0)
  const seconds = of.reduce((sum, { duration }) => sum + duration, 0) / 1000
  const isComplete = of.at(-1)?.isComplete ?? false
  return { rows, seconds, perSecond: rows / seconds, stages: of.length, isComplete }
}

const all = [...stages, ...rest]
const result = {
  database: database.name,
  rows,
  old: portion.old,
  backlog: Number(values.backlog),
  filledIn,
  rounds: stages.length,
  purged: summarize(stages),
  rest: summarize(rest),
  heap: all.map(({ heap }) => heap),
  resident: all.map(({ resident }) => resident),
  disk,
  log,
  load: loadavg()[0],
  figures,
}

const megabytes = (bytes = 0): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

/** The first, the highest and the last one. */
const course = (sizes: readonly number[]): string =>
  `${megabytes(sizes[0])} → ${megabytes(Math.max(...sizes))} at most → ${megabytes(sizes.at(-1))}`

const count = (value: number): string => Math.round(value).toLocaleString('en')

const deletions = (of: ReturnType<typeof summarize>): string =>
  `deleted ${count(of.rows)} rows in ${of.seconds.toFixed(0)} s, ${count(of.perSecond)} a second, in ${of.stages} purges, each of which continued the one before; ${of.isComplete ? 'none' : 'some'} are left`

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
    `${database.name}, ${count(rows)} rows, of which ${result.old} % have become old in ${result.backlog} hours${filledIn > 0 ? `, filled in ${filledIn.toFixed(0)} s` : ''}; ${result.rounds} rounds of ${duration / 1000} seconds each, with and without a purge, ${values.requests} requests a second`,
    ...align([heading, ...lines]),
    `  ${deletions(result.purged)}`,
    ...(rest.length > 0 ? [`  without traffic: ${deletions(result.rest)}`] : []),
    `  heap ${course(result.heap)}; process ${course(result.resident)}`,
    `  tables and indexes ${disk.map(megabytes).join(' → ')}${log > 0 ? `, log of SQLite ${megabytes(log)}` : ''}`,
    `Load average ${(result.load ?? 0).toFixed(1)}`,
  ].join('\n')
}

console.log(values.json ? JSON.stringify(result, undefined, 2) : toText())
