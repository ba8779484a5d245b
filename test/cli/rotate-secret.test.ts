import { describe, expect, test } from 'vitest'
import { consulate, installed, serve, type Outcome, type Serving } from './run.ts'

const ENV = { CONSULATE_ISSUER: 'https://auth.example.com', CONSULATE_SCOPES: 'orders:read=See your orders' }

interface Told {
  readonly client_id: string
  readonly client_secret: string
  /** Told by a rotation. */
  readonly old_secret_expires_at: string | null
}

const asJson = ({ stdout }: Outcome): Told => JSON.parse(stdout) as Told

const machine = ['client', 'create', '--machine', '--name', 'Import', '--scope', 'orders:read', '--json']

const rotate = (cwd: string, id: string, ...flags: string[]): Promise<Outcome> =>
  consulate(cwd, ['client', 'rotate-secret', id, ...flags])

/** What the token endpoint says to a client with this secret. */
async function statusOf({ origin }: Serving, id: string, secret: string): Promise<number> {
  const headers = { Authorization: `Basic ${btoa(`${id}:${secret}`)}` }
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders:read' })
  return (await fetch(`${origin}/oauth/token`, { method: 'POST', headers, body })).status
}

async function started(): Promise<{ cwd: string; server: Serving; id: string; secret: string }> {
  const cwd = await installed()
  const { client_id: id, client_secret: secret } = asJson(await consulate(cwd, machine))
  const server = await serve(cwd, [], ENV)
  // From now on the server remembers the client, with the first secret only.
  expect(await statusOf(server, id, secret)).toBe(200)
  return { cwd, server, id, secret }
}

describe('consulate client rotate-secret, while a server runs', () => {
  test('the new secret works at once, and the one before until the overlap is over', async () => {
    const { cwd, server, id, secret } = await started()
    const rotated = asJson(await rotate(cwd, id, '--overlap', '3s', '--json'))
    expect(await statusOf(server, id, rotated.client_secret)).toBe(200)
    expect(await statusOf(server, id, secret)).toBe(200)
    const left = Date.parse(rotated.old_secret_expires_at ?? '') - Date.now()
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(3000)
    await expect.poll(() => statusOf(server, id, secret), { timeout: 6000, interval: 200 }).toBe(401)
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(rotated.old_secret_expires_at ?? ''))
    expect(await statusOf(server, id, rotated.client_secret)).toBe(200)
    await server.stop()
  })

  test('without an overlap the secrets before end within a poll, those of earlier rotations too', async () => {
    const { cwd, server, id, secret } = await started()
    const second = asJson(await rotate(cwd, id, '--json')).client_secret
    for (const each of [secret, second]) expect(await statusOf(server, id, each)).toBe(200)
    const last = asJson(await rotate(cwd, id, '--overlap', '0', '--json'))
    expect(last.old_secret_expires_at).toBeNull()
    expect(await statusOf(server, id, last.client_secret)).toBe(200)
    await expect
      .poll(() => Promise.all([secret, second].map((each) => statusOf(server, id, each))), { timeout: 4000 })
      .toEqual([401, 401])
    await server.stop()
  })
})

describe('consulate client rotate-secret', () => {
  test('keeps the secret before for a day where nothing is said, and tells people until when', async () => {
    const cwd = await installed()
    const { client_id: id } = asJson(await consulate(cwd, machine))
    const { code, stdout } = await rotate(cwd, id)
    expect(code).toBe(0)
    expect(stdout).toMatch(/Client secret +[\w-]{43}\n/)
    const [, end = ''] = /The old secret works until (\S+Z) \(in 1 day\)\./.exec(stdout) ?? []
    expect(Math.abs(Date.parse(end) - Date.now() - 86_400_000)).toBeLessThan(60_000)
  })

  test('never prolongs what an earlier rotation let end sooner', async () => {
    const cwd = await installed()
    const { client_id: id, client_secret: first } = asJson(await consulate(cwd, machine))
    await rotate(cwd, id, '--overlap', '1s')
    await rotate(cwd, id, '--overlap', '1d')
    const server = await serve(cwd, [], ENV)
    await expect.poll(() => statusOf(server, id, first), { timeout: 4000 }).toBe(401)
    await server.stop()
  })

  test.each([
    ['a client that there is not', 'nobody', 'No client with the ID "nobody".'],
    ['a public client', 'public', 'A public client has no secret.'],
    ['a revoked client', 'revoked', 'The secret of a revoked client cannot be rotated.'],
  ])('of %s ends with 1', async (_what, kind, reason) => {
    const cwd = await installed()
    const app = ['client', 'create', '--name', 'App', '--redirect-uri', 'https://app.example/', '--json']
    const flags = kind === 'public' ? [...app, '--public'] : app
    const id = kind === 'nobody' ? kind : asJson(await consulate(cwd, flags)).client_id
    if (kind === 'revoked') await consulate(cwd, ['client', 'revoke', id, '--yes'])
    const { code, stdout, stderr } = await rotate(cwd, id, '--json')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(reason)
  })

  test.each(['soon', '-1d', '1'])('an overlap of %s is no length of time: 2', async (overlap) => {
    const { code, stderr } = await rotate(await installed(), 'x', `--overlap=${overlap}`)
    expect(code).toBe(2)
    expect(stderr).toContain('It must be a duration')
  })
})
