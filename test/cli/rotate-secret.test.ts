import { afterAll, describe, expect, test } from 'vitest'
import { consulate, installed, serve, type Outcome } from './run.ts'

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

const cwd = await installed(afterAll)
const server = await serve(cwd, [], ENV, afterAll)

const rotate = (id: string, ...flags: string[]): Promise<Outcome> =>
  consulate(cwd, ['client', 'rotate-secret', id, ...flags])

/** Requests a token with a secret and returns the status. */
async function requestToken(id: string, secret: string): Promise<number> {
  const headers = { Authorization: `Basic ${btoa(`${id}:${secret}`)}` }
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders:read' })
  return (await fetch(`${server.origin}/oauth/token`, { method: 'POST', headers, body })).status
}

/** Creates a client, which the server has cached with its first secret. */
async function createCached(): Promise<{ id: string; secret: string }> {
  const { client_id: id, client_secret: secret } = asJson(await consulate(cwd, CREATE))
  expect(await requestToken(id, secret)).toBe(200)
  return { id, secret }
}

describe('consulate client rotate-secret, while a server runs', () => {
  test('the new secret works immediately, and the old one during the overlap', async () => {
    const { id, secret } = await createCached()
    const rotated = asJson(await rotate(id, '--overlap', '1h', '--json'))
    expect(await requestToken(id, rotated.client_secret)).toBe(200)
    expect(await requestToken(id, secret)).toBe(200)
    const left = Date.parse(rotated.old_secret_expires_at ?? '') - Date.now()
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(3_600_000)
  })

  test('the old secret stops working after the overlap, and not before', async () => {
    const { id, secret } = await createCached()
    const rotated = asJson(await rotate(id, '--overlap', '1s', '--json'))
    await expect.poll(() => requestToken(id, secret), SLOW).toBe(401)
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(rotated.old_secret_expires_at ?? ''))
    expect(await requestToken(id, rotated.client_secret)).toBe(200)
  })

  test('without an overlap all old secrets stop working, those of earlier rotations too', async () => {
    const { id, secret } = await createCached()
    const second = asJson(await rotate(id, '--json')).client_secret
    for (const each of [secret, second]) expect(await requestToken(id, each)).toBe(200)
    const last = asJson(await rotate(id, '--overlap', '0', '--json'))
    expect(last.old_secret_expires_at).toBeNull()
    expect(await requestToken(id, last.client_secret)).toBe(200)
    await expect
      .poll(() => Promise.all([secret, second].map((each) => requestToken(id, each))), SLOW)
      .toEqual([401, 401])
  })
})

describe('consulate client rotate-secret', () => {
  test('keeps the old secret for a day by default, and says until when', async () => {
    const { client_id: id } = asJson(await consulate(cwd, CREATE))
    const before = Date.now()
    const { code, stdout } = await rotate(id)
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
    const { client_id: id, client_secret: first } = asJson(await consulate(cwd, CREATE))
    await rotate(id, '--overlap', '1s')
    await rotate(id, '--overlap', '1d')
    await expect.poll(() => requestToken(id, first), SLOW).toBe(401)
  })

  test('rejects a public client', async () => {
    const app = ['client', 'create', '--public', '--name', 'App', '--redirect-uri', 'https://app.example/']
    const { client_id: id } = asJson(await consulate(cwd, [...app, '--json']))
    const stderr = 'A public client has no secret.\n'
    expect(await rotate(id, '--json')).toEqual({ code: 1, stdout: '', stderr })
  })

  test('rejects a revoked client', async () => {
    const { client_id: id } = asJson(await consulate(cwd, CREATE))
    await consulate(cwd, ['client', 'revoke', id, '--yes'])
    const stderr = 'The secret of a revoked client cannot be rotated.\n'
    expect(await rotate(id, '--json')).toEqual({ code: 1, stdout: '', stderr })
  })

  test.each(['soon', '-1d', '1'])('rejects an overlap of %s', async (overlap) => {
    const { code, stderr } = await rotate('x', `--overlap=${overlap}`)
    expect(code).toBe(2)
    expect(stderr).toContain('It must be a duration')
  })
})
