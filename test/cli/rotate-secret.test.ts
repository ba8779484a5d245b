import { describe, expect, test } from 'vitest'
import { consulate, installed, serve, type Outcome, type RunningServer } from './run.ts'

const ENV = { CONSULATE_ISSUER: 'https://auth.example.com', CONSULATE_SCOPES: 'orders:read=See your orders' }

/** However slow the machine is, the server follows a rotation. */
const SLOW = { timeout: 100_000, interval: 200 }

interface ClientWithSecret {
  readonly client_id: string
  readonly client_secret: string
  /** Only after a rotation. */
  readonly old_secret_expires_at: string | null
}

const asJson = ({ stdout }: Outcome): ClientWithSecret => JSON.parse(stdout) as ClientWithSecret

const CREATE = ['client', 'create', '--machine', '--name', 'Import', '--scope', 'orders:read', '--json']

const rotate = (cwd: string, id: string, ...flags: string[]): Promise<Outcome> =>
  consulate(cwd, ['client', 'rotate-secret', id, ...flags])

/** Requests a token with a secret and returns the status. */
async function requestToken({ origin }: RunningServer, id: string, secret: string): Promise<number> {
  const headers = { Authorization: `Basic ${btoa(`${id}:${secret}`)}` }
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders:read' })
  return (await fetch(`${origin}/oauth/token`, { method: 'POST', headers, body })).status
}

/** Starts a server that has cached a client with its first secret. */
async function startServer(): Promise<{ cwd: string; server: RunningServer; id: string; secret: string }> {
  const cwd = await installed()
  const { client_id: id, client_secret: secret } = asJson(await consulate(cwd, CREATE))
  const server = await serve(cwd, [], ENV)
  expect(await requestToken(server, id, secret)).toBe(200)
  return { cwd, server, id, secret }
}

describe('consulate client rotate-secret, while a server runs', () => {
  test('the new secret works immediately, and the old one during the overlap', async () => {
    const { cwd, server, id, secret } = await startServer()
    const rotated = asJson(await rotate(cwd, id, '--overlap', '1h', '--json'))
    expect(await requestToken(server, id, rotated.client_secret)).toBe(200)
    expect(await requestToken(server, id, secret)).toBe(200)
    const left = Date.parse(rotated.old_secret_expires_at ?? '') - Date.now()
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(3_600_000)
    await server.stop()
  })

  test('the old secret stops working after the overlap, and not before', async () => {
    const { cwd, server, id, secret } = await startServer()
    const rotated = asJson(await rotate(cwd, id, '--overlap', '3s', '--json'))
    await expect.poll(() => requestToken(server, id, secret), SLOW).toBe(401)
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(rotated.old_secret_expires_at ?? ''))
    expect(await requestToken(server, id, rotated.client_secret)).toBe(200)
    await server.stop()
  })

  test('without an overlap all old secrets stop working, those of earlier rotations too', async () => {
    const { cwd, server, id, secret } = await startServer()
    const second = asJson(await rotate(cwd, id, '--json')).client_secret
    for (const each of [secret, second]) expect(await requestToken(server, id, each)).toBe(200)
    const last = asJson(await rotate(cwd, id, '--overlap', '0', '--json'))
    expect(last.old_secret_expires_at).toBeNull()
    expect(await requestToken(server, id, last.client_secret)).toBe(200)
    await expect
      .poll(() => Promise.all([secret, second].map((each) => requestToken(server, id, each))), SLOW)
      .toEqual([401, 401])
    await server.stop()
  })
})

describe('consulate client rotate-secret', () => {
  test('keeps the old secret for a day by default, and says until when', async () => {
    const cwd = await installed()
    const { client_id: id } = asJson(await consulate(cwd, CREATE))
    const before = Date.now()
    const { code, stdout } = await rotate(cwd, id)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Rotated the secret of client "Import"\.\n\n +Client secret +[\w-]{43}\n/)
    const [, end = ''] = /The old secret works until (\S+Z) \(in 1 day\)\./.exec(stdout) ?? []
    // The time is shown without its fraction of a second.
    expect(Date.parse(end)).toBeGreaterThan(before + 86_400_000 - 1000)
    expect(Date.parse(end)).toBeLessThanOrEqual(Date.now() + 86_400_000)
    const shown = await consulate(cwd, ['client', 'show', id])
    expect(shown.stdout.replaceAll(/\s+/g, ' ')).toContain(`Secret set; the old one works until ${end}`)
  })

  test('never extends an earlier, shorter overlap', async () => {
    const cwd = await installed()
    const { client_id: id, client_secret: first } = asJson(await consulate(cwd, CREATE))
    await rotate(cwd, id, '--overlap', '1s')
    await rotate(cwd, id, '--overlap', '1d')
    const server = await serve(cwd, [], ENV)
    await expect.poll(() => requestToken(server, id, first), SLOW).toBe(401)
    await server.stop()
  })

  test('rejects a public client', async () => {
    const cwd = await installed()
    const app = ['client', 'create', '--public', '--name', 'App', '--redirect-uri', 'https://app.example/']
    const { client_id: id } = asJson(await consulate(cwd, [...app, '--json']))
    const stderr = 'A public client has no secret.\n'
    expect(await rotate(cwd, id, '--json')).toEqual({ code: 1, stdout: '', stderr })
  })

  test('rejects a revoked client', async () => {
    const cwd = await installed()
    const { client_id: id } = asJson(await consulate(cwd, CREATE))
    await consulate(cwd, ['client', 'revoke', id, '--yes'])
    const stderr = 'The secret of a revoked client cannot be rotated.\n'
    expect(await rotate(cwd, id, '--json')).toEqual({ code: 1, stdout: '', stderr })
  })

  test.each(['soon', '-1d', '1'])('rejects an overlap of %s', async (overlap) => {
    const { code, stderr } = await rotate(await installed(), 'x', `--overlap=${overlap}`)
    expect(code).toBe(2)
    expect(stderr).toContain('It must be a duration')
  })
})
