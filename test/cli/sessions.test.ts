import { describe, expect, test } from 'vitest'
import { addPersonalToken } from './personal-token.ts'
import { consulate, installed, type Outcome } from './run.ts'
import { startCliServer, type CliServer, type SignedInUser } from './cli-server.ts'

/** However slow the machine is, the server follows a revocation. */
const SLOW = { timeout: 100_000 }

const [ADA, GRACE, PASSWORD] = ['ada@example.com', 'grace@example.com', 'correct horse']

/** Any text of this shape. */
const like = (shape: RegExp): unknown => expect.stringMatching(shape)
const AGO = '(just now|\\d+ \\w+ ago)'
const MOMENT = like(/^\d{4}-\d\d-\d\dT.*Z$/)

type Json = Readonly<Record<string, unknown>>

const asRows = ({ stdout }: Outcome): readonly Json[] => JSON.parse(stdout) as readonly Json[]

const addUser = async ({ cwd }: CliServer, email: string): Promise<string> => {
  const args = ['user', 'create', '--email', email, '--json']
  const { stdout } = await consulate(cwd, args, { env: { CONSULATE_PASSWORD: PASSWORD } })
  return (JSON.parse(stdout) as { id: string }).id
}

/** Returns the `sub` of the only revocation. */
async function revokedSub(server: CliServer): Promise<string | null | undefined> {
  const store = server.openStore()
  const [entry] = await store.revocations.listSince(0, Date.now(), 1)
  await store.close()
  return entry?.sub
}

async function addClient(server: CliServer, name: string): Promise<SignedInUser['client']> {
  const redirectUri = 'https://app.example/callback'
  const { stdout } = await server.run(
    'client',
    'create',
    '--name',
    name,
    '--redirect-uri',
    redirectUri,
    '--json',
  )
  const { client_id: id, client_secret: secret } = JSON.parse(stdout) as Record<string, string>
  return { id: id ?? '', secret, redirectUri }
}

/** Starts a server with Ada on two devices with two clients, and Grace on one with one. */
async function startBusyServer() {
  const server = await startCliServer()
  const ids = { ada: await addUser(server, ADA), grace: await addUser(server, GRACE) }
  const [shop, notes] = [await addClient(server, 'Shop'), await addClient(server, 'Notes')]
  const ada = await server.signInTo(ADA, PASSWORD, shop)
  const second = await server.signInTo(ADA, PASSWORD, notes)
  const grace = await server.signInTo(GRACE, PASSWORD, shop)
  return { server, ids, shop, notes, ada, second, grace }
}

describe('while a server runs', () => {
  test('session list shows device, address and when it was last seen; session revoke revokes one session', async () => {
    const { server, ids, ada, second, grace } = await startBusyServer()
    const all = asRows(await server.run('session', 'list', '--json'))
    expect(all.map(({ sub }) => String(sub)).toSorted()).toEqual([ids.ada, ids.ada, ids.grace].toSorted())
    const hers = asRows(await server.run('session', 'list', '--user', ADA, '--json'))
    expect(hers).toEqual(asRows(await server.run('session', 'list', '--user', ids.ada, '--json')))
    expect(hers).toHaveLength(2)
    expect(await second.refresh()).toBe(200)
    const [justSeen] = asRows(await server.run('session', 'list', '--user', ADA, '--json'))
    expect(Date.parse(String(justSeen?.['last_seen_at']))).toBeGreaterThan(
      Math.max(...hers.map((row) => Date.parse(String(row['last_seen_at'])))),
    )
    expect(hers[0]).toEqual({
      id: like(/^[\w-]{22}$/),
      sub: ids.ada,
      methods: ['pwd'],
      device: 'Firefox on Linux',
      user_agent: like(/^Firefox/),
      address: '127.0.0.1',
      created_at: MOMENT,
      last_seen_at: MOMENT,
      expires_at: MOMENT,
      revoked_at: null,
    })
    const { stdout } = await server.run('session', 'list')
    expect(stdout).toMatch(/^ +ID +User +Device +Address +Last seen$/m)
    expect(stdout).toMatch(
      new RegExp(`^ +${String(hers[0]?.['id'])} +${ADA} +Firefox (on )? +127\\.0\\.0\\.1 +${AGO}$`, 'm'),
    )
    const first = hers.at(-1)
    const revoke = ['session', 'revoke', String(first?.['id']), '--yes', '--json']
    expect(JSON.parse((await server.run(...revoke)).stdout)).toEqual({ ...first, revoked_at: MOMENT })
    expect(await revokedSub(server)).toBe(hers[0]?.['sub'])
    await expect.poll(ada.isSignedIn, SLOW).toBe(false)
    expect([await ada.refresh(), await second.refresh(), await grace.refresh()]).toEqual([400, 200, 200])
    expect([await second.isSignedIn(), await grace.isSignedIn()]).toEqual([true, true])
    expect(await server.run(...revoke)).toMatchObject({ code: 0 })
    expect(asRows(await server.run('session', 'list', '--json'))).toHaveLength(2)
    await server.stop()
  })

  test('authorization list shows app, scopes, last use and expiry; authorization revoke revokes one', async () => {
    const { server, ids, shop, notes, ada, second, grace } = await startBusyServer()
    const list = async (...flags: string[]): Promise<readonly Json[]> =>
      asRows(await server.run('authorization', 'list', '--json', ...flags))
    expect(await list()).toHaveLength(3)
    expect((await list('--client', shop.id)).map(({ sub }) => String(sub)).toSorted()).toEqual(
      [ids.ada, ids.grace].toSorted(),
    )
    const [only, ...others] = await list('--user', ADA, '--client', notes.id)
    expect(others).toEqual([])
    expect(only).toEqual({
      id: like(/^[\w-]{22}$/),
      sub: ids.ada,
      client_id: notes.id,
      client_name: 'Notes',
      session_id: like(/^[\w-]{22}$/),
      scope: 'orders:read',
      resources: [],
      name: null,
      created_at: MOMENT,
      last_used_at: MOMENT,
      expires_at: MOMENT,
      revoked_at: null,
    })
    const { stdout } = await server.run('authorization', 'list', '--user', ADA)
    expect(stdout).toMatch(
      new RegExp(`^ +App +Notes\n +Scopes +orders:read\n +Last used +${AGO}\n +Expires +in 30 days$`, 'm'),
    )
    const revoke = ['authorization', 'revoke', String(only?.['id']), '--yes', '--json']
    expect(JSON.parse((await server.run(...revoke)).stdout)).toEqual({ ...only, revoked_at: MOMENT })
    expect(await revokedSub(server)).toBe(ids.ada)
    expect([await ada.refresh(), await second.refresh(), await grace.refresh()]).toEqual([200, 400, 200])
    expect(await second.isSignedIn()).toBe(true)
    expect(await server.run(...revoke)).toMatchObject({ code: 0 })
    expect(await list()).toHaveLength(2)
    await server.stop()
  })

  test('connection list shows the apps of a user; connection disconnect disconnects one of them', async () => {
    const { server, ids, shop, notes, ada, second, grace } = await startBusyServer()
    const list = async (who: string): Promise<readonly Json[]> =>
      asRows(await server.run('connection', 'list', who, '--json'))
    const [first, ...others] = await list(ADA)
    expect(first).toEqual({
      client_id: notes.id,
      client_name: 'Notes',
      third_party: false,
      scope: 'orders:read',
      resources: [],
      authorizations: 1,
      connected_at: MOMENT,
      last_used_at: MOMENT,
    })
    expect(others.map(({ client_id: id }) => id)).toEqual([shop.id])
    expect((await server.run('connection', 'list', ids.grace)).stdout).toContain('Shop')
    const disconnect = ['connection', 'disconnect', ADA, shop.id, '--yes']
    expect((await server.run(...disconnect)).stdout).toBe(
      `Disconnected Shop from ${ADA}. Its tokens stop working within 1 second.\n`,
    )
    expect(await revokedSub(server)).toBe(ids.ada)
    expect([await ada.refresh(), await second.refresh(), await grace.refresh()]).toEqual([400, 200, 200])
    expect(await list(ADA)).toHaveLength(1)
    expect((await server.run(...disconnect)).stdout).toBe(
      `Shop is not connected to ${ADA}. Nothing was changed.\n`,
    )
    const { stdout } = await server.run('connection', 'disconnect', ADA, notes.id, '--yes', '--json')
    expect(JSON.parse(stdout)).toEqual({ client_id: notes.id, sub: ids.ada, disconnected: true })
    expect((await server.run('connection', 'list', ADA)).stdout).toBe('No connected apps.\n')
    await server.stop()
  })

  test('--limit limits the rows, and standard error says if there are more', async () => {
    const { server } = await startBusyServer()
    for (const what of ['session', 'authorization']) {
      const part = await server.run(what, 'list', '--limit', '2', '--json')
      expect(asRows(part)).toHaveLength(2)
      expect(part).toMatchObject({
        code: 0,
        stderr: 'Showing the first 2. Use --limit <number> to see more.\n',
      })
      expect((await server.run(what, 'list', '--limit', '3')).stderr).toBe('')
    }
    await server.stop()
  })
})

describe.each(['session', 'authorization'])('consulate %s', (what) => {
  test('list says so if there are none', async () => {
    const cwd = await installed()
    const stdout = `No active ${what}s.\n`
    expect(await consulate(cwd, [what, 'list'])).toEqual({ code: 0, stdout, stderr: '' })
    expect(asRows(await consulate(cwd, [what, 'list', '--json']))).toEqual([])
  })

  test('revoke of an unknown ID ends with 1', async () => {
    const outcome = await consulate(await installed(), [what, 'revoke', 'nothing', '--yes', '--json'])
    expect(outcome).toEqual({ code: 1, stdout: '', stderr: `No ${what} with the ID "nothing".\n` })
  })

  test('revoke without a terminal needs --yes', async () => {
    const { code, stderr } = await consulate(await installed(), [what, 'revoke', 'nothing'])
    expect(code).toBe(2)
    expect(stderr).toContain('Add --yes')
  })

  test('list of an unknown user ends with 1, with an invalid limit with 2', async () => {
    const cwd = await installed()
    const unknown = await consulate(cwd, [what, 'list', '--user', ADA])
    expect(unknown).toMatchObject({ code: 1, stderr: `No user with the ID or email "${ADA}".\n` })
    expect(await consulate(cwd, [what, 'list', '--limit', 'all'])).toMatchObject({ code: 2 })
  })
})

test('connection disconnect of an unknown user or client ends with 1, and needs --yes without a terminal', async () => {
  const cwd = await installed()
  const run = (...args: string[]): Promise<Outcome> => consulate(cwd, ['connection', ...args])
  const unknown = { code: 1, stdout: '', stderr: `No user with the ID or email "${ADA}".\n` }
  expect(await run('list', ADA)).toEqual(unknown)
  expect(await run('disconnect', ADA, 'nothing', '--yes')).toEqual(unknown)
  await consulate(cwd, ['user', 'create', '--email', ADA], { env: { CONSULATE_PASSWORD: PASSWORD } })
  expect(await run('disconnect', ADA, 'nothing', '--yes')).toEqual({
    ...unknown,
    stderr: 'No client with the ID "nothing".\n',
  })
  expect(await run('disconnect', ADA, 'nothing')).toMatchObject({ code: 2 })
})

test('personal access tokens are listed by name, and one is revoked', async () => {
  const cwd = await installed()
  const { id, server } = await addPersonalToken(cwd)
  const { stdout } = await consulate(cwd, ['authorization', 'list'])
  expect(stdout).toMatch(
    new RegExp(`^ +ID +${id}\\n +User +${ADA}\\n +App +Backup \\(personal access token\\)\\n`, 'm'),
  )
  expect(await consulate(cwd, ['authorization', 'revoke', id, '--yes'])).toMatchObject({ code: 0 })
  expect(asRows(await consulate(cwd, ['authorization', 'list', '--json']))).toEqual([])
  await server.close()
})
