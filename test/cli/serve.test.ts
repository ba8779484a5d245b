import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, test } from 'vitest'
import { consulate, emptyDirectory, installed, serve, type RunningServer, type Variables } from './run.ts'
import { createProject } from './workers.ts'
import { freePort } from '../support/free-port.ts'

const ENVIRONMENT: Variables = {
  CONSULATE_ISSUER: 'https://auth.example.com',
  CONSULATE_SCOPES: 'orders:read=See your orders;orders:create=Place orders = pay',
}

async function token(origin: string, id: string, secret: string, scope: string): Promise<Response> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope })
  const headers = { Authorization: `Basic ${btoa(`${id}:${secret}`)}` }
  return fetch(`${origin}/oauth/token`, { method: 'POST', headers, body })
}

interface Registered {
  readonly client_id: string
  readonly client_secret: string
}

async function register(cwd: string, env: Variables): Promise<Registered> {
  const flags = ['client', 'create', '--machine', '--name', 'Import', '--scope', 'orders:read', '--json']
  return JSON.parse((await consulate(cwd, flags, { env })).stdout) as Registered
}

const cwd = await installed(afterAll)
const server = await serve(cwd, [], ENVIRONMENT, afterAll)

describe('consulate serve, from the environment', () => {
  test('uses the settings of the environment, and the same store as the other commands', async () => {
    const client = await register(cwd, ENVIRONMENT)
    expect(server.printed).toContain(`https://auth.example.com is listening on ${server.origin}`)
    const metadata = await fetch(`${server.origin}/.well-known/oauth-authorization-server`)
    expect(await metadata.json()).toMatchObject({
      issuer: 'https://auth.example.com',
      scopes_supported: ['orders:read', 'orders:create'],
      grant_types_supported: [
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:device_code',
      ],
    })
    const answer = await token(server.origin, client.client_id, client.client_secret, 'orders:read')
    expect(await answer.json()).toMatchObject({ token_type: 'Bearer', scope: 'orders:read' })
  })

  test('has the sign-in API if CONSULATE_SIGN_IN turns it on, for the origins that it lists', async () => {
    const cwd = await installed()
    const routesWith = async (value: string): Promise<string> =>
      (await consulate(cwd, ['routes'], { env: { ...ENVIRONMENT, CONSULATE_SIGN_IN: value } })).stdout
    expect(await routesWith('')).not.toContain('/auth/login')
    expect(await routesWith('on')).toContain('/auth/login')
    const env = { ...ENVIRONMENT, CONSULATE_SIGN_IN: 'https://shop.example, https://admin.example' }
    const server = await serve(cwd, [], env)
    const headers = { origin: 'https://admin.example' }
    const response = await fetch(`${server.origin}/auth/login`, { method: 'OPTIONS', headers })
    expect(response.headers.get('access-control-allow-origin')).toBe('https://admin.example')
    await server.stop()
  })

  test('serves an icon', async () => {
    const icon = await fetch(`${server.origin}/favicon.ico`)
    expect([icon.status, icon.headers.get('content-type')]).toEqual([200, 'image/svg+xml'])
    expect(await icon.text()).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /)
  })

  test('has neither the user nor the API of the demo', async () => {
    for (const path of ['/', '/api/me', '/demo/callback']) {
      expect((await fetch(server.origin + path)).status).toBe(404)
    }
    expect(server.printed).not.toContain('demo')
  })

  test('warns of a private key and a database that other accounts can read', async () => {
    const cwd = await installed()
    const secrets = join(cwd, 'data/secrets')
    const key = readdirSync(secrets).find((name) => name.endsWith('.pem')) ?? ''
    chmodSync(join(secrets, key), 0o644)
    chmodSync(join(cwd, 'data/consulate.db'), 0o640)
    const server = await serve(cwd, [], ENVIRONMENT)
    const { stderr } = await server.stop()
    const warnings = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>)
    expect(warnings.map(({ level, message, fix }) => ({ level, message, fix }))).toEqual(
      expect.arrayContaining([
        {
          level: 'warn',
          message: `Every account on this machine can read data/secrets/${key}`,
          fix: `Run \`chmod 600 data/secrets/${key}\`.`,
        },
        {
          level: 'warn',
          message: 'Other accounts of the group can read data/consulate.db',
          fix: 'Run `chmod 600 data/consulate.db`.',
        },
      ]),
    )
  })

  test('a running server issues no tokens to a client that is revoked on the command line', async () => {
    const client = await register(cwd, ENVIRONMENT)
    const status = async (): Promise<number> =>
      (await token(server.origin, client.client_id, client.client_secret, 'orders:read')).status
    expect(await status()).toBe(200)
    await consulate(cwd, ['client', 'revoke', client.client_id, '--yes'])
    await expect.poll(status).toBe(401)
  })

  test.each<[string, Variables, string]>([
    ['without an issuer', {}, 'CONSULATE_ISSUER is not set'],
    ['with http on another host', { CONSULATE_ISSUER: 'http://auth.example.com' }, 'issuer: must use https'],
    [
      'with scopes that cannot be parsed',
      { ...ENVIRONMENT, CONSULATE_SCOPES: 'orders:read' },
      'CONSULATE_SCOPES',
    ],
    ['with an invalid origin', { ...ENVIRONMENT, CONSULATE_SIGN_IN: 'yes' }, 'grants[4].origins[0]'],
    ['with an invalid proxy', { ...ENVIRONMENT, CONSULATE_TRUSTED_PROXIES: 'nginx' }, 'trustedProxies[0]'],
  ])('exits with 1 %s, and says why', async (_what, env, reason) => {
    const { code, stderr } = await consulate(await installed(), ['serve'], { env })
    expect(code).toBe(1)
    expect(stderr).toContain(reason)
  })

  test('exits with 1 without keys, and says how to create them', async () => {
    const { code, stderr } = await consulate(emptyDirectory(), ['serve'], { env: ENVIRONMENT })
    expect(code).toBe(1)
    expect(stderr).toContain('consulate install')
  })

  test('exits with 1 if the port is in use, and names it', async () => {
    const { port } = new URL(server.origin)
    const { code, stderr } = await consulate(cwd, ['serve', '--port', port], { env: ENVIRONMENT })
    expect(code).toBe(1)
    expect(stderr).toBe(`Port ${port} on 127.0.0.1 is in use. Choose another one, such as --port 3001.\n`)
  })
})

describe('consulate serve, from a configuration file', () => {
  const config = (issuer: string): string => `
    import { builtInUsers, clientCredentials, defineConfig, secretsFromDirectory } from 'consulate'
    import { sqlite } from 'consulate/sqlite'
    const scopes: Record<string, string> = { 'orders:read': 'See your orders' }
    export default defineConfig({
      issuer: '${issuer}',
      secrets: secretsFromDirectory('./keys'),
      store: sqlite('shop.db'),
      users: builtInUsers(),
      scopes,
      grants: [clientCredentials()],
    })`

  test('listing does not create a missing database', async () => {
    const cwd = await createProject(config('https://shop.example.com'))
    const { code, stderr } = await consulate(cwd, ['client', 'list'])
    expect([code, existsSync(join(cwd, 'shop.db'))]).toEqual([1, false])
    expect(stderr).toContain('shop.db does not exist. Run `consulate install`.')
  })

  test('every command uses its settings', async () => {
    const cwd = await createProject(config('https://shop.example.com'))
    const done = await consulate(cwd, ['install', '--json'])
    expect(JSON.parse(done.stdout)).toMatchObject({ keys: 'created', secrets: 'the directory ./keys' })
    expect([
      existsSync(join(cwd, 'keys')),
      existsSync(join(cwd, 'shop.db')),
      existsSync(join(cwd, 'data')),
    ]).toEqual([true, true, false])
    const client = await register(cwd, {})
    const server = await serve(cwd, [])
    const answer = await token(server.origin, client.client_id, client.client_secret, 'orders:read')
    expect(answer.status).toBe(200)
    await server.stop()
    const typo = ['client', 'create', '--machine', '--name', 'Import', '--scope', 'orders:raed']
    expect(await consulate(cwd, typo)).toMatchObject({
      code: 2,
      stderr: '--scope orders:raed: not defined in consulate.config.ts. Defined: orders:read.\n',
    })
  })

  test('exits with 1 and the path of an invalid option', async () => {
    const cwd = await createProject(config('http://shop.example.com'))
    const { code, stderr } = await consulate(cwd, ['migrate'])
    expect(code).toBe(1)
    expect(stderr).toContain('issuer: must use https')
  })

  test('exits with 1 if the file exports no configuration', async () => {
    const cwd = emptyDirectory()
    writeFileSync(join(cwd, 'consulate.config.mjs'), 'export const config = {}')
    const { code, stderr } = await consulate(cwd, ['migrate'])
    expect(code).toBe(1)
    expect(stderr).toContain('exports no configuration')
  })
})

describe('consulate serve shuts down cleanly', () => {
  const started = async (): Promise<{ cwd: string; server: RunningServer }> => {
    const cwd = await installed()
    return { cwd, server: await serve(cwd, [], { ...ENVIRONMENT, PORT: await freePort() }) }
  }

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s stops it with exit code 0 and closes the database',
    async (signal) => {
      const { cwd, server } = await started()
      expect(existsSync(join(cwd, 'data/consulate.db-wal'))).toBe(true)
      const { code, stdout, stderr } = await server.stop(signal)
      expect({ code, stderr, stdout }).toEqual({
        code: 0,
        stderr: '',
        stdout: expect.stringMatching(/Stopped\.\n$/) as string,
      })
      expect(existsSync(join(cwd, 'data/consulate.db-wal'))).toBe(false)
      await expect(fetch(server.origin)).rejects.toThrow()
    },
  )

  test('an open request is answered, and an idle connection does not delay the stop', async () => {
    const { server } = await started()
    const port = Number(new URL(server.origin).port)
    const [busy, idle] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
    await Promise.all([once(busy, 'connect'), once(idle, 'connect')])
    const body = 'grant_type=client_credentials'
    busy.write(
      `POST /oauth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
    )
    // The server has read the headers above when it answers this.
    await fetch(`${server.origin}/.well-known/jwks.json`)
    const answer = text(busy)
    const ended = server.stop('SIGINT')
    await once(idle.resume(), 'close')
    busy.write(body.slice(5))
    expect(await answer).toMatch(/^HTTP\/1\.1 401 .*invalid_client/s)
    expect(await ended).toMatchObject({ code: 0 })
  })

  test('ignores a second Ctrl-C, which npm sends along with the first', async () => {
    const { server } = await started()
    const ended = server.stop('SIGINT')
    server.process.kill('SIGINT')
    expect(await ended).toMatchObject({ code: 0 })
  })
})
