import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { randomBase64url } from '../../src/lib/hash.ts'
import { eventually } from '../support/cluster.ts'
import { hasPostgres, startPostgres } from '../support/postgres.ts'
import { consulate, emptyDirectory, serve } from './run.ts'

interface Answer {
  readonly status: number
  readonly body: unknown
  /** In milliseconds. */
  readonly time: number
}

async function probe(origin: string, name: 'live' | 'ready'): Promise<Answer> {
  const start = performance.now()
  const response = await fetch(`${origin}/oauth/health/${name}`, { headers: { connection: 'close' } })
  return { status: response.status, body: await response.json(), time: performance.now() - start }
}

/** A probe that hangs gets no answer before the timeout of the probe itself, which is 10 seconds in some platforms. */
const LIMIT = 9_000

test.skipIf(!hasPostgres)(
  'nodes wait for a database that is down at their start, frozen or killed: live, not ready, and back without help',
  async () => {
    const database = await startPostgres(await mkdtemp(join(tmpdir(), 'consulate-postgres-')))
    const environment = {
      CONSULATE_ISSUER: 'https://id.example.com',
      CONSULATE_SEALING_SECRET: randomBase64url(32),
      CONSULATE_DATABASE_URL: database.url,
    }
    const installation = await consulate(emptyDirectory(), ['install', '--json'], { env: environment })
    expect([installation.code, installation.stderr]).toEqual([0, ''])
    await database.kill()
    const nodes = await Promise.all([
      serve(emptyDirectory(), [], environment),
      serve(emptyDirectory(), ['--workers', '2'], environment),
    ])
    const expectDown = async (): Promise<void> => {
      const checks = nodes.map(async ({ origin }) => {
        expect(await eventually(async () => (await probe(origin, 'ready')).status === 503)).toBe(true)
        const [live, ready] = await Promise.all([probe(origin, 'live'), probe(origin, 'ready')])
        expect([live.status, ready.status]).toEqual([200, 503])
        expect(ready.body).toMatchObject({ ready: false })
        expect(Math.max(live.time, ready.time)).toBeLessThan(LIMIT)
      })
      await Promise.all(checks)
    }
    const expectUp = async (): Promise<void> => {
      for (const { origin } of nodes)
        expect(await eventually(async () => (await probe(origin, 'ready')).status === 200)).toBe(true)
    }
    await expectDown()
    await database.restart()
    await expectUp()
    database.freeze()
    await expectDown()
    database.thaw()
    await expectUp()
    await database.kill()
    await expectDown()
    for (const { stop } of nodes) expect((await stop()).code).toBe(0)
  },
  120_000,
)
