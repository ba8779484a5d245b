/** `npm run bench`: runs every row with every entrant. See README.md. */
import { cpus, loadavg } from 'node:os'
import { compete } from './compete.ts'
import { LOAD_CORE, SERVER_CORE, canPin, pinThisProcess } from './cores.ts'
import { readFlags } from './flags.ts'
import { type Result, toMarkdown, toResult, toTable } from './report.ts'
import { CONNECTIONS } from './rows.ts'

/** The bench alone (one server, one load generator) stays below this load average. */
const CROWDED = 2.5

const { rounds, duration, rows, isJson, isMarkdown } = readFlags()
const isPinned = canPin()
if (isPinned) pinThisProcess(LOAD_CORE)

const machine = `${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`
const cores = isPinned
  ? `server on core ${SERVER_CORE}, load on core ${LOAD_CORE}`
  : 'server and load are NOT pinned to separate cores (needs two cores and taskset): only large differences mean anything'
const say = (text: string): void => console[isJson ? 'error' : 'log'](`${text}\n`)

say(`${machine}; ${cores}; ${CONNECTIONS} connections; medians of ${rounds} rounds of ${duration / 1000} s`)
const results: Result[] = []
for (const row of rows) {
  const result = toResult(row, await compete(row, rounds, duration, isPinned))
  results.push(result)
  say(isMarkdown ? toMarkdown(result) : toTable(result))
}
const [load = 0] = loadavg()
if (load > CROWDED)
  say(`Other programs were running (load average ${load.toFixed(1)}). Only the ratios are meaningful.`)
const figures = { machine, isPinned, connections: CONNECTIONS, duration, loadAverage: load, results }
if (isJson) console.log(JSON.stringify(figures, null, 2))

const hasFailed = results.some(({ entrants }) =>
  entrants.some(({ refusals, isNotInstalled }) => refusals.length > 0 && !isNotInstalled),
)
if (hasFailed) process.exitCode = 1
