/** `npm run bench:sessions`: signs users in on several devices, then sends mixed traffic to two nodes. See README.md. */
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { positive } from './flags.ts'
import { quantile } from './load/quantile.ts'
import { align } from './report.ts'
import { signInDevices } from './sessions/devices.ts'
import { startNodes } from './sessions/nodes.ts'
import type { Device } from './sessions/requests.ts'
import { hasRedis, startRedis } from '../test/support/redis.ts'
import { type TrafficPlan, type Figures, sendTraffic } from './sessions/traffic.ts'

const OPTIONS = {
  users: { type: 'string', default: '10000' },
  devices: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '60' },
  refreshes: { type: 'string', default: '100' },
  'sign-outs': { type: 'string', default: '100' },
} as const

const NODES = 2

const { values } = parseArgs({ options: OPTIONS })
const flag = (name: keyof typeof OPTIONS): number => positive(name, values[name])
const [users, devicesPerUser] = [flag('users'), flag('devices')]
const plan: TrafficPlan = {
  duration: flag('seconds') * 1000,
  refreshesPerSecond: flag('refreshes'),
  signOutsPerSecond: flag('sign-outs'),
}
const signOuts = Math.ceil((plan.signOutsPerSecond * plan.duration) / 1000)
if (signOuts > users) throw new Error(`${signOuts} sign-outs, one for each user, need more --users`)

/** The first device of each user signs out, until there were enough sign-outs. The others stay signed in. */
const split = (devices: readonly (readonly Device[])[]) => ({
  leaving: devices.slice(0, signOuts).flatMap((own) => own.slice(0, 1)),
  staying: devices.flatMap((own, user) => (user < signOuts ? own.slice(1) : own)),
})

async function measure(name: string, variables: Readonly<Record<string, string>>): Promise<void> {
  const nodes = await startNodes(NODES, variables)
  try {
    const start = performance.now()
    const devices = await signInDevices(nodes.ports, users, devicesPerUser)
    const perSecond = (users * devicesPerUser * 1000) / (performance.now() - start)
    console.log(`${name}\n  ${text(users * devicesPerUser)} sign-ins, ${text(perSecond)} a second`)
    const before = await nodes.cpu()
    const figures = await sendTraffic(nodes.ports, split(devices), plan)
    const busy = ((await nodes.cpu()) - before) / 1000 / plan.duration
    console.log(`${toTable(figures)}\n  the nodes used ${busy.toFixed(2)} cores\n`)
  } finally {
    await nodes.stop()
  }
}

function toTable({ calls, refreshes, signOuts, delays }: Figures): string {
  const line = (name: string, latencies: readonly number[]): string[] => [
    name,
    text((latencies.length * 1000) / plan.duration),
    ...[0.5, 0.99, 1].map((share) => quantile(latencies, share).toFixed(1)),
  ]
  return align([
    ['', 'per second', 'p50 ms', 'p99 ms', 'longest ms'],
    line('guarded call', calls),
    line('refresh', refreshes),
    line('sign-out, not followed', signOuts),
    line('from a sign-out to a 401 elsewhere', delays),
  ]).join('\n')
}

const text = (value: number): string => Math.round(value).toLocaleString('en')

console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}\n`)
await measure('The feed of the store alone', {})
if (hasRedis) {
  const redis = await startRedis()
  await measure('With Redis', { BENCH_REDIS: redis.url })
  await redis.stop()
}
console.log(`Load average ${(loadavg()[0] ?? 0).toFixed(1)}`)
