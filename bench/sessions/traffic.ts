import { setTimeout as sleep } from 'node:timers/promises'
import { openLoad } from '../load/load.ts'
import { pace } from '../load/pace.ts'
import { openPool, type Pool } from '../load/pool.ts'
import { statusOf } from '../load/wire.ts'
import { updatePair } from './devices.ts'
import { type Device, callShot, refreshShot, signOutShot } from './requests.ts'

/** How much traffic, and for how long (ms). */
export interface TrafficPlan {
  readonly duration: number
  readonly refreshesPerSecond: number
  readonly signOutsPerSecond: number
}

/** Latencies of each kind of request (ms). */
export interface Figures {
  readonly calls: readonly number[]
  readonly refreshes: readonly number[]
  readonly signOuts: readonly number[]
  /** The time from the response of a sign-out until another node rejects the access token (ms). */
  readonly delays: readonly number[]
}

/** Connections per node: for guarded calls, and for everything else. */
const [CALLERS, POOLED] = [8, 16]
/** The share of sign-outs that are followed on another node. More would be a load of their own. */
const FOLLOWED = 0.1
/** The pause between two calls that look for a sign-out (ms). */
const PROBE_INTERVAL = 2

/**
 * Sends every kind of request to all nodes at the same time: devices sign out one after the other, and the others call
 * and refresh. Rejects if one of the others is refused.
 */
export async function sendTraffic(
  ports: readonly number[],
  devices: { readonly leaving: readonly Device[]; readonly staying: readonly Device[] },
  { duration, refreshesPerSecond, signOutsPerSecond }: TrafficPlan,
): Promise<Figures> {
  const { leaving, staying } = devices
  const pools = await Promise.all(ports.map((port) => openPool(port, POOLED)))
  const delays: number[] = []
  const turns = takeTurns(leaving, pools)
  try {
    const [calls, refreshes, signOuts] = await Promise.all([
      Promise.all(ports.map((port) => callInLoop(port, staying, duration))),
      pace(refreshesPerSecond, duration, refreshInTurn(takeTurns(staying, pools))),
      pace((1 - FOLLOWED) * signOutsPerSecond, duration, signOutInTurn(turns)),
      pace(FOLLOWED * signOutsPerSecond, duration, async () => delays.push(await followSignOut(turns()))),
    ])
    return { calls: calls.flat(), refreshes, signOuts, delays }
  } finally {
    for (const pool of pools) pool.close()
  }
}

/** A device with the node that it talks to, and another one. */
interface Turn {
  readonly device: Device
  readonly here: Pool
  readonly there: Pool
}

/** Returns a function that returns the next device. The nodes alternate. */
function takeTurns(devices: readonly Device[], pools: readonly Pool[]): () => Turn {
  let turn = 0
  return () => {
    const [device, here, there] = [turn % devices.length, turn % pools.length, (turn + 1) % pools.length]
    turn += 1
    return { device: at(devices, device), here: at(pools, here), there: at(pools, there) }
  }
}

function at<Item>(list: readonly Item[], index: number): Item {
  const item = list[index]
  if (item === undefined) throw new Error('There are not enough devices')
  return item
}

/** Keeps all callers of a node busy, each call with a random device. */
async function callInLoop(
  port: number,
  devices: readonly Device[],
  duration: number,
): Promise<readonly number[]> {
  const load = await openLoad(port, CALLERS)
  try {
    const next = () => callShot(at(devices, Math.floor(Math.random() * devices.length)))
    return (await load.fire(next, duration)).latencies
  } finally {
    load.close()
  }
}

const refreshInTurn = (next: () => Turn) => async (): Promise<void> => {
  const { device, here } = next()
  updatePair(await here.send(refreshShot(device)), device)
}

const signOutInTurn = (next: () => Turn) => async (): Promise<unknown> => {
  const { device, here } = next()
  return here.send(signOutShot(device))
}

/**
 * Signs a device out whose token is in the cache of another node. Returns how long that node still accepts it (ms).
 * Rejects if the node that signed it out does.
 */
async function followSignOut({ device, here, there }: Turn): Promise<number> {
  await there.send(callShot(device))
  await here.send(signOutShot(device))
  const [delay] = await Promise.all([untilRejected(there, device), here.send(callShot(device, 401))])
  return delay
}

/** Calls a node until it rejects the token of a device. Returns how long that took (ms). */
async function untilRejected(node: Pool, device: Device): Promise<number> {
  const start = performance.now()
  const { wire } = callShot(device)
  while (statusOf(await node.exchange(wire)) !== 401) await sleep(PROBE_INTERVAL)
  return performance.now() - start
}
