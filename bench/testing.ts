/**
 * `node bench/testing.ts`: measures how long a test waits for a server, from the call of `createTestServer` to the first
 * access token. The first server of a process also compiles the code that it runs, as in each file of a test runner that
 * isolates files.
 */
import { execFileSync } from 'node:child_process'
import { createTestServer } from '../src/testing/index.ts'

const PROCESSES = 15
const FURTHER = 10

/** Milliseconds, and CPU milliseconds of the main thread. */
interface Cost {
  readonly time: number
  readonly cpu: number
}

const cpu = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

async function startServer(): Promise<Cost> {
  const [before, used] = [performance.now(), cpu()]
  const server = createTestServer({ scopes: { 'orders:read': 'See your orders' } })
  await server.tokenFor('7', ['orders:read'])
  const cost = { time: performance.now() - before, cpu: cpu() - used }
  await server.close()
  return cost
}

async function measure(): Promise<readonly Cost[]> {
  const costs: Cost[] = []
  for (let count = 0; count <= FURTHER; count += 1) costs.push(await startServer())
  return costs
}

const median = (values: readonly number[]): string =>
  (values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0).toFixed(1).padStart(8)

function print(name: string, costs: readonly Cost[]): void {
  const [time, used] = [costs.map((cost) => cost.time), costs.map((cost) => cost.cpu)]
  console.log(`${name.padEnd(32)}${median(time)} ms${median(used)} CPU ms`)
}

if (process.argv.includes('--once')) {
  process.stdout.write(JSON.stringify(await measure()))
} else {
  const runs = Array.from({ length: PROCESSES }, () => {
    const output = execFileSync(process.execPath, [import.meta.filename, '--once'], { encoding: 'utf8' })
    return JSON.parse(output) as readonly [Cost, ...Cost[]]
  })
  print(
    'the first server of a process',
    runs.map(([first]) => first),
  )
  print(
    'each further one',
    runs.flatMap(([, ...further]) => further),
  )
}
