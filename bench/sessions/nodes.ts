import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateSecrets } from '../../src/keys/generate.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { type Entrant, launch } from '../launch.ts'

/** Processes of one server on one new SQLite file. */
export interface Nodes {
  readonly ports: readonly number[]
  /** Returns the CPU time used so far by all of them, in microseconds. */
  cpu(): Promise<number>
  /** Stops them and deletes their files. */
  stop(): Promise<void>
}

/** Starts `count` nodes. */
export async function startNodes(count: number, variables: Readonly<Record<string, string>>): Promise<Nodes> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'))
  await generateSecrets(join(folder, 'secrets'))
  const store = sqlite(join(folder, 'consulate.db'))
  await store.migrate()
  await store.close()
  const nodes: Entrant[] = []
  while (nodes.length < count) nodes.push(await startNode({ ...variables, BENCH_FOLDER: folder }))
  return {
    ports: nodes.map(({ port }) => port),
    cpu: async () => (await Promise.all(nodes.map((node) => node.cpu()))).reduce((sum, cpu) => sum + cpu, 0),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()))
      await rm(folder, { recursive: true })
    },
  }
}

async function startNode(variables: Readonly<Record<string, string>>): Promise<Entrant> {
  const node = await launch('sessions/node', false, variables)
  if ('reason' in node) throw new Error(node.reason)
  return node
}
