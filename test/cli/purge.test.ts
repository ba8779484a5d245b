import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sampleEntry } from '../../src/testing/store/audit.ts'
import { sampleSession } from '../../src/testing/store/samples.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import type { Store } from '../../src/index.ts'
import { hasTerminal, onTerminal } from './on-terminal.ts'
import { consulate, emptyDirectory, installed } from './run.ts'
import { NOTHING } from '../support/nothing-purged.ts'

const HOUR = 3_600_000
/** A directory with tables, and its store. */
async function open(): Promise<{ cwd: string; store: Store }> {
  const cwd = await installed()
  const store = sqlite(join(cwd, 'data/consulate.db'))
  onTestFinished(() => store.close())
  return { cwd, store }
}

/** Inserts a session that expired some hours ago. */
const expire = (store: Store, id: string, hours: number): Promise<boolean> =>
  store.sessions.insert(sampleSession({ id, expiresAt: Date.now() - hours * HOUR }), 'alice')

/** Inserts a session that was revoked some hours ago and has not expired. */
async function revoke(store: Store, id: string, hours: number): Promise<void> {
  await store.sessions.insert(sampleSession({ id, expiresAt: Date.now() + HOUR }), 'alice')
  await store.revocations.revoke({ kind: 'session', id }, Date.now() - hours * HOUR)
}

/** Two of each kind: of last week and of today. */
async function fill(store: Store): Promise<void> {
  await expire(store, 'expired long ago', 200)
  await expire(store, 'expired today', 5)
  await revoke(store, 'revoked long ago', 200)
  await revoke(store, 'revoked today', 5)
}

const countsOf = async (cwd: string, ...flags: string[]): Promise<unknown> => {
  const { stdout } = await consulate(cwd, ['purge', '--dry-run', '--json', ...flags])
  return (JSON.parse(stdout) as { counts: unknown }).counts
}

describe('consulate purge', () => {
  test('deletes rows that expired or were revoked more than a week ago, and counts them', async () => {
    const { cwd, store } = await open()
    await fill(store)
    const { code, stdout, stderr } = await consulate(cwd, ['purge'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /^Deleted:\n {2}codes +0\n {2}device codes +0\n {2}password resets +0\n {2}authorizations +0\n {2}sessions +2\n/,
    )
    expect(stdout).toMatch(/revocation entries +1\n {2}audit entries +0\n {2}webhook messages +0\n$/)
    expect(await store.sessions.find('expired long ago')).toBe(undefined)
    expect((await store.sessions.find('expired today'))?.id).toBe('expired today')
  })

  test('selects rows by --hours, --revoked and --expired', async () => {
    const { cwd, store } = await open()
    await fill(store)
    expect(await countsOf(cwd, '--hours', '6')).toEqual({ ...NOTHING, sessions: 2, revocations: 1 })
    expect(await countsOf(cwd, '--hours', '1')).toEqual({ ...NOTHING, sessions: 4, revocations: 1 })
    expect(await countsOf(cwd, '--revoked')).toEqual({ ...NOTHING, sessions: 1 })
    expect(await countsOf(cwd, '--revoked', '--hours', '1')).toEqual({ ...NOTHING, sessions: 2 })
    expect(await countsOf(cwd, '--expired')).toEqual({ ...NOTHING, sessions: 1, revocations: 1 })
    expect(await countsOf(cwd, '--revoked', '--expired')).toEqual(await countsOf(cwd))
  })

  test('deletes nothing in a dry run', async () => {
    const { cwd, store } = await open()
    await fill(store)
    const { stdout } = await consulate(cwd, ['purge', '--dry-run'])
    expect(stdout).toMatch(/^Would delete:/)
    expect(await store.purge.count('sessions')).toBe(4)
  })

  test('prints JSON', async () => {
    const { cwd, store } = await open()
    await expire(store, 'old', 200)
    const { stdout } = await consulate(cwd, ['purge', '--json'])
    expect(JSON.parse(stdout)).toEqual({
      dryRun: false,
      isComplete: true,
      counts: { ...NOTHING, sessions: 1 },
    })
  })

  test.each(['-1', 'week', '1.5'])('refuses --hours %s', async (hours) => {
    const { code, stderr } = await consulate(emptyDirectory(), ['purge', `--hours=${hours}`])
    expect(code).toBe(2)
    expect(stderr).toContain('whole number')
  })

  test('does not create a missing database', async () => {
    const { code, stderr } = await consulate(emptyDirectory(), ['purge'])
    expect(code).toBe(1)
    expect(stderr).toContain('consulate init')
  })
})

/** Inserts enough rows for eight batches. */
const fillUp = ({ audit }: Store): Promise<void> =>
  audit.insert(Array.from({ length: 4000 }, () => sampleEntry({ at: Date.now() - 200 * HOUR })))

/** Makes every row slow to delete, so that a purge is still running whenever Ctrl-C arrives. Returns a function that undoes it. */
function slowDown({ file }: Store): () => void {
  const work =
    'with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) select i from n'
  const run = (statement: string): void => {
    const database = new DatabaseSync(String(file))
    database.exec(statement)
    database.close()
  }
  run(`create trigger slow_down after delete on consulate_audit begin select count(*) from (${work}); end`)
  return () => run('drop trigger slow_down')
}

describe.runIf(hasTerminal)('on a terminal', () => {
  test('shows its progress, and Ctrl-C stops it between two batches', async () => {
    const { cwd, store } = await open()
    await fillUp(store)
    const undo = slowDown(store)
    const purge = onTerminal(cwd, 'purge')
    const ended = purge.end()
    await expect.poll(purge.screen).toMatch(/█.*% of 4000 rows/)
    purge.type('\u0003')
    const { code, screen } = await ended
    undo()
    expect(code).toBe(1)
    expect(screen).toContain('Interrupted. Run `consulate purge` again to delete the rest.')
    const deleted = Number(/audit entries +(\d+)/.exec(screen)?.[1])
    expect(deleted).toBeGreaterThan(0)
    expect(deleted).toBeLessThan(4000)
    expect(await store.purge.count('audit')).toBe(4000 - deleted)
    const again = await onTerminal(cwd, 'purge').end()
    expect([again.code, await store.purge.count('audit')]).toEqual([0, 0])
    expect(again.screen).toContain('100% of')
  })
})
