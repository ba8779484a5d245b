import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { isRejectedEverywhere, refreshOutcome } from '../support/cluster.ts'
import { findLeaks } from '../support/known-secrets.ts'
import { getCodeFlowTokens } from '../support/oauth-client.ts'
import { callAdminApi } from '../support/admin-api.ts'
import { startProcess } from '../support/process.ts'
import { startServer } from '../support/server.ts'
import type { TestServer } from '../support/server.ts'
import { cookieOf, runLoad } from './kill/load.ts'
import type { Acknowledged, Target } from './kill/load.ts'
import { dose } from '../support/dose.ts'

/** CI kills more often than `npm test`. */
const KILLS = dose(6, 100)
/** Processes at a time. Few, so that often all of them are killed. */
const SLOTS = 2
/** The longest time before a process is killed, in milliseconds. */
const MAX_LIFETIME = 200

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient({ skipsConsent: true })
const visit = { server, browser: openBrowser(server), client, user }
const acknowledged: Acknowledged = {
  refresh: [],
  refreshed: [],
  exchanges: [],
  kept: [],
  revoked: [],
  clients: [],
  users: [],
  sessions: [],
}
for (let count = 0; count < 3; count += 1)
  acknowledged.refresh.push((await getCodeFlowTokens(visit)).refresh_token)
// Only processes that will be killed may have the file open, so that each has to recover what the last one left.
await server.server.close()
afterAll(server.close)

const running = new Set<TestServer>()
let [killed, logs, isDone] = [0, '', false]
const target: Target = {
  running: () => [...running][Math.floor(Math.random() * running.size)],
  isDone: () => isDone,
  client,
  user,
  cookie: cookieOf(visit.browser.cookies),
}

/** Returns whether each kind of write was acknowledged at least once. */
const hasEveryKind = (): boolean =>
  Object.values<readonly unknown[]>({ ...acknowledged }).every(({ length }) => length > 0)

/** Starts a process, lets it work and kills it, repeatedly. */
async function killRepeatedly(): Promise<void> {
  while (killed < KILLS || !hasEveryKind()) {
    const before = [...acknowledged.refresh]
    const process = await startProcess(server)
    running.add(process.node)
    await expectRotated(process.node, before)
    await sleep(Math.random() * MAX_LIFETIME)
    running.delete(process.node)
    killed += 1
    await process.kill()
    logs += process.logs
  }
}

/** Checks the rows: the next refresh would hide a lost rotation. */
async function expectRotated(node: TestServer, tokens: readonly string[]): Promise<void> {
  for (const token of tokens) {
    const [, id = '', generation] = token.split('.')
    const { body } = await callAdminApi(node, { action: 'find authorization', id })
    expect(Number(body['generation'])).toBeGreaterThanOrEqual(Number(generation))
  }
}

test(`${KILLS} kills under load lose no acknowledged write, allow no code to be used twice, and need no repair`, async () => {
  const load = runLoad(target, acknowledged.refresh, acknowledged)
  await Promise.all(Array.from({ length: SLOTS }, killRepeatedly))
  const { node, stop } = await startProcess(server)
  running.add(node)
  isDone = true
  await load

  expect(new Set(acknowledged.refreshed)).toEqual(new Set(['200']))
  await expectRotated(node, acknowledged.refresh)
  for (const token of [...acknowledged.refresh, ...acknowledged.kept])
    expect(await refreshOutcome(node, client, token)).toBe('200')
  expect(Math.max(...acknowledged.exchanges)).toBe(1)
  for (const { access, refresh } of acknowledged.revoked) {
    expect(await isRejectedEverywhere([node], access)).toBe(true)
    expect(await refreshOutcome(node, client, refresh)).toBe('invalid_grant')
  }
  for (const id of acknowledged.clients)
    expect((await callAdminApi(node, { action: 'find client', id })).body['id']).toBe(id)
  for (const id of acknowledged.users)
    expect((await callAdminApi(node, { action: 'find user', id })).body['id']).toBe(id)
  for (const cookie of [target.cookie, ...acknowledged.sessions]) {
    const page = await openBrowser(node).open('/login', { headers: { cookie } })
    expect(page.text).toContain("You're signed in")
  }
  expect(hasEveryKind()).toBe(true)
  await stop()
  const database = new DatabaseSync(server.file)
  expect(database.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' })
  database.close()
  expect(findLeaks(server.knownSecrets, { logs: [logs], events: [], file: server.file })).toEqual([])
}, 360_000)
