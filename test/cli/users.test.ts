import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { registerClient } from '../../src/clients/register.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { sqlite } from '../../src/store/sqlite.ts'
import { consulate, installed, type Outcome } from './run.ts'
import { startCliServer, type CliServer } from './cli-server.ts'

const [ADA, PASSWORD, NEW] = ['ada@example.com', 'correct horse', 'battery staple']

/** Any text of this shape. */
const like = (shape: RegExp): unknown => expect.stringMatching(shape)

const asJson = ({ stdout }: Outcome): unknown => JSON.parse(stdout)

const create = (cwd: string, email: string): Promise<Outcome> =>
  consulate(cwd, ['user', 'create', '--email', email, '--json'], { env: { CONSULATE_PASSWORD: PASSWORD } })

const redirectUris = ['https://app.example/callback']

/** A client of the server's own, or of somebody else. */
async function addClient(server: CliServer, ownerId?: string) {
  const registration = { name: 'App', redirectUris, ...(ownerId !== undefined && { ownerId }) }
  const { client, secret } = await registerClient(server.openStore().clients, systemClock, registration)
  return { id: client.id, secret, redirectUri: redirectUris[0] ?? '' }
}

const password = (cwd: string, ...flags: string[]): Promise<Outcome> =>
  consulate(cwd, ['user', 'password', ADA, '--password-stdin', ...flags], { input: `${NEW}\n` })

describe('while a server runs', () => {
  test('who is disabled is out at once, cannot refresh or sign in, and comes back only by signing in', async () => {
    const server = await startCliServer()
    await create(server.cwd, ADA)
    const ada = await server.signInTo(ADA, PASSWORD, await addClient(server))
    expect(await server.run('user', 'disable', ADA)).toMatchObject({ code: 0, stderr: '' })
    await expect.poll(ada.isSignedIn, { timeout: 4000 }).toBe(false)
    expect(await ada.refreshes()).toBe(400)
    expect(await server.signIn(ADA, PASSWORD)).toBe(false)
    expect(await server.run('user', 'enable', ADA)).toMatchObject({ code: 0 })
    expect(await ada.isSignedIn()).toBe(false)
    expect(await ada.refreshes()).toBe(400)
    expect(await server.signIn(ADA, PASSWORD)).toBe(true)
    await server.stop()
  })

  test('a changed password ends sessions and apps of our own; those of third parties go on', async () => {
    const server = await startCliServer()
    await create(server.cwd, ADA)
    const ours = await server.signInTo(ADA, PASSWORD, await addClient(server))
    const theirs = await server.signInTo(ADA, PASSWORD, await addClient(server, 'somebody'))
    expect(await password(server.cwd)).toMatchObject({ code: 0, stderr: '' })
    await expect.poll(ours.isSignedIn, { timeout: 4000 }).toBe(false)
    expect(await theirs.isSignedIn()).toBe(false)
    expect([await ours.refreshes(), await theirs.refreshes()]).toEqual([400, 200])
    expect([await server.signIn(ADA, PASSWORD), await server.signIn(ADA, NEW)]).toEqual([false, true])
    await server.stop()
  })

  test('with --revoke-third-parties those of third parties end too', async () => {
    const server = await startCliServer()
    await create(server.cwd, ADA)
    const theirs = await server.signInTo(ADA, PASSWORD, await addClient(server, 'somebody'))
    expect(await password(server.cwd, '--revoke-third-parties')).toMatchObject({ code: 0 })
    await expect.poll(theirs.isSignedIn, { timeout: 4000 }).toBe(false)
    expect(await theirs.refreshes()).toBe(400)
    await server.stop()
  })
})

describe('consulate user', () => {
  test('list has everybody, show one person by id or by any spelling of the email, neither a hash', async () => {
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
    expect(stdout).toMatch(new RegExp(`^ +${id} +${ADA} +${ADA}$`, 'm'))
  })

  test('disable and enable again and again are harmless, and keep the day of the first', async () => {
    const cwd = await installed()
    await create(cwd, ADA)
    const run = async (command: string): Promise<unknown> =>
      asJson(await consulate(cwd, ['user', command, ADA, '--json']))
    const disabled = await run('disable')
    expect(disabled).toMatchObject({ email: ADA, disabled_at: like(/Z$/) })
    expect(await run('disable')).toEqual(disabled)
    const { stdout } = await consulate(cwd, ['user', 'show', ADA])
    expect(stdout).toMatch(/^ +disabled +\d{4}-/m)
    for (const _ of [1, 2]) expect(await run('enable')).toMatchObject({ disabled_at: null })
  })

  test('where there is nobody, list says how to add a person', async () => {
    const { code, stdout } = await consulate(await installed(), ['user', 'list'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: like(/consulate user create/) })
  })

  test.each(['show', 'disable', 'enable', 'password'])('%s of nobody ends with 1', async (command) => {
    const env = { CONSULATE_PASSWORD: NEW }
    const outcome = await consulate(await installed(), ['user', command, ADA, '--json'], { env })
    expect(outcome).toEqual({ code: 1, stdout: '', stderr: `there is no person ${ADA}\n` })
  })

  test('a new password that is too short ends with 1 and changes nothing', async () => {
    const server = await startCliServer()
    await create(server.cwd, ADA)
    const args = ['user', 'password', ADA, '--password-stdin']
    const { code, stderr } = await consulate(server.cwd, args, { input: 'short\n' })
    expect({ code, stderr }).toEqual({ code: 1, stderr: like(/at least 8 characters/) })
    expect(await server.signIn(ADA, PASSWORD)).toBe(true)
    await server.stop()
  })

  test('a password with nobody to ask for it ends with 2', async () => {
    const { code, stderr } = await consulate(await installed(), ['user', 'password', ADA])
    expect({ code, stderr }).toEqual({ code: 2, stderr: like(/--password-stdin/) })
  })

  test('a name that would move the terminal does not, however it came into the database', async () => {
    const cwd = await installed()
    const name = 'Ada\u001B[2J\u202Eevil'
    const { id } = asJson(await create(cwd, ADA)) as { readonly id: string }
    const store = sqlite(join(cwd, 'data/consulate.db'))
    expect(await store.users.update(id, { name })).toBe(true)
    await store.close()
    const { stdout } = await consulate(cwd, ['user', 'list'])
    expect(stdout).toContain('Ada\ufffd[2J\ufffdevil')
    expect(asJson(await consulate(cwd, ['user', 'show', ADA, '--json']))).toMatchObject({ name })
  })
})
