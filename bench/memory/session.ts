/** The cost per live session: a row, and no memory, even after each has been used. */
import { DatabaseSync } from 'node:sqlite'
import { randomBase64url, sha256 } from '../../src/lib/hash.ts'
import type { PreparedRequest } from '../target.ts'
import { startConsulate } from '../targets/consulate.ts'
import { ask } from './parts/ask.ts'
import { aliveBytes, fileBytes, report } from './parts/finding.ts'

const COUNT = 100_000
/** The number of cookies in memory at a time. */
const AT_ONCE = 2_000

let file = ''
const target = await startConsulate({ fillStore: (path) => void (file = path) })

/** Requests the sign-in page, which looks up the session and its user. */
const visit = (cookie: string): PreparedRequest => ({
  method: 'GET',
  path: '/login',
  headers: { Cookie: `__Host-consulate_session=${cookie}` },
})

/** Copies the existing session with new IDs and cookies, and calls back with each cookie. */
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
report({ what: 'live session', count: COUNT, heap: aliveBytes() - heap, disk: fileBytes(file) - disk })
await target.stop()
