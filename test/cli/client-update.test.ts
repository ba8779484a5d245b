import { describe, expect, test } from 'vitest'
import { consulate, installed, serve, type Outcome, type Variables } from './run.ts'

type Json = Readonly<Record<string, unknown>>

const asJson = ({ stdout }: Outcome): Json => JSON.parse(stdout) as Json

const register = async (cwd: string, flags: readonly string[]): Promise<Json> =>
  asJson(await consulate(cwd, ['client', '--json', ...flags]))

describe('consulate client update', () => {
  test('changes what its flags name, on a server that runs too, and nothing else', async () => {
    const cwd = await installed()
    const env: Variables = { CONSULATE_SCOPES: 'orders:read=See your orders' }
    const { client_secret: secret, ...before } = await register(cwd, [
      '--name',
      'Shop',
      '--redirect-uri',
      'https://a.example/',
    ])
    const id = String(before['client_id'])
    const server = await serve(cwd, [], { ...env, CONSULATE_ISSUER: 'https://auth.example.com' })
    const ask = async (): Promise<number> => {
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: id,
        redirect_uri: 'https://b.example/',
      })
      return (await fetch(`${server.origin}/oauth/authorize?${query.toString()}`, { redirect: 'manual' }))
        .status
    }
    expect(await ask()).toBe(400)
    const uris = ['--redirect-uri', 'https://a.example/', '--redirect-uri', 'https://b.example/']
    const changes = ['--grant', 'authorization_code', '--scope', 'orders:read', '--json']
    const updated = await consulate(cwd, ['client', 'update', id, ...uris, ...changes], { env })
    expect(asJson(updated)).toEqual({
      ...before,
      redirect_uris: ['https://a.example/', 'https://b.example/'],
      grant_types: ['authorization_code'],
      scope: 'orders:read',
    })
    expect(updated.stdout).not.toContain(secret)
    await expect.poll(ask, { timeout: 4000 }).toBe(303)
    await server.stop()
    const renamed = await consulate(cwd, ['client', 'update', id, '--name', 'Shop 2'])
    expect(renamed.stdout).toMatch(/name +Shop 2\n/)
  })

  test.each<[string, readonly string[], number, string]>([
    ['nothing', [], 2, 'say what to change'],
    ['a redirect URI that is none', ['--redirect-uri', 'nowhere'], 1, 'redirectUris[0]'],
    ['a grant that is none', ['--grant', 'magic'], 1, 'grantTypes[0]'],
    ['a scope that nobody defined', ['--scope', 'orders:raed'], 1, 'defines no scope orders:raed'],
  ])('with %s changes nothing', async (_what, flags, code, reason) => {
    const cwd = await installed()
    const env: Variables = { CONSULATE_SCOPES: 'orders:read=See your orders' }
    const id = String((await register(cwd, ['--client', '--name', 'Import']))['client_id'])
    const show = () => consulate(cwd, ['client', 'show', id, '--json'])
    const before = await show()
    const outcome = await consulate(cwd, ['client', 'update', id, ...flags], { env })
    expect([outcome.code, outcome.stdout]).toEqual([code, ''])
    expect(outcome.stderr).toContain(reason)
    expect(await show()).toEqual(before)
  })
})
