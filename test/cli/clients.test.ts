import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { consulate, emptyDirectory, installed, type Outcome, type Variables } from './run.ts'

/** Any text of this shape. */
const like = (shape: RegExp): unknown => expect.stringMatching(shape)

type Json = Readonly<Record<string, unknown>>

async function register(cwd: string, flags: readonly string[]): Promise<Json> {
  const { stdout } = await consulate(cwd, ['client', '--json', ...flags])
  return JSON.parse(stdout) as Json
}

const asJson = ({ stdout }: Outcome): unknown => JSON.parse(stdout)

describe('consulate client', () => {
  test('registers a web application, and tells its secret once', async () => {
    const cwd = await installed()
    const uris = ['--redirect-uri', 'https://shop.example/a', '--redirect-uri', 'https://shop.example/b']
    const scopes = ['--scope', 'orders:read', '--scope', 'orders:create orders:list']
    const client = await register(cwd, ['--name', 'Shop', ...uris, ...scopes])
    expect(client).toEqual({
      client_id: like(/^[0-9a-f-]{36}$/),
      client_name: 'Shop',
      type: 'confidential',
      redirect_uris: ['https://shop.example/a', 'https://shop.example/b'],
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'orders:read orders:create orders:list',
      provider: 'users',
      created_at: like(/^\d{4}-.*Z$/),
      revoked_at: null,
      client_secret: like(/^[\w-]{43}$/),
    })
    const { client_secret: secret, ...rest } = client
    const shown = await consulate(cwd, ['client', 'show', String(client['client_id']), '--json'])
    expect(asJson(shown)).toEqual(rest)
    expect(shown.stdout).not.toContain(secret)
  })

  test('--public registers an app without a secret', async () => {
    const app = await register(await installed(), [
      '--public',
      '--name',
      'App',
      '--redirect-uri',
      'com.example.app:/back',
    ])
    expect(app).toMatchObject({ type: 'public', scope: null })
    expect(app).not.toHaveProperty('client_secret')
  })

  test('--client registers a machine', async () => {
    const machine = await register(await installed(), [
      '--client',
      '--name',
      'Import',
      '--scope',
      'orders:create',
    ])
    expect(machine).toMatchObject({ grant_types: ['client_credentials'], scope: 'orders:create' })
  })

  test('--service registers the guard of another service, which gets no tokens', async () => {
    const service = await register(await installed(), ['--service', '--name', 'Orders'])
    expect(service).toMatchObject({ type: 'confidential', grant_types: [], follows_revocations: true })
    expect(service['client_secret']).toMatch(/^[\w-]{43}$/)
  })

  const BACK = ['--redirect-uri', 'https://app.example/back']
  const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'

  test.each<[string, readonly string[], string, readonly string[]]>([
    ['--device, a device that keeps a secret', ['--device'], 'confidential', [DEVICE, 'refresh_token']],
    ['--device --public, one that cannot', ['--device', '--public'], 'public', [DEVICE, 'refresh_token']],
    [
      '--device with a redirect URI, an app that has both ways',
      ['--device', ...BACK],
      'confidential',
      ['authorization_code', DEVICE, 'refresh_token'],
    ],
    [
      '--password, an app with a form of its own',
      ['--password'],
      'confidential',
      ['password', 'refresh_token'],
    ],
    [
      '--password --public, one on a phone',
      ['--password', '--public'],
      'public',
      ['password', 'refresh_token'],
    ],
    [
      '--implicit, an app in a browser, which has no secret and gets no refresh token',
      ['--implicit', ...BACK],
      'public',
      ['implicit'],
    ],
  ])('%s', async (_what, flags, type, grants) => {
    const app = await register(await installed(), ['--name', 'App', ...flags])
    expect(app).toMatchObject({ type, grant_types: grants })
    expect('client_secret' in app).toBe(type === 'confidential')
  })

  test('says on standard error what a client cannot use yet because no server gives it', async () => {
    const flags = ['client', '--name', 'Old', '--password', '--json']
    const { code, stdout, stderr } = await consulate(await installed(), flags)
    expect([code, stderr]).toEqual([
      0,
      'It cannot use password yet: the environment does not list that grant.\n',
    ])
    expect(JSON.parse(stdout)).toMatchObject({ grant_types: ['password', 'refresh_token'] })
  })

  test.each([
    [['--implicit'], '--redirect-uri is needed'],
    [['--implicit', '--device', ...BACK], "'--implicit' cannot be used with option '--device'"],
    [['--implicit', '--password', ...BACK], "'--implicit' cannot be used with option '--password'"],
    [['--client', '--device'], "'--client' cannot be used with option '--device'"],
    [['--client', '--password'], "'--password' cannot be used with option '--client'"],
    [['--client', '--provider', 'users'], "'--provider <name>' cannot be used with option '--client'"],
    [['--service', '--device'], "'--service' cannot be used with option '--device'"],
  ])('%j do not go together and end with 2', async (flags, reason) => {
    const { code, stderr } = await consulate(await installed(), ['client', '--name', 'App', ...flags])
    expect(code).toBe(2)
    expect(stderr).toContain(reason)
  })

  test('--implicit back to an app of its own scheme ends with 1: any other app could claim that', async () => {
    const flags = ['--name', 'App', '--implicit', '--redirect-uri', 'com.example.app:/back']
    const { code, stderr } = await consulate(await installed(), ['client', ...flags])
    expect([code, stderr.includes('must all use https for the implicit grant')]).toEqual([1, true])
  })

  test('tells people what scripts are told: the id, and once the secret', async () => {
    const cwd = await installed()
    const { stdout } = await consulate(cwd, ['client', '--client', '--name', 'Import'])
    expect(stdout).toMatch(/client_id +[0-9a-f-]{36}\n/)
    expect(stdout).toMatch(/client_secret +[\w-]{43}\n/)
    const { stdout: list } = await consulate(cwd, ['client', 'list'])
    expect(list).toMatch(/^ +client_id +[0-9a-f-]{36}\n +name +Import\n +type +confidential\n/m)
  })

  test('list has every client; revoke ends one, and again is harmless', async () => {
    const cwd = await installed()
    const ids = []
    for (const name of ['A', 'B']) ids.push((await register(cwd, ['--client', '--name', name]))['client_id'])
    const revoke = ['client', 'revoke', String(ids[0]), '--json']
    const revoked = asJson(await consulate(cwd, revoke))
    expect(revoked).toMatchObject({ client_id: ids[0], revoked_at: like(/Z$/) })
    expect(await consulate(cwd, revoke)).toMatchObject({ code: 0 })
    const list = asJson(await consulate(cwd, ['client', 'list', '--json'])) as readonly Json[]
    expect(
      Object.fromEntries(list.map((client) => [client['client_id'], client['revoked_at'] !== null])),
    ).toEqual({
      [String(ids[0])]: true,
      [String(ids[1])]: false,
    })
  })

  test.each([
    [
      'a redirect URI that no browser may be sent to',
      ['--redirect-uri', 'http://shop.example'],
      'must use https',
    ],
    ['a scope that is none', ['--redirect-uri', 'https://a.example/', '--scope', 'a"b'], 'scopes[0]'],
  ])('%s ends with 1', async (_what, flags, reason) => {
    const { code, stderr } = await consulate(await installed(), ['client', '--name', 'Shop', ...flags])
    expect(code).toBe(1)
    expect(stderr).toContain(reason)
  })

  test('a scope that the environment does not define ends with 1', async () => {
    const env: Variables = { CONSULATE_SCOPES: 'orders:read=See your orders' }
    const flags = ['client', '--client', '--name', 'Import', '--scope', 'orders:raed']
    const { code, stderr } = await consulate(await installed(), flags, { env })
    expect(code).toBe(1)
    expect(stderr).toContain('orders:raed')
  })

  test.each([['show'], ['revoke'], ['update', '--name', 'X']])(
    '%s of a client that there is not ends with 1',
    async (command, ...flags) => {
      const { code, stdout, stderr } = await consulate(await installed(), [
        'client',
        command,
        'nobody',
        ...flags,
        '--json',
      ])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toBe('there is no client nobody\n')
    },
  )

  test('where nothing is installed it ends with 1, says what to do, and makes nothing', async () => {
    const cwd = emptyDirectory()
    const { code, stderr } = await consulate(cwd, ['client', 'list'])
    expect(code).toBe(1)
    expect(stderr).toContain('consulate install')
    expect(readdirSync(cwd)).toEqual([])
  })
})

describe('consulate user create', () => {
  const ada = ['user', 'create', '--email', 'Ada@Example.com', '--name', 'Ada', '--json']

  test('adds a person; the password from standard input, less the end of its line', async () => {
    const cwd = await installed()
    const added = await consulate(cwd, [...ada, '--password-stdin'], { input: 'correct horse\n' })
    expect(added.code).toBe(0)
    expect(asJson(added)).toEqual({
      id: like(/^[\w-]{22}$/),
      email: 'ada@example.com',
      name: 'Ada',
    })
    expect(added.stdout).not.toContain('correct horse')
  })

  test('takes the password from the environment or, where one insists, from the command line', async () => {
    const cwd = await installed()
    const env = { CONSULATE_PASSWORD: 'correct horse' }
    expect(await consulate(cwd, ada, { env })).toMatchObject({ code: 0 })
    const grace = ['user', 'create', '--email', 'grace@example.com', '--password', 'battery staple']
    expect(await consulate(cwd, grace)).toMatchObject({ code: 0 })
  })

  test('an email that is taken ends with 1', async () => {
    const cwd = await installed()
    const env = { CONSULATE_PASSWORD: 'correct horse' }
    await consulate(cwd, ada, { env })
    const { code, stdout, stderr } = await consulate(cwd, ada, { env })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('already')
  })

  test.each([
    ['a password that is too short', 'ada@example.com', 'short', 'at least 8 characters'],
    ['what is no email', 'ada', 'correct horse', 'email address'],
  ])('%s ends with 1', async (_what, email, password, reason) => {
    const { code, stderr } = await consulate(await installed(), ['user', 'create', '--email', email], {
      env: { CONSULATE_PASSWORD: password },
    })
    expect(code).toBe(1)
    expect(stderr).toContain(reason)
  })
})
