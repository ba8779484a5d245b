import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { settingsIn } from '../../examples/program.ts'
import { isThorough } from '../../support/dose.ts'
import { freePort } from '../../support/free-port.ts'
import { buildExample, NEXT } from './build.ts'

describe.runIf(isThorough)('the example in Next', () => {
  let origin = ''
  let output = ''
  let stop = (): void => undefined

  beforeAll(async () => {
    const folder = await buildExample()
    const PORT = await freePort()
    origin = `http://127.0.0.1:${PORT}`
    const next = join(NEXT, 'node_modules/next/dist/bin/next')
    const env = { ...process.env, PORT, NODE_ENV: 'production' as const, NEXT_TELEMETRY_DISABLED: '1' }
    const child = spawn(process.execPath, [next, 'start', '-H', '127.0.0.1'], { cwd: folder, env })
    stop = () => void child.kill('SIGKILL')
    const ended = once(child, 'close')
    const printed = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        output += String(chunk)
        if (output.includes('machine-client.ts')) resolve()
      })
    })
    await Promise.race([printed, ended])
  }, 600_000)
  afterAll(() => stop())

  const tokenParameters = (secret?: string): URLSearchParams => {
    const { CLIENT_ID = '', CLIENT_SECRET = '' } = settingsIn(output)
    const client = { client_id: CLIENT_ID, client_secret: secret ?? CLIENT_SECRET }
    return new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders:read', ...client })
  }
  const requestToken = (headers: Readonly<Record<string, string>> = {}, secret?: string): Promise<Response> =>
    fetch(`${origin}/oauth/token`, { method: 'POST', headers, body: tokenParameters(secret) })
  /** Requests a token from another loopback address. Resolves to the status. */
  const requestTokenFrom = async (localAddress: string): Promise<number | undefined> => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const outgoing = request(`${origin}/oauth/token`, { method: 'POST', headers, localAddress })
    outgoing.end(tokenParameters().toString())
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    response.resume()
    return response.statusCode
  }

  test('answers the paths of the server and those of the app', async () => {
    const metadata = await fetch(`${origin}/.well-known/oauth-authorization-server`)
    expect(await metadata.json()).toMatchObject({ issuer: origin })
    expect((await fetch(`${origin}/login`)).headers.get('content-security-policy')).toContain(
      'frame-ancestors',
    )
    expect((await fetch(`${origin}/login/`)).url).toBe(`${origin}/login`)
    expect(await (await fetch(origin)).text()).toContain('Password of Ada')
    expect((await fetch(`${origin}/elsewhere`)).status).toBe(404)
  })

  test('guards a route handler', async () => {
    const { access_token: token } = (await (await requestToken()).json()) as { access_token: string }
    const orders = await fetch(`${origin}/orders`, { headers: { authorization: `Bearer ${token}` } })
    expect(await orders.json()).toEqual({ client: settingsIn(output)['CLIENT_ID'] })
    const refused = await fetch(`${origin}/orders`)
    expect([refused.status, await refused.json()]).toMatchObject([401, { error: 'missing_token' }])
  })

  test('a server function signs a user in and out, for pages of the app and of the server', async () => {
    const password = /password (\S+)\. Call/.exec(output)?.[1] ?? ''
    let cookie = ''
    const submit = async (fields: Readonly<Record<string, string>>): Promise<readonly string[]> => {
      const page = await (await fetch(origin, { headers: { cookie } })).text()
      const body = new FormData()
      for (const [, name = ''] of page.matchAll(/<input type="hidden" name="([^"]+)"/g)) body.append(name, '')
      for (const [name, value] of Object.entries(fields)) body.append(name, value)
      const headers = { cookie, origin }
      const response = await fetch(origin, { method: 'POST', headers, body, redirect: 'manual' })
      expect(response.status).toBe(303)
      return response.headers.getSetCookie()
    }
    expect(await submit({ password: 'wrong' })).toEqual([])
    const set = await submit({ password })
    expect(set[0]).toMatch(/^consulate_session=[\w-]+; Path=\/; HttpOnly; SameSite=lax$/)
    cookie = set.map((line) => line.split(';', 1)[0]).join('; ')
    expect(await (await fetch(origin, { headers: { cookie } })).text()).toContain('Hello, ')
    const account = await fetch(`${origin}/account`, { headers: { cookie } })
    expect(account.url).toBe(`${origin}/account/devices`)
    await submit({})
    expect(await (await fetch(origin, { headers: { cookie } })).text()).toContain('Password of Ada')
  })

  test('invented X-Forwarded-For headers do not escape the limit of wrong secrets, and other addresses are not affected', async () => {
    const statuses: number[] = []
    for (let count = 0; count < 62; count += 1) {
      const response = await requestToken({ 'x-forwarded-for': `198.51.100.${count}` }, 'wrong')
      statuses.push(response.status)
    }
    expect(statuses.slice(-2)).toEqual([429, 429])
    expect((await requestToken()).status).toBe(429)
    expect(await requestTokenFrom('127.0.0.2')).toBe(200)
  })
})
