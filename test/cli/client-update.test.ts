import { describe, expect, test } from 'vitest'
import { consulate, installed, serve, type Outcome, type Variables } from './run.ts'

type Json = Readonly<Record<string, unknown>>

const ENV: Variables = { CONSULATE_SCOPES: 'orders:read=See your orders' }

const asJson = ({ stdout }: Outcome): Json => JSON.parse(stdout) as Json

const register = async (cwd: string, ...flags: readonly string[]): Promise<Json> =>
  asJson(await consulate(cwd, ['client', 'create', '--json', ...flags]))

/** Registers a web application and returns it with its id. */
async function registerWebApp(cwd: string, ...flags: readonly string[]) {
  const app = ['--name', 'Shop', '--redirect-uri', 'https://a.example/']
  const { client_secret: secret, ...record } = await register(cwd, ...app, ...flags)
  return { id: String(record['client_id']), secret, record }
}

describe('consulate client update', () => {
  test('changes what its flags name on a running server, and nothing else', async () => {
    const cwd = await installed()
    const { id, secret, record } = await registerWebApp(cwd)
    const server = await serve(cwd, [], { ...ENV, CONSULATE_ISSUER: 'https://auth.example.com' })
    const authorize = async (): Promise<number> => {
      const url = new URL('/oauth/authorize', server.origin)
      const query = { response_type: 'code', client_id: id, redirect_uri: 'https://b.example/' }
      url.search = new URLSearchParams(query).toString()
      return (await fetch(url, { redirect: 'manual' })).status
    }
    expect(await authorize()).toBe(400)
    const changes = ['--redirect-uri', 'https://a.example/, https://b.example/', '--scope', 'orders:read']
    const update = ['client', 'update', id, ...changes, '--grant', 'authorization_code', '--json']
    const updated = await consulate(cwd, update, { env: ENV })
    expect(asJson(updated)).toEqual({
      ...record,
      redirect_uris: ['https://a.example/', 'https://b.example/'],
      grant_types: ['authorization_code'],
      scope: 'orders:read',
    })
    expect(updated.stdout).not.toContain(secret)
    await expect.poll(authorize).toBe(303)
    await server.stop()
  })

  test('changes the rest of the record, and back', async () => {
    const cwd = await installed()
    const { id, record } = await registerWebApp(cwd, '--scope', 'orders:read')
    const update = async (...flags: readonly string[]): Promise<Json> =>
      asJson(await consulate(cwd, ['client', 'update', id, ...flags, '--json'], { env: ENV }))
    const texts = { '--publisher': 'Shop Ltd', '--logo': '/shop.png', '--homepage': 'https://shop.example' }
    const links = { '--privacy': 'https://shop.example/p', '--terms': 'https://shop.example/t' }
    const settings =
      '--all-scopes --skip-consent --require-pkce --no-end-with-session --follow-revocations --introspect'
    const changed = await update(
      '--name=Shop 2',
      '--grace-window=0',
      '--access-token-lifetime=5m',
      '--refresh-token-lifetime=1y',
      '--refresh-token-maximum-lifetime=2y',
      ...settings.split(' '),
      ...Object.entries({ ...texts, ...links }).flat(),
    )
    expect(changed).toEqual({
      ...record,
      client_name: 'Shop 2',
      scope: null,
      skips_consent: true,
      requires_pkce: true,
      ends_with_session: false,
      follows_revocations: true,
      introspects: true,
      grace_window: 0,
      access_token_lifetime: 300,
      refresh_token_lifetime: 31_536_000,
      refresh_token_maximum_lifetime: 63_072_000,
      publisher: 'Shop Ltd',
      logo_uri: '/shop.png',
      client_uri: 'https://shop.example',
      policy_uri: 'https://shop.example/p',
      tos_uri: 'https://shop.example/t',
    })
    const defaults =
      '--no-skip-consent --no-require-pkce --end-with-session --no-follow-revocations --no-introspect --grace-window default --access-token-lifetime default --refresh-token-lifetime default --refresh-token-maximum-lifetime default'
    const none = '--no-publisher --no-logo --no-homepage --no-privacy --no-terms'
    const restored = await update(
      '--name=Shop',
      '--scope=orders:read',
      ...defaults.split(' '),
      ...none.split(' '),
    )
    expect(restored).toEqual(record)
  })

  test('shows the changed client', async () => {
    const cwd = await installed()
    const { id } = await registerWebApp(cwd)
    const { stdout } = await consulate(cwd, ['client', 'update', id, '--name', 'Shop 2', '--require-pkce'])
    expect(stdout).toMatch(/Name +Shop 2\n/)
    expect(stdout).toMatch(/Settings +requires PKCE\n/)
  })

  test.each<[flags: readonly string[], problem: string]>([
    [[], 'Nothing to change.'],
    [['--config', ''], "'--config <file>' argument '' is invalid"],
    [['--redirect-uri', 'nowhere'], '--redirect-uri nowhere: must be an absolute URI'],
    [['--grant', 'magic'], '--grant magic: '],
    [['--scope', 'orders:raed'], '--scope orders:raed: not defined in the environment'],
    [
      ['--scope', 'orders:read', '--all-scopes'],
      "'--all-scopes' cannot be used with option '--scope <scope>'",
    ],
    [['--privacy', 'javascript:alert(1)'], '--privacy javascript:alert(1): must be an https URL'],
  ])('rejects %j and changes nothing', async (flags, problem) => {
    const cwd = await installed()
    const { id, record } = await registerWebApp(cwd)
    const outcome = await consulate(cwd, ['client', 'update', id, ...flags], { env: ENV })
    expect([outcome.code, outcome.stdout]).toEqual([2, ''])
    expect(outcome.stderr).toContain(problem)
    expect(asJson(await consulate(cwd, ['client', 'show', id, '--json']))).toEqual(record)
  })

  test('does not change a revoked client', async () => {
    const cwd = await installed()
    const { id } = await registerWebApp(cwd)
    await consulate(cwd, ['client', 'revoke', id, '--yes'])
    const outcome = await consulate(cwd, ['client', 'update', id, '--name', 'Back again'])
    expect(outcome).toEqual({ code: 1, stdout: '', stderr: 'A revoked client cannot be changed.\n' })
  })
})
