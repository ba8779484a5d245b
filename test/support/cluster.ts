import { setTimeout as sleep } from 'node:timers/promises'
import { dose } from './dose.ts'
import { callApi, refresh } from './oauth-client.ts'
import type { JsonResponse } from './oauth-client.ts'
import { startProcess } from './process.ts'
import type { ProcessOptions, ServerProcess } from './process.ts'
import type { TestClient, TestServer } from './server.ts'

/** Several processes of one server on one database. */
export interface Cluster {
  readonly processes: readonly ServerProcess[]
  readonly nodes: readonly TestServer[]
  randomNode(): TestServer
  /** Sends `count` requests at the same time, spread evenly over the nodes. */
  inParallel(
    count: number,
    ask: (node: TestServer) => Promise<JsonResponse>,
  ): Promise<readonly JsonResponse[]>
  /** Sets the clocks of all nodes to this many milliseconds ahead of the system clock. */
  setClocks(ahead: number): Promise<void>
  stop(): Promise<void>
}

/** How many nodes race. Two find what more of them find, in more rounds. */
export const RACING_NODES = dose(2, 4)

/** Tests that wait for a revocation on all nodes would wait for most of a second, and ask again and again. */
const OFTEN = { pollInterval: '100ms' } as const

/** Starts nodes that poll for revocations ten times a second, unless `options` say otherwise. */
export async function startCluster(
  server: TestServer,
  count: number,
  options: ProcessOptions = {},
): Promise<Cluster> {
  const config = { revocations: OFTEN, ...options.config }
  const processes = await Promise.all(
    Array.from({ length: count }, () => startProcess(server, { ...options, config })),
  )
  const nodes = processes.map(({ node }) => node)
  const at = (index: number): TestServer => nodes[index % count] ?? server
  return {
    processes,
    nodes,
    randomNode: () => at(Math.floor(Math.random() * count)),
    inParallel: (times, ask) => Promise.all(Array.from({ length: times }, (_, index) => ask(at(index)))),
    async setClocks(ahead) {
      await Promise.all(processes.map(({ setClock }) => setClock(ahead)))
    },
    async stop() {
      await Promise.all(processes.map(({ stop }) => stop()))
    },
  }
}

/** Milliseconds. A revocation takes at most a second to reach every node; the rest is for a busy machine. */
const DEADLINE = 120_000

/** Waits until a condition is true. Returns false at the deadline. */
export async function eventually(isTrue: () => Promise<boolean>, deadline = DEADLINE): Promise<boolean> {
  const start = performance.now()
  while (!(await isTrue())) {
    if (performance.now() - start > deadline) return false
    await sleep(25)
  }
  return true
}

/** Returns whether the guards of all nodes come to reject an access token. */
export async function isRejectedEverywhere(
  nodes: readonly TestServer[],
  accessToken: string,
): Promise<boolean> {
  const isRejected = async (node: TestServer): Promise<boolean> =>
    (await callApi(node, '/anyone', accessToken)).status === 401
  return (await Promise.all(nodes.map((node) => eventually(() => isRejected(node))))).every(Boolean)
}

/** Returns whether the guards of all nodes accept an access token. */
export async function isAcceptedEverywhere(
  nodes: readonly TestServer[],
  accessToken: string,
): Promise<boolean> {
  const responses = await Promise.all(nodes.map((node) => callApi(node, '/anyone', accessToken)))
  return responses.every(({ status }) => status === 200)
}

/** Refreshes. Returns `200` or the error code. */
export async function refreshOutcome(
  server: TestServer,
  client: TestClient,
  refreshToken: string,
): Promise<string> {
  const { status, body } = await refresh({ server, client }, refreshToken)
  return status === 200 ? '200' : String(body['error'])
}

/** Waits until a node rejects an access token. Returns how long that took (ms). Throws at the deadline. */
export async function timeUntilRejected(node: TestServer, accessToken: string): Promise<number> {
  const start = performance.now()
  const isRejected = async (): Promise<boolean> => (await callApi(node, '/me', accessToken)).status === 401
  if (!(await eventually(isRejected))) throw new Error('The token is still accepted')
  return performance.now() - start
}

/** Prints what was measured. */
export const printMeasured = (text: string): void => console.info(text)

/** Prints measured durations (ms) in ascending order. The tests do not depend on them, because the machine may be busy. */
export function printDurations(what: string, durations: readonly number[]): void {
  const sorted = durations.toSorted((a, b) => a - b).map((duration) => duration.toFixed(0))
  console.info(`${what}: ${sorted.join(', ')} ms`)
}
