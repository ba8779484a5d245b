/** What the guard keeps for each verified token: a person's, issued in exchange for a code and sent over HTTP. */
import { startConsulate } from '../targets/consulate.ts'
import { ask } from './parts/ask.ts'
import { aliveBytes, tell } from './parts/finding.ts'

const COUNT = 100_000
/** Of so many at once the requests are held, until they have been sent. */
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
tell({ what: 'verified token in the cache of the guard', count: COUNT, heap: aliveBytes() - before })
await target.stop()
