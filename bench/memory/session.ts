/** What each live session costs: a row, and nothing in memory, though each has been asked for. */
import { DatabaseSync } from 'node:sqlite'
import { randomBase64url, sha256 } from '../../src/lib/hash.ts'
import type { PreparedRequest } from '../target.ts'
import { startConsulate } from '../targets/consulate.ts'
import { ask } from './parts/ask.ts'
import { aliveBytes, fileBytes, tell } from './parts/finding.ts'

const COUNT = 100_000
/** Of so many at once the cookies are held. */
const AT_ONCE = 2_000

let file = ''
const target = await startConsulate({ fillStore: (path) => (file = path) })

/** The sign-in page, which greets who is signed in: so the session is found, checked and its person looked up. */
const visit = (cookie: string): PreparedRequest => ({
  method: 'GET',
  path: '/login',
  headers: { Cookie: `__Host-consulate_session=${cookie}` },
})

/** Copies the session that there is, each time with an id and a cookie of its own, and comes back with each cookie. */
async function visitAs(count: number): Promise<void> {
  for (let made = 0; made < count; made += AT_ONCE) {
    const cookies = Array.from({ length: AT_ONCE }, () => randomBase64url(32))
    insert(cookies)
    await ask(target.port, cookies.map(visit))
  }
}

function insert(cookies: readonly string[]): void {
  const database = new DatabaseSync(file)
  database.exec('BEGIN; CREATE TEMP TABLE first AS SELECT * FROM consulate_sessions LIMIT 1')
  const change = database.prepare('UPDATE first SET id = ?, cookie_hash = ?')
  const copy = database.prepare('INSERT INTO consulate_sessions SELECT * FROM first')
  for (const cookie of cookies) {
    change.run(randomBase64url(16), sha256(cookie))
    copy.run()
  }
  database.exec('COMMIT')
  database.close()
}

await visitAs(AT_ONCE)
const [heap, disk] = [aliveBytes(), fileBytes(file)]
await visitAs(COUNT)
tell({ what: 'live session', count: COUNT, heap: aliveBytes() - heap, disk: fileBytes(file) - disk })
await target.stop()
