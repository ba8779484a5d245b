/** The memory per verified token in the guard's cache: a user's, issued for a code and sent over HTTP. */
import { startConsulate } from '../targets/consulate.ts'
import { ask } from './parts/ask.ts'
import { aliveBytes, report } from './parts/finding.ts'

const COUNT = 100_000
/** The number of requests in memory at a time. */
const AT_ONCE = 2_000

const target = await startConsulate({ guardCacheSize: 2 * COUNT })

async function use(count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += AT_ONCE) {
    await ask(target.port, await target.prepare('guard', AT_ONCE))
  }
}

await use(AT_ONCE)
const before = aliveBytes()
await use(COUNT)
report({ what: 'cached verified token', count: COUNT, heap: aliveBytes() - before })
await target.stop()
