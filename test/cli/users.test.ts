import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { registerClient } from '../../src/clients/register.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { consulate, emptyDirectory, installed, linkPackage, type Outcome } from './run.ts'
import { startCliServer } from './cli-server.ts'

/** However slow the machine is, the server follows a revocation. */
const SLOW = { timeout: 100_000 }

const [ADA, PASSWORD, NEW] = ['ada@example.com', 'correct horse', 'battery staple']

/** Any text of this shape. */
const like = (shape: RegExp): unknown => expect.stringMatching(shape)

const asJson = ({ stdout }: Outcome): unknown => JSON.parse(stdout)

const create = (cwd: string, email: string): Promise<Outcome> =>
  consulate(cwd, ['user', 'create', '--email', email, '--json'], { env: { CONSULATE_PASSWORD: PASSWORD } })

const redirectUris = ['https://app.example/callback']

/** Registers a client: a first-party one, or one with an owner. */
async function addClient(ownerId?: string) {
  const registration = { name: 'App', redirectUris, ...(ownerId !== undefined && { ownerId }) }
  const { client, secret } = await registerClient(server.openStore().clients, systemClock, registration)
  return { id: client.id, secret, redirectUri: redirectUris[0] ?? '' }
}

const server = await startCliServer(afterAll)

let count = 0

/** Creates a user of that server. Returns the email. */
async function addUser(): Promise<string> {
  const email = `user-${(count += 1)}@example.com`
  expect(await create(server.cwd, email)).toMatchObject({ code: 0 })
  return email
}

const setPassword = (email: string, input: string, ...flags: string[]): Promise<Outcome> =>
  consulate(server.cwd, ['user', 'password', email, '--password-stdin', ...flags], { input: `${input}\n` })

describe('while a server runs', () => {
  test('disable signs a user out and rejects sign-ins and refreshes; enable lets them sign in again', async () => {
    const email = await addUser()
    const ada = await server.signInTo(email, PASSWORD, await addClient())
    expect(await server.run('user', 'disable', email, '--yes')).toMatchObject({ code: 0, stderr: '' })
    await expect.poll(ada.isSignedIn, SLOW).toBe(false)
    expect(await ada.refresh()).toBe(400)
    expect(await server.signIn(email, PASSWORD)).toBe(false)
    expect(await server.run('user', 'enable', email)).toMatchObject({ code: 0 })
    expect(await ada.isSignedIn()).toBe(false)
    expect(await ada.refresh()).toBe(400)
    expect(await server.signIn(email, PASSWORD)).toBe(true)
  })

  test('password revokes sessions and first-party tokens, but not those of third parties', async () => {
    const email = await addUser()
    const ours = await server.signInTo(email, PASSWORD, await addClient())
    const theirs = await server.signInTo(email, PASSWORD, await addClient('grace'))
    expect(await setPassword(email, NEW)).toMatchObject({ code: 0, stderr: '' })
    await expect.poll(ours.isSignedIn, SLOW).toBe(false)
    expect(await theirs.isSignedIn()).toBe(false)
    expect([await ours.refresh(), await theirs.refresh()]).toEqual([400, 200])
    expect([await server.signIn(email, PASSWORD), await server.signIn(email, NEW)]).toEqual([false, true])
  })

  test('password --revoke-third-parties revokes those too', async () => {
    const email = await addUser()
    const theirs = await server.signInTo(email, PASSWORD, await addClient('grace'))
    expect(await setPassword(email, NEW, '--revoke-third-parties')).toMatchObject({ code: 0 })
    await expect.poll(theirs.isSignedIn, SLOW).toBe(false)
    expect(await theirs.refresh()).toBe(400)
  })
})

describe('consulate user', () => {
  test('list shows all users; show finds one by id or by any spelling of the email; neither shows a hash', async () => {
    const cwd = await installed()
    const { id } = asJson(await create(cwd, ADA)) as { id: string }
    await create(cwd, 'grace@example.com')
    const ada = { id, email: ADA, name: ADA, created_at: like(/^\d{4}-.*Z$/), disabled_at: null }
    const list = await consulate(cwd, ['user', 'list', '--json'])
    expect(asJson(list)).toEqual(expect.arrayContaining([ada]))
    expect(asJson(list)).toHaveLength(2)
    for (const who of [id, ADA, ' Ada@EXAMPLE.com'])
      expect(asJson(await consulate(cwd, ['user', 'show', who, '--json']))).toEqual(ada)
    expect(list.stdout).not.toContain('argon2')
    const { stdout } = await consulate(cwd, ['user', 'list'])
    expect(stdout).toMatch(new RegExp(`^ +${id} +${ADA} +${ADA} +active$`, 'm'))
  })

  test('disable and enable can be repeated; the time of the first disable stays', async () => {
    const cwd = await installed()
    await create(cwd, ADA)
    const run = async (command: string): Promise<unknown> =>
      asJson(
        await consulate(cwd, ['user', command, ADA, '--json', ...(command === 'disable' ? ['--yes'] : [])]),
      )
    const disabled = await run('disable')
    expect(disabled).toMatchObject({ email: ADA, disabled_at: like(/Z$/) })
    expect(await run('disable')).toEqual(disabled)
    const { stdout } = await consulate(cwd, ['user', 'show', ADA])
    expect(stdout).toMatch(/^ +Disabled +\d{4}-/m)
    for (const _ of [1, 2]) expect(await run('enable')).toMatchObject({ disabled_at: null })
  })

  test('list without users says how to create one', async () => {
    const { code, stdout } = await consulate(await installed(), ['user', 'list'])
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'No users yet. Create one with `consulate user create`.\n',
    })
  })

  test.each([['show'], ['disable', '--yes'], ['enable'], ['password']])(
    '%s of an unknown user ends with 1',
    async (command, ...flags) => {
      const env = { CONSULATE_PASSWORD: NEW }
      const outcome = await consulate(await installed(), ['user', command, ADA, '--json', ...flags], { env })
      expect(outcome).toEqual({ code: 1, stdout: '', stderr: `No user with the ID or email "${ADA}".\n` })
    },
  )

  test('password rejects a short password and changes nothing', async () => {
    const email = await addUser()
    const { code, stderr } = await setPassword(email, 'short')
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: '--password-stdin: must have at least 8 characters\n',
    })
    expect(await server.signIn(email, PASSWORD)).toBe(true)
  })

  test('password without a terminal needs a source of the password', async () => {
    const { code, stderr } = await consulate(await installed(), ['user', 'password', ADA])
    expect({ code, stderr }).toEqual({ code: 2, stderr: '--password-stdin is required.\n' })
  })

  test('says that a project with its own users has no built-in ones', async () => {
    const cwd = emptyDirectory()
    await linkPackage(cwd)
    const config = `
import { clientCredentials, secretsFromDirectory } from 'consulate'
import { sqlite } from 'consulate/sqlite'
const users = { find: async () => undefined, findByUsername: async () => undefined, verifyPassword: async () => false }
export default {
  issuer: 'https://auth.example.com', secrets: secretsFromDirectory('secrets'), store: sqlite('data.db'), users,
  scopes: {}, grants: [clientCredentials()],
}`
    writeFileSync(join(cwd, 'consulate.config.mts'), config)
    expect(await consulate(cwd, ['user', 'list'])).toEqual({
      code: 1,
      stdout: '',
      stderr:
        '`consulate user` works with built-in users only. This project has its own (`users` in consulate.config.mts).\n',
    })
  })

  test('control characters in a name are replaced, however they came into the database', async () => {
    const cwd = await installed()
    const name = 'Ada\u001B[2J\u009B2J\u202Eevil'
    const { id } = asJson(await create(cwd, ADA)) as { readonly id: string }
    const store = sqlite(join(cwd, 'data/consulate.db'))
    expect(await store.users.update(id, { name })).toBe(true)
    await store.close()
    const { stdout } = await consulate(cwd, ['user', 'list'])
    expect(stdout).toContain('Ada\ufffd[2J\ufffd2J\ufffdevil')
    const shown = await consulate(cwd, ['user', 'show', ADA, '--json'])
    expect(shown.stdout).not.toMatch(/[^\P{C}\n]/u)
    expect(asJson(shown)).toMatchObject({ name })
  })
})
