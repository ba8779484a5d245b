import { setTimeout as sleep } from 'node:timers/promises'
import { callApi, refresh } from './oauth-client.ts'
import type { JsonResponse } from './oauth-client.ts'
import { startProcess } from './process.ts'
import type { ProcessOptions, ServerProcess } from './process.ts'
import type { TestClient, TestServer } from './server.ts'

/** Several processes of one server, on one database. */
export interface Cluster {
  readonly processes: readonly ServerProcess[]
  readonly nodes: readonly TestServer[]
  /** One of the nodes, by chance. */
  randomNode(): TestServer
  /** Asks `count` times at once, each node as often as the others. */
  inParallel(
    count: number,
    ask: (node: TestServer) => Promise<JsonResponse>,
  ): Promise<readonly JsonResponse[]>
  /** Sets the clocks of all, so many milliseconds ahead of the machine's. */
  setClocks(ahead: number): Promise<void>
  stop(): Promise<void>
}

/** Starts more nodes of a server. */
export async function startCluster(
  server: TestServer,
  count: number,
  options: ProcessOptions = {},
): Promise<Cluster> {
  const processes = await Promise.all(Array.from({ length: count }, () => startProcess(server, options)))
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

/** How long (ms) a revocation may take to be known everywhere: a poll, a query, and a crowded machine. */
const BOUND = 3_000

/** Waits until it is true; whether it was before the bound of revocations was over. */
export async function eventually(isTrue: () => Promise<boolean>, bound = BOUND): Promise<boolean> {
  const start = performance.now()
  while (!(await isTrue())) {
    if (performance.now() - start > bound) return false
    await sleep(25)
  }
  return true
}

/** Whether an access token is refused by the guard of every node within the bound. */
export async function isRejectedEverywhere(
  nodes: readonly TestServer[],
  accessToken: string,
): Promise<boolean> {
  const isDead = async (node: TestServer): Promise<boolean> =>
    (await callApi(node, '/anyone', accessToken)).status === 401
  return (await Promise.all(nodes.map((node) => eventually(() => isDead(node))))).every(Boolean)
}

/** Whether an access token is let in by the guard of every node. */
export async function isAcceptedEverywhere(
  nodes: readonly TestServer[],
  accessToken: string,
): Promise<boolean> {
  const answers = await Promise.all(nodes.map((node) => callApi(node, '/anyone', accessToken)))
  return answers.every(({ status }) => status === 200)
}

/** What a node says to a refresh token: `200`, or the error code. */
export async function refreshOutcome(
  server: TestServer,
  client: TestClient,
  refreshToken: string,
): Promise<string> {
  const { status, body } = await refresh({ server, client }, refreshToken)
  return status === 200 ? '200' : String(body['error'])
}
