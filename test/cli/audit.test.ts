import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { AuditEntry } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { sampleEntry } from '../../src/testing/store/audit.ts'
import { binFile, consulate, installed, variables } from './run.ts'

const DAY = 86_400_000

async function openStore(cwd: string) {
  const store = sqlite(join(cwd, 'data', 'consulate.db'))
  onTestFinished(store.close)
  return store
}

/** Writes entries to a new database and returns its directory. */
async function withEntries(...entries: readonly Partial<AuditEntry>[]) {
  const cwd = await installed()
  const { audit } = await openStore(cwd)
  await audit.insert(entries.map((entry) => sampleEntry({ at: Date.now(), ...entry })))
  return cwd
}

type Row = Readonly<Record<string, unknown>>

async function rows(cwd: string, ...flags: readonly string[]): Promise<readonly Row[]> {
  const { code, stdout, stderr } = await consulate(cwd, ['audit', '--json', ...flags])
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as readonly Row[]
}

const details = async (cwd: string, ...flags: readonly string[]): Promise<readonly unknown[]> =>
  (await rows(cwd, ...flags)).map(({ detail }) => detail)

test('records what the command line did, with who ran it', async () => {
  const cwd = await installed()
  const run = async (...args: readonly string[]): Promise<Row> => {
    const { code, stdout, stderr } = await consulate(cwd, [...args, '--json'], {
      env: { CONSULATE_PASSWORD: 'correct horse' },
    })
    expect([code, args[0] === 'keys' ? '' : stderr]).toEqual([0, ''])
    return JSON.parse(stdout) as Row
  }
  const { id } = await run('user', 'create', '--email', 'ada@example.com')
  await run('user', 'password', 'ada@example.com')
  await run('user', 'disable', 'ada@example.com', '--yes')
  await run('user', 'enable', 'ada@example.com')
  const { client_id: clientId } = await run('client', 'create', '--name', 'Importer', '--machine')
  await run('client', 'update', String(clientId), '--name', 'Nightly importer')
  await run('client', 'rotate-secret', String(clientId))
  await run('client', 'revoke', String(clientId), '--yes')
  await run('keys', '--rotate', '--drop-current')
  await run('recover', '--yes')
  const found = (await rows(cwd)).toReversed()
  expect(found.map(({ event }) => event)).toEqual([
    'user.created',
    'revocation.written',
    'password.changed',
    'revocation.written',
    'user.disabled',
    'user.enabled',
    'client.created',
    'client.updated',
    'client.secret-rotated',
    'revocation.written',
    'client.revoked',
    'keys.rotated',
    'revocation.written',
  ])
  expect(new Set(found.map(({ by }) => by))).toEqual(new Set(['command_line']))
  expect(found.every(({ detail }) => /; run by \S+$/.test(String(detail)))).toBe(true)
  expect(found.slice(0, 6).map(({ sub }) => sub)).toEqual(Array.from({ length: 6 }, () => id))
  expect(found.filter((row) => row['client_id'] === clientId)).toHaveLength(5)
  const reasons = found.filter(({ event }) => event === 'revocation.written').map(({ detail }) => detail)
  expect(reasons.map((detail) => String(detail).split(':')[0])).toEqual([
    'password_changed',
    'user_disabled',
    'client_revoked',
    'recovery',
  ])
})

test('lists the newest entries first, those that meet all conditions', async () => {
  const now = Date.now()
  const cwd = await withEntries(
    { at: now - 3 * DAY, detail: 'old' },
    { at: now - DAY / 2, sub: 'bob', detail: 'bob' },
    { at: now - DAY / 4, event: 'sign-in.failed', detail: 'failed' },
    { at: now - 1000, clientId: 'tv', address: '192.0.2.9', requestId: 'r-1', detail: 'tv' },
  )
  expect(await details(cwd)).toEqual(['tv', 'failed', 'bob', 'old'])
  expect(await details(cwd, '--since', '1d')).toEqual(['tv', 'failed', 'bob'])
  expect(await details(cwd, '--until', new Date(now - DAY).toISOString())).toEqual(['old'])
  expect(await details(cwd, '--event', 'sign-in.failed')).toEqual(['failed'])
  expect(await details(cwd, '--client', 'tv', '--address', '192.0.2.9', '--request', 'r-1')).toEqual(['tv'])
  expect(await details(cwd, '--client', 'tv', '--since', new Date(now).toISOString())).toEqual([])
  const limited = await consulate(cwd, ['audit', '--limit', '2'])
  expect(limited.stderr).toBe('Showing the first 2. Use --limit <number> to see more.\n')
  expect(limited.stdout).toMatch(/Time|tv/)
  expect(limited.stdout).not.toContain('bob')
})

test('rejects invalid times, limits and events, and says so if there is nothing', async () => {
  const cwd = await installed()
  const run = (...flags: readonly string[]) => consulate(cwd, ['audit', ...flags])
  for (const time of ['yesterday', '0', '12'])
    expect((await run('--since', time)).stderr).toContain('--since: must be a duration such as 30m')
  expect([(await run('--since', 'yesterday')).code, (await run('--limit', '0')).code]).toEqual([2, 2])
  const misspelled = await run('--event', 'sign-in.faild', '--follow')
  expect([misspelled.code, misspelled.stderr]).toEqual([
    2,
    '--event: unknown event. Did you mean sign-in.failed?\n',
  ])
  expect((await run('--event', 'nope')).stderr).toContain('unknown event. Use one of: token.issued,')
  expect((await run('--event', 'import.completed')).stdout).toBe('No entries.\n')
  expect((await run()).stdout).toBe('No entries.\n')
})

test('shows the status, the error code and the path of a refused request', async () => {
  const refusal = {
    event: 'request.refused',
    status: 401,
    code: 'login_required',
    path: '/oauth/tokens',
  } as const
  const cwd = await withEntries({ ...refusal, detail: 'Sign in first' })
  const { stdout } = await consulate(cwd, ['audit'])
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('401 login_required at /oauth/tokens: Sign in first')
})

test('writes no control characters of an entry to the terminal', async () => {
  const escape = '\u001b[2J\u202e\u0007'
  const cwd = await withEntries({
    clientId: escape,
    sub: escape,
    address: escape,
    path: escape,
    detail: escape,
  })
  const outputs = await Promise.all([[], ['--json']].map((flags) => consulate(cwd, ['audit', ...flags])))
  for (const { stdout } of outputs) expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{C}/u)
})

test('follows new entries from another process until it is interrupted', async () => {
  const cwd = await withEntries({ detail: 'before' })
  const { audit } = await openStore(cwd)
  const args = ['audit', '--follow', '--json']
  const child = spawn(process.execPath, [await binFile(), ...args], { cwd, env: variables({}) })
  onTestFinished(() => void child.kill('SIGKILL'))
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const seen = (): readonly unknown[] =>
    printed
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as Row)['detail'])
  await expect.poll(seen).toEqual(['before'])
  for (const detail of ['one', 'two']) await audit.insert([sampleEntry({ at: Date.now(), detail })])
  await expect.poll(seen).toEqual(['before', 'one', 'two'])
  child.kill('SIGINT')
  expect(await once(child, 'close')).toEqual([0, null])
})
