import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import type { PurgeReport } from '../../src/index.ts'
import { sampleSession } from '../../src/testing/store/samples.ts'
import { callAdminApi } from '../support/admin-api.ts'
import { openBrowser } from '../support/browser.ts'
import { dose } from '../support/dose.ts'
import { getCodeFlowTokens, refresh } from '../support/oauth-client.ts'
import { startProcess } from '../support/process.ts'
import { startServer } from '../support/server.ts'

const KILLS = dose(2, 10)
/** The longest time between the first deletion and the kill of a process, in milliseconds. */
const MAX_LIFETIME = 50
/** More old sessions than are deleted until the first kill. */
const [OLD, LIVE] = [20_000, 300]
const DAY = 86_400_000

const server = await startServer()
const [user, client] = [await server.addUser(), await server.addClient()]
const flow = { server, client, user, browser: openBrowser(server) }
const tokens = await getCodeFlowTokens(flow)
const now = Date.now()
const [old, live] = [
  { id: 'old', expiresAt: now - 30 * DAY },
  { id: 'live', expiresAt: now + DAY },
]
for (const session of [old, live]) await server.store.sessions.insert(sampleSession(session), 'alice')
// Only processes that will be killed may have the file open, so that each has to recover what the last one left.
await server.server.close()
copySession(old.id, OLD - 1)
copySession(live.id, LIVE - 1)
afterAll(server.close)

/** Inserts copies of a session in one transaction. One insert after another would wait for the disk each time. */
function copySession(id: string, copies: number): void {
  const database = new DatabaseSync(server.file)
  const columns = database
    .prepare(
      "select name from pragma_table_info('consulate_sessions') where name not in ('id', 'cookie_hash')",
    )
    .all()
    .map(({ name }) => String(name))
    .join()
  database.exec(
    `with recursive copies(number) as (select 1 union all select number + 1 from copies where number < ${copies})
     insert into consulate_sessions (id, cookie_hash, ${columns})
     select id || ' ' || number, cookie_hash || ' ' || number, ${columns} from consulate_sessions, copies where id = '${id}'`,
  )
  database.close()
}

function countSessions(): number {
  const database = new DatabaseSync(server.file, { readOnly: true })
  const row = database.prepare('select count(*) as sessions from consulate_sessions').get()
  database.close()
  return Number(row?.['sessions'])
}

test(`a purge that is killed ${KILLS} times continues where it was, and loses nothing that is in use`, async () => {
  const counts = [countSessions()]
  for (let killed = 0; killed < KILLS; killed += 1) {
    const process = await startProcess(server, { config: { purge: 'manual' } })
    const ended = new AbortController()
    const purge = callAdminApi(process.node, { action: 'purge', hours: 0 })
      .catch(() => undefined)
      .finally(() => ended.abort())
    while (!ended.signal.aborted && countSessions() === counts.at(-1)) await sleep(5)
    await sleep(Math.random() * MAX_LIFETIME)
    await process.kill()
    await purge
    counts.push(countSessions())
  }
  expect(counts[1]).toBeGreaterThan(LIVE + 1)
  const { node, stop } = await startProcess(server)
  const { body } = await callAdminApi(node, { action: 'purge', hours: 0 })
  const { isComplete, counts: deleted } = body as unknown as PurgeReport
  expect([isComplete, deleted.sessions]).toEqual([true, (counts.at(-1) ?? 0) - LIVE - 1])
  expect(counts).toEqual(counts.toSorted((left, right) => right - left))
  expect((await refresh({ ...flow, server: node }, tokens.refresh_token)).status).toBe(200)
  await stop()
  expect(countSessions()).toBe(LIVE + 1)
  const database = new DatabaseSync(server.file)
  expect(database.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' })
  database.close()
})
