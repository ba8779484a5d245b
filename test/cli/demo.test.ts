import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { linkTo, openBrowser, type Browser } from '../support/browser.ts'
import { createKnownSecrets } from '../support/known-secrets.ts'
import {
  consulate,
  emptyDirectory,
  installed,
  serve,
  shell,
  type RunningServer,
  type Variables,
} from './run.ts'

type Json = Readonly<Record<string, unknown>>

/** The name of an app that the demo user registers. */
const APP = 'Orchard Tools'

const passwordIn = ({ printed }: RunningServer): string | undefined =>
  /Password {2}(\S+) {2}\(shown only once\)/.exec(printed)?.[1]

const urlIn = ({ printed }: RunningServer): string =>
  /^(http\S+\/oauth\/authorize\S+)$/m.exec(printed)?.[1] ?? ''

const curlIn = ({ printed }: RunningServer): string => /^(curl .*\/oauth\/token)$/m.exec(printed)?.[1] ?? ''

const browse = ({ origin }: RunningServer): Browser =>
  openBrowser({ origin, knownSecrets: createKnownSecrets() })

async function machineToken(server: RunningServer): Promise<Json> {
  const { stdout } = await shell('/', curlIn(server))
  return JSON.parse(stdout) as Json
}

const call = (
  server: RunningServer,
  path: string,
  token: unknown,
  init: RequestInit = {},
): Promise<Response> =>
  fetch(server.origin + path, { ...init, headers: { Authorization: `Bearer ${String(token)}` } })

const cwd = emptyDirectory(afterAll)
const server = await serve(cwd, ['--demo'], {}, afterAll)

describe('consulate serve --demo', () => {
  test('prints a curl command that works when pasted', async () => {
    const { access_token: token, ...rest } = await machineToken(server)
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 900, scope: 'orders:read' })
    expect(await (await call(server, '/api/machine', token)).json()).toEqual({
      client: 'demo-machine',
      scopes: ['orders:read'],
    })
    expect((await call(server, '/api/orders', token)).status).toBe(200)
    expect(
      (await call(server, '/api/orders', token, { method: 'POST', body: '{"item":"Pears"}' })).status,
    ).toBe(403)
    expect((await call(server, '/api/me', token)).status).toBe(401)
    expect((await call(server, '/api/me', 'none')).status).toBe(401)
  })

  test('prints commands that sign in from an app and list its devices, in 80 columns', async () => {
    const [, block = ''] = server.printed.split(/^(?=Sign in from your own app)/m)
    const [lines = ''] = block.split('\n\n')
    for (const line of lines.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    const [, login = '', devices = ''] = lines.split(/\n(?=curl)/)
    const tokens = JSON.parse((await shell('/', login)).stdout) as Json
    const listed = await shell('/', `TOKEN=${String(tokens['access_token'])}; ${devices}`)
    expect(JSON.parse(listed.stdout)).toContainEqual(
      expect.objectContaining({ id: tokens['session_id'], is_current: true }),
    )
  })

  test('prints the link for a forgotten password, which changes it', async () => {
    const server = await serve(emptyDirectory(), ['--demo'])
    const browser = browse(server)
    let printed = ''
    server.process.stdout?.on('data', (chunk: Buffer) => void (printed += chunk.toString()))
    const forgotten = linkTo(await browser.open(`${server.origin}/login`), 'Forgot password?')
    await browser.press(await browser.open(forgotten), 'Send link', { username: 'demo@example.com' })
    const link = /^http\S+\/reset-password\?token=\S+$/m
    await expect.poll(() => printed).toMatch(link)
    const page = await browser.open(link.exec(printed)?.[0] ?? '')
    const done = await browser.press(page, 'Change password', { new_password: 'battery staple' })
    expect(done.text).toContain('Your password was changed')
    expect(await server.stop('SIGINT')).toMatchObject({ code: 0, stderr: '' })
  })

  test('prints a URL that leads through sign-in and consent to tokens that the API accepts', async () => {
    const browser = browse(server)
    const password = passwordIn(server) ?? ''
    const consent = await browser.signIn(await browser.open(urlIn(server)), {
      email: 'demo@example.com',
      password,
    })
    expect(consent.text).toContain('Place orders')
    const done = await browser.press(consent, 'Allow')
    expect(done.url.pathname).toBe('/demo/callback')
    expect(done.text).toContain('"typ": "at+jwt"')
    expect(done.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^;]*;/,
    )
    const { token = '' } = done.forms[0]?.fields ?? {}
    const me = await call(server, '/api/me', token)
    expect(await me.json()).toMatchObject({ email: 'demo@example.com', client: 'demo-web' })
    const order = await call(server, '/api/orders', token, { method: 'POST', body: '{"item":"Pears"}' })
    expect([order.status, await order.json()]).toMatchObject([201, { item: 'Pears' }])
    expect((await call(server, '/api/orders', token, { method: 'POST', body: 'Pears' })).status).toBe(400)
    expect((await call(server, '/api/machine', token)).status).toBe(401)
    const called = await browser.open('/demo/call', {
      method: 'POST',
      body: new URLSearchParams({ token, call: 'GET /api/me' }),
    })
    expect(called.text).toContain('200 OK { "id":')
  })

  test('prints the page for personal access tokens, which the API accepts', async () => {
    expect(server.printed).toContain(`${server.origin}/account/tokens\n`)
    const browser = browse(server)
    const user = { email: 'demo@example.com', password: passwordIn(server) ?? '' }
    const page = await browser.signIn(await browser.open(`${server.origin}/account/tokens`), user)
    const made = await browser.press(page, 'Generate token', { name: 'Script', 'scope:orders:read': 'on' })
    const token = />(eyJ[^<]+)<\/code/.exec(made.body)?.[1]
    expect((await call(server, '/api/orders', token)).status).toBe(200)
    expect(
      (await call(server, '/api/orders', token, { method: 'POST', body: '{"item":"Pears"}' })).status,
    ).toBe(403)
  })

  test('links the account pages, where the user registers an app', async () => {
    const browser = browse(server)
    const { body } = await browser.open('/')
    const paths = [...body.matchAll(/href="(\/account\/[a-z]+)"/g)].map(([, path = '']) => path)
    expect(paths).toEqual(['/account/devices', '/account/apps', '/account/tokens', '/account/developer'])
    const user = { email: 'demo@example.com', password: passwordIn(server) ?? '' }
    await browser.signIn(await browser.open('/account/devices'), user)
    for (const path of paths) expect((await browser.open(path)).url.pathname).toBe(path)
    const form = await browser.open('/account/developer?new=app')
    const fields = { name: APP, redirect_uris: 'https://tools.example/callback' }
    expect((await browser.press(form, 'Register app', fields)).text).toContain('Client secret')
    expect((await browser.open('/account/developer')).text).toContain(APP)
  })

  test('shows the public app its tokens, a denial, and a code that is used twice', async () => {
    const browser = browse(server)
    const home = await browser.open('/')
    const app = /href="([^"]*client_id=demo-app[^"]*)"/.exec(home.body)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const user = { email: 'demo@example.com', password: passwordIn(server) ?? '' }
    const denied = await browser.press(await browser.signIn(await browser.open(app), user), "Don't allow")
    expect([denied.status, denied.text]).toEqual([
      400,
      expect.stringContaining('t allow access, so the app got no token'),
    ])
    const done = await browser.press(await browser.open(app), 'Allow')
    expect(done.text).toContain('"client_id": "demo-app"')
    const again = await browser.open(done.url)
    expect([again.status, again.text]).toEqual([400, expect.stringContaining('invalid_grant')])
    const { token } = done.forms[0]?.fields ?? {}
    expect((await call(server, '/api/me', token)).status).toBe(401)
  })

  test.each([
    ['with an unknown state', { state: 'x', iss: 'self' }, 'No demo client sent this state'],
    ['from another server', { state: 'own', iss: 'https://evil.example' }, 'iss does not match'],
    ['with markup', { state: 'x', error: '<script>alert(1)</script>' }, '<script>alert(1)</script>'],
  ])('rejects a response %s, and escapes it on the page', async (_what, query, shown) => {
    const state = new URL(urlIn(server)).searchParams.get('state') ?? ''
    const answer: Record<string, string> = { code: 'x', ...query }
    if (answer['state'] === 'own') answer['state'] = state
    if (answer['iss'] === 'self') answer['iss'] = server.origin
    const page = await browse(server).open(`/demo/callback?${new URLSearchParams(answer).toString()}`)
    expect(page.status).toBe(400)
    expect(page.text).toContain(shown)
    expect(page.body).not.toContain('<script')
  })

  test('serves an icon', async () => {
    const icon = await fetch(`${server.origin}/favicon.ico`)
    expect([icon.status, icon.headers.get('content-type')]).toEqual([200, 'image/svg+xml'])
  })

  test('has no secret on its home page, and returns 404 for unknown paths', async () => {
    const { body } = await browse(server).open('/')
    const secret = /demo-machine:([\w-]{43})'/.exec(server.printed)?.[1] ?? 'none'
    expect(body).toContain('/oauth/authorize?')
    expect(body).not.toContain(secret)
    expect(body).not.toContain(passwordIn(server))
    expect((await fetch(`${server.origin}/nothing`)).status).toBe(404)
  })

  test('keeps its data when it starts again on another port, and does not print the password again', async () => {
    const cwd = emptyDirectory()
    const first = await serve(cwd, ['--demo'])
    const { access_token: token } = await machineToken(first)
    const user = { email: 'demo@example.com', password: passwordIn(first) ?? '' }
    expect(user.password).toMatch(/^[a-z2-9]{16}$/)
    await first.stop()
    const second = await serve(cwd, ['--demo'])
    expect(passwordIn(second)).toBeUndefined()
    expect(second.printed).not.toContain(user.password)
    expect(await machineToken(second)).toMatchObject({ scope: 'orders:read' })
    const browser = browse(second)
    const page = await browser.press(await browser.signIn(await browser.open(urlIn(second)), user), 'Allow')
    expect(page.text).toContain('The access token, decoded')
    await second.stop()
    const third = await serve(cwd, ['--demo'], { PORT: new URL(first.origin).port })
    expect((await call(third, '/api/machine', token)).status).toBe(200)
    await third.stop()
  })

  test('keeps its secrets readable by the owner only, and other commands see its clients', async () => {
    expect(statSync(join(cwd, 'data/demo.json')).mode & 0o777).toBe(0o600)
    expect(statSync(join(cwd, 'data')).mode & 0o777).toBe(0o700)
    const { stdout } = await consulate(cwd, ['client', 'list', '--json'])
    const clients = (JSON.parse(stdout) as readonly Json[]).filter(({ client_name: name }) => name !== APP)
    expect(clients.map(({ client_id: id, type }) => [id, type])).toEqual([
      ['demo-app', 'public'],
      ['demo-machine', 'confidential'],
      ['demo-tv', 'public'],
      ['demo-web', 'confidential'],
    ])
  })
})

describe('the demo never runs by accident', () => {
  const refused = async (cwd: string, env: Variables): Promise<string> => {
    const { code, stdout, stderr } = await consulate(cwd, ['serve', '--demo'], { env })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^The demo cannot run here: /)
    return stderr
  }

  test.each<[string, Variables]>([
    ['in production', { NODE_ENV: 'production' }],
    ['if other machines can reach it', { HOST: '0.0.0.0' }],
    ['if the issuer of a real server is set', { CONSULATE_ISSUER: 'https://auth.example.com' }],
  ])('does not run %s', async (_where, env) => {
    const [reason = ''] = Object.values(env)
    expect(await refused(emptyDirectory(), env)).toContain(reason)
  })

  test('does not run beside a configuration file, and does not load it', async () => {
    const cwd = emptyDirectory()
    writeFileSync(join(cwd, 'consulate.config.mjs'), 'throw new Error("was read")')
    expect(await refused(cwd, {})).toContain('consulate.config.mjs')
  })

  test('does not run on data that it did not create', async () => {
    const cwd = await installed()
    expect(await refused(cwd, {})).toContain('consulate.db')
  })

  test('npm start runs the demo', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>
    }
    expect(scripts['start']).toBe('node bin/consulate.js serve --demo')
  })

  test('prints the password at the next start if the port is in use', async () => {
    const cwd = emptyDirectory()
    const { port } = new URL(server.origin)
    expect(await consulate(cwd, ['serve', '--demo'], { env: { PORT: port } })).toMatchObject({
      code: 1,
      stdout: '',
    })
    const next = await serve(cwd, ['--demo'])
    expect(passwordIn(next)).toBeDefined()
    await next.stop()
  })
})
