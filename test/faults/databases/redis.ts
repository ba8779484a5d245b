import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasRedis, startRedis } from '../../support/redis.ts'
import { versionOf, type Fault, type Setting } from './fault.ts'
import { startProxy } from './proxy.ts'
import { openWorld } from './world.ts'

/** The nodes use Redis for messages only, so they need it for nothing. */
export const REDIS: Setting = {
  name: 'Redis',
  isAvailable: hasRedis,
  version: () => versionOf('redis-server'),
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'consulate-faults-'))
    const [redis, primary] = [await startRedis(), await startRedis()]
    const proxy = await startProxy(redis.port)
    const world = await openWorld({ file: join(folder, 'data.db'), redis: `redis://127.0.0.1:${proxy.port}` })
    const set = (name: string, value: string): Promise<unknown> => redis.command('CONFIG', 'SET', name, value)
    const faults: readonly Fault[] = [
      { name: 'killed, and restarted after 3 s', duration: 3_000, begin: redis.kill, end: redis.restart },
      { name: 'all connections reset, once', duration: 0, begin: proxy.cut, end: () => undefined },
      { name: 'frozen for 20 s', duration: 20_000, begin: redis.freeze, end: redis.thaw },
      {
        name: 'answers after 5 s, for 10 s',
        duration: 10_000,
        begin: () => proxy.delayAnswers(5_000),
        end: () => proxy.delayAnswers(0),
      },
      {
        name: 'out of memory for 5 s',
        duration: 5_000,
        begin: async () => void (await set('maxmemory', '1')),
        end: async () => void (await set('maxmemory', '0')),
      },
      {
        name: 'flushed',
        duration: 1_000,
        begin: async () => void (await redis.command('FLUSHALL')),
        end: () => undefined,
      },
      {
        name: 'a read-only replica for 5 s',
        duration: 5_000,
        begin: async () => void (await redis.command('REPLICAOF', '127.0.0.1', String(primary.port))),
        end: async () => void (await redis.command('REPLICAOF', 'NO', 'ONE')),
      },
    ]
    return {
      world,
      faults,
      async close() {
        await world.stop()
        await proxy.close()
        await Promise.all([redis.stop(), primary.stop()])
        await rm(folder, { recursive: true, force: true })
      },
    }
  },
}
