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
import { cookieOf, work } from './kill/load.ts'
import type { Kept, Target } from './kill/load.ts'

/** CI kills more often than `npm test`. */
const KILLS = process.env['CI'] === 'true' ? 100 : 20
/** Processes at a time. Often none is left, so that the last one was killed too. */
const SLOTS = 2
/** The longest time before a process is killed, in milliseconds. */
const LONGEST_LIFE = 200

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient({ skipsConsent: true })
const visit = { server, browser: openBrowser(server), client, user }
const kept: Kept = {
  refresh: [],
  refreshed: [],
  spent: [],
  given: [],
  revoked: [],
  clients: [],
  people: [],
  sessions: [],
}
for (let count = 0; count < 3; count += 1) kept.refresh.push((await getCodeFlowTokens(visit)).refresh_token)
// Only those that will be killed have the file open: what they leave behind, the next of them has to cope with.
await server.server.close()
afterAll(server.close)

const living = new Set<TestServer>()
let [killed, logs, isOver] = [0, '', false]
const target: Target = {
  living: () => [...living][Math.floor(Math.random() * living.size)],
  isOver: () => isOver,
  client,
  person: user,
  cookie: cookieOf(visit.browser.cookies),
}

/** Starts a process, lets it work and kills it, repeatedly. The next one has to recover by itself. */
async function killForEver(): Promise<void> {
  while (killed < KILLS) {
    const before = [...kept.refresh]
    const process = await startProcess(server)
    living.add(process.node)
    await expectRotated(process.node, before)
    await sleep(Math.random() * LONGEST_LIFE)
    living.delete(process.node)
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

test(`${KILLS} kills under load lose nothing that was acknowledged, allow no code to be used twice, and need no repair`, async () => {
  const load = work(target, kept.refresh, kept)
  await Promise.all(Array.from({ length: SLOTS }, killForEver))
  const { node, stop } = await startProcess(server)
  living.add(node)
  isOver = true
  await load

  expect(new Set(kept.refreshed)).toEqual(new Set(['200']))
  await expectRotated(node, kept.refresh)
  for (const token of [...kept.refresh, ...kept.given])
    expect(await refreshOutcome(node, client, token)).toBe('200')
  expect(Math.max(...kept.spent)).toBe(1)
  for (const { access, refresh } of kept.revoked) {
    expect(await isRejectedEverywhere([node], access)).toBe(true)
    expect(await refreshOutcome(node, client, refresh)).toBe('invalid_grant')
  }
  for (const id of kept.clients)
    expect((await callAdminApi(node, { action: 'find client', id })).body['id']).toBe(id)
  for (const id of kept.people)
    expect((await callAdminApi(node, { action: 'find user', id })).body['id']).toBe(id)
  for (const cookie of [target.cookie, ...kept.sessions]) {
    const page = await openBrowser(node).open('/login', { headers: { cookie } })
    expect(page.text).toContain("You're signed in")
  }
  for (const acknowledged of Object.values<readonly unknown[]>({ ...kept }))
    expect(acknowledged.length).toBeGreaterThan(0)
  await stop()
  const database = new DatabaseSync(server.file)
  expect(database.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' })
  database.close()
  expect(findLeaks(server.knownSecrets, { logs: [logs], events: [], file: server.file })).toEqual([])
}, 360_000)
