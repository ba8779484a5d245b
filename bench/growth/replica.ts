/**
 * `npm run bench:growth -- replica`: how far a streaming replica of PostgreSQL is behind its primary, and what a node would
 * accept meanwhile if it read revocations from the replica.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { sampleSession, signIn } from '../../src/testing/store/samples.ts'
import { copyForReplica, createDatabase, startPostgres } from '../../test/support/postgres.ts'
import { quantile } from '../load/quantile.ts'
import { align } from '../report.ts'
import { openStore } from './database.ts'

const OPTIONS = { revocations: { type: 'string', default: '100' } } as const
const { values } = parseArgs({ options: OPTIONS })
const revocations = Number(values.revocations)
/** Milliseconds. A replica that is busy, or far away. */
const DELAY = 1000

const SETTINGS = ['wal_level=replica']

const folders: string[] = []
async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'))
  folders.push(folder)
  return folder
}

const primary = await startPostgres(await makeFolder(), ...SETTINGS)
const { url, drop } = await createDatabase(primary.url)
const store = await openStore('postgres', url)
await store.migrate()
await signIn(store)
const tick = (): Promise<void> => sleep(1)

/** Revokes sessions, and returns how long (ms) each stayed valid on the replica after the call returned. */
async function measure(delay: number, name: string) {
  const folder = await makeFolder()
  await copyForReplica(primary.port, folder)
  const replica = await startPostgres(folder, ...SETTINGS, `recovery_min_apply_delay=${delay}`)
  const path = new URL(url).pathname
  const reader = await openStore('postgres', Object.assign(new URL(replica.url), { pathname: path }).href)
  const lags: number[] = []
  const count = delay > 0 ? Math.min(10, revocations) : revocations
  for (let index = 0; index < count; index += 1) {
    const id = `${name} ${index}`
    await store.sessions.insert(sampleSession({ id, expiresAt: Date.now() + 3_600_000 }), 'alice')
    while (!(await reader.sessions.find(id))) await tick()
    await store.revocations.revoke({ kind: 'session', id }, Date.now())
    const start = performance.now()
    while ((await reader.sessions.find(id))?.revokedAt === null) await tick()
    lags.push(performance.now() - start)
  }
  const isWritable = await reader.sessions
    .insert(sampleSession({ id: 'refused' }), 'alice')
    .catch((error: unknown) => (error instanceof Error ? error.name : 'error'))
  await reader.close()
  await replica.kill()
  return { lags, isWritable: String(isWritable) }
}

try {
  const [near, far] = [await measure(0, 'near'), await measure(DELAY, 'far')]
  const line = (name: string, { lags, isWritable }: typeof near): readonly string[] => [
    name,
    quantile(lags, 0.5).toFixed(1),
    quantile(lags, 1).toFixed(1),
    ` ${isWritable}`,
  ]
  console.log(
    [
      `PostgreSQL, how long a replica returns a session that was revoked on the primary`,
      ...align([
        ['', 'p50 ms', 'longest', ' a write on it'],
        line(`idle replica, ${near.lags.length} revocations`, near),
        line(`replica a second behind, ${far.lags.length}`, far),
      ]),
    ].join('\n'),
  )
} finally {
  await store.close()
  await drop()
  await primary.kill()
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
}
