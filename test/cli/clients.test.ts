import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sqlite } from '../../src/store/sqlite.ts'
import { consulate, emptyDirectory, installed, type Outcome, type Variables } from './run.ts'

/** Any text of this shape. */
const like = (shape: RegExp): unknown => expect.stringMatching(shape)

type Json = Readonly<Record<string, unknown>>

const asJson = ({ stdout }: Outcome): unknown => JSON.parse(stdout)

const create = (cwd: string, ...flags: readonly string[]): Promise<Outcome> =>
  consulate(cwd, ['client', 'create', ...flags])

const register = async (cwd: string, ...flags: readonly string[]): Promise<Json> =>
  asJson(await create(cwd, '--json', ...flags)) as Json

const REDIRECT = ['--redirect-uri', 'https://app.example/callback']
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'

describe('consulate client create', () => {
  test('registers a web application and shows its secret once', async () => {
    const cwd = await installed()
    const uris = ['--redirect-uri', 'https://shop.example/a', '--redirect-uri', 'https://shop.example/b']
    const scopes = ['--scope', 'orders:read', '--scope', 'orders:create orders:list']
    const client = await register(cwd, '--name', 'Shop', ...uris, ...scopes)
    expect(client).toEqual({
      client_id: like(/^[0-9a-f-]{36}$/),
      client_name: 'Shop',
      access_token_lifetime: null,
      fields: {},
      refresh_token_lifetime: null,
      refresh_token_maximum_lifetime: null,
      type: 'confidential',
      redirect_uris: ['https://shop.example/a', 'https://shop.example/b'],
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'orders:read orders:create orders:list',
      provider: 'users',
      third_party: false,
      declared: false,
      owner: null,
      publisher: null,
      logo_uri: null,
      client_uri: null,
      policy_uri: null,
      tos_uri: null,
      requires_pkce: false,
      skips_consent: false,
      ends_with_session: true,
      follows_revocations: false,
      introspects: false,
      grace_window: null,
      created_at: like(/^\d{4}-.*Z$/),
      revoked_at: null,
      client_secret: like(/^[\w-]{43}$/),
    })
    const { client_secret: secret, ...rest } = client
    const shown = await consulate(cwd, ['client', 'show', String(client['client_id']), '--json'])
    expect(asJson(shown)).toEqual(rest)
    expect(shown.stdout).not.toContain(secret)
  })

  test.each<[what: string, flags: readonly string[], record: Json]>([
    [
      '--public: an app without a secret',
      ['--public', '--redirect-uri', 'com.example.app:/back'],
      { type: 'public', grant_types: ['authorization_code', 'refresh_token'], scope: null },
    ],
    [
      '--machine: a client without users',
      ['--machine', '--scope', 'orders:create'],
      { type: 'confidential', grant_types: ['client_credentials'], scope: 'orders:create' },
    ],
    [
      '--service: an API that follows revocations and gets no tokens',
      ['--service'],
      { type: 'confidential', grant_types: [], follows_revocations: true },
    ],
    [
      '--service --introspect: an API that introspects tokens',
      ['--service', '--introspect'],
      { type: 'confidential', grant_types: [], follows_revocations: false, introspects: true },
    ],
    [
      '--service --introspect --follow-revocations: an API that may do both',
      ['--service', '--introspect', '--follow-revocations'],
      { follows_revocations: true, introspects: true },
    ],
    [
      '--device: a device with a secret',
      ['--device'],
      { type: 'confidential', grant_types: [DEVICE, 'refresh_token'] },
    ],
    [
      '--device --public: a device without a secret',
      ['--device', '--public'],
      { type: 'public', grant_types: [DEVICE, 'refresh_token'] },
    ],
    [
      '--device with a redirect URI: an app that can do both',
      ['--device', ...REDIRECT],
      { type: 'confidential', grant_types: ['authorization_code', DEVICE, 'refresh_token'] },
    ],
    [
      '--password: an app with its own sign-in form',
      ['--password'],
      { type: 'confidential', grant_types: ['password', 'refresh_token'] },
    ],
    [
      '--password --public: the same without a secret',
      ['--password', '--public'],
      { type: 'public', grant_types: ['password', 'refresh_token'] },
    ],
    [
      '--implicit: an app that has no secret and gets no refresh token',
      ['--implicit', ...REDIRECT],
      { type: 'public', grant_types: ['implicit'] },
    ],
    [
      '--third-party: an app that outlives sign-out',
      ['--third-party', ...REDIRECT],
      { third_party: true, owner: null, ends_with_session: false },
    ],
    [
      'every other setting',
      [
        '--skip-consent',
        '--require-pkce',
        '--no-end-with-session',
        '--follow-revocations',
        '--introspect',
        '--grace-window=30s',
        '--publisher=Shop Ltd',
        '--logo=/logos/shop.png',
        '--homepage=https://shop.example',
        '--privacy=https://shop.example/privacy',
        '--terms=https://shop.example/terms',
        ...REDIRECT,
      ],
      {
        skips_consent: true,
        requires_pkce: true,
        ends_with_session: false,
        follows_revocations: true,
        introspects: true,
        grace_window: 30,
        publisher: 'Shop Ltd',
        logo_uri: '/logos/shop.png',
        client_uri: 'https://shop.example',
        policy_uri: 'https://shop.example/privacy',
        tos_uri: 'https://shop.example/terms',
      },
    ],
  ])('%s', async (_what, flags, record) => {
    const client = await register(await installed(), '--name', 'App', ...flags)
    expect(client).toMatchObject(record)
    expect('client_secret' in client).toBe(client['type'] === 'confidential')
  })

  test('--owner makes a client third-party, by the id or the email of the user', async () => {
    const cwd = await installed()
    const env = { CONSULATE_PASSWORD: 'correct horse' }
    const ada = ['user', 'create', '--email', 'ada@example.com', '--json']
    const { id } = asJson(await consulate(cwd, ada, { env })) as { id: string }
    for (const owner of [id, 'ada@example.com'])
      expect(await register(cwd, '--name', 'App', '--owner', owner, ...REDIRECT)).toMatchObject({
        owner: id,
        third_party: true,
      })
    const { code, stderr } = await create(cwd, '--name', 'App', '--owner', 'grace@example.com', ...REDIRECT)
    expect([code, stderr]).toEqual([1, 'No user with the ID or email "grace@example.com".\n'])
  })

  test('list --owner lists the apps that a user registered', async () => {
    const cwd = await installed()
    const env = { CONSULATE_PASSWORD: 'correct horse' }
    const user = ['user', 'create', '--email', 'ada@example.com', '--json']
    const { id } = asJson(await consulate(cwd, user, { env })) as { id: string }
    await register(cwd, '--name', 'Shop', ...REDIRECT)
    const empty = await consulate(cwd, ['client', 'list', '--owner', id])
    expect([empty.code, empty.stdout]).toEqual([0, 'This user has registered no apps.\n'])
    await register(cwd, '--name', 'Tools', '--owner', id, ...REDIRECT)
    for (const owner of [id, 'ada@example.com']) {
      const found = asJson(await consulate(cwd, ['client', 'list', '--owner', owner, '--json']))
      expect(found).toEqual([expect.objectContaining({ client_name: 'Tools', owner: id })])
    }
  })

  test('--logo embeds a local image', async () => {
    const cwd = await installed()
    writeFileSync(join(cwd, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
    const client = await register(cwd, '--name', 'App', '--logo', 'logo.svg', ...REDIRECT)
    const [type, data] = String(client['logo_uri']).split(',')
    expect(type).toBe('data:image/svg+xml;base64')
    expect(atob(data ?? '')).toBe('<svg xmlns="http://www.w3.org/2000/svg"/>')
    const { stdout } = await consulate(cwd, ['client', 'show', String(client['client_id'])])
    expect(stdout).toMatch(/Logo +embedded image\/svg\+xml$/m)
  })

  test.each<[what: string, text: string, uris: readonly string[]]>([
    ['with a comma', 'https://a.example/,https://b.example/', ['https://a.example/', 'https://b.example/']],
    [
      'with spaces and a comma at the end',
      ' https://a.example/ , http://127.0.0.1/cb, ',
      ['https://a.example/', 'http://127.0.0.1/cb'],
    ],
    ['of an app', 'https://a.example/,com.example.app:/cb', ['https://a.example/', 'com.example.app:/cb']],
    [
      'whose own commas stay',
      'https://a.example/x,y?z=1,2,https://b.example/',
      ['https://a.example/x,y?z=1,2', 'https://b.example/'],
    ],
    ['with an encoded comma', 'https://a.example/?x=1%2Chttps://b', ['https://a.example/?x=1%2Chttps://b']],
  ])('takes a list of redirect URIs %s', async (_what, text, redirect_uris) => {
    const client = await register(await installed(), '--public', '--name', 'App', '--redirect-uri', text)
    expect(client).toMatchObject({ redirect_uris })
  })

  test('warns on standard error if the server does not enable a grant', async () => {
    const { code, stdout, stderr } = await create(await installed(), '--name', 'Old', '--password', '--json')
    expect([code, stderr]).toEqual([
      0,
      'Warning: the client cannot use password until the environment enables it.\n',
    ])
    expect(JSON.parse(stdout)).toMatchObject({ grant_types: ['password', 'refresh_token'] })
  })

  test.each([
    [['--implicit'], '--redirect-uri is required.'],
    [['--implicit', '--device', ...REDIRECT], "'--device' cannot be used with option '--implicit'"],
    [['--implicit', '--password', ...REDIRECT], "'--password' cannot be used with option '--implicit'"],
    [['--machine', '--device'], "'--machine' cannot be used with option '--device'"],
    [['--machine', '--public'], "'--public' cannot be used with option '--machine'"],
    [['--machine', '--password'], "'--machine' cannot be used with option '--password'"],
    [['--machine', '--third-party'], "'--machine' cannot be used with option '--third-party'"],
    [['--machine', '--provider', 'users'], "'--machine' cannot be used with option '--provider <name>'"],
    [['--service', '--device'], "'--device' cannot be used with option '--service'"],
    [['--service', '--scope', 'a'], "'--service' cannot be used with option '--scope <scope>'"],
    [['--password', '--owner', 'ada'], "'--password' cannot be used with option '--owner <user>'"],
  ])('rejects %j with exit code 2', async (flags, reason) => {
    const { code, stdout, stderr } = await create(await installed(), '--name', 'App', ...flags)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(reason)
  })

  const PATHS = ['https://a.example/', 'http://shop.example/cb']

  test.each<[flags: readonly string[], problem: string]>([
    [
      ['--redirect-uri', 'http://example.com/cb'],
      '--redirect-uri http://example.com/cb: must use https (http is allowed for localhost only)',
    ],
    [['--redirect-uri', PATHS.join(',')], `--redirect-uri ${PATHS[1]}: must use https`],
    [['--implicit', '--redirect-uri', 'com.example.app:/'], '--redirect-uri: must all use https'],
    [[...REDIRECT, '--name', ' '], '--name  : must be 1 to 255 characters'],
    [[...REDIRECT, '--scope', 'a"b'], '--scope a"b: must be visible ASCII'],
    [[...REDIRECT, '--third-party', '--skip-consent'], '--skip-consent: is for first-party clients only'],
    [[...REDIRECT, '--public', '--follow-revocations'], '--follow-revocations: is for confidential'],
    [[...REDIRECT, '--homepage', 'http://a.example'], '--homepage http://a.example: must be an https URL'],
    [
      [...REDIRECT, '--logo', 'https://cdn.example/a.png'],
      '--logo https://cdn.example/a.png: must be a path',
    ],
    [[...REDIRECT, '--logo', 'missing.png'], '--logo missing.png: cannot be read'],
    [
      [...REDIRECT, '--logo', 'logo.bmp'],
      '--logo logo.bmp: must be a PNG, JPEG, GIF, WebP, AVIF or SVG image',
    ],
    [[...REDIRECT, '--grace-window', 'soon'], "'--grace-window <time>' argument 'soon' is invalid"],
    [[...REDIRECT, '--provider', 'staff'], '--provider staff: must be one of users'],
  ])('names the flag of a problem: %j', async (flags, problem) => {
    const { code, stdout, stderr } = await create(await installed(), '--name', 'App', ...flags)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(problem)
  })

  test('reports all problems, one per line, and registers nothing', async () => {
    const cwd = await installed()
    const flags = ['--redirect-uri', 'http://a.example', '--terms', 'nowhere']
    const { stderr } = await create(cwd, '--name', 'App', ...flags)
    expect(asJson(await consulate(cwd, ['client', 'list', '--json']))).toEqual([])
    expect(stderr.trim().split('\n').toSorted()).toEqual([
      like(/^--redirect-uri http:\/\/a\.example: /),
      like(/^--terms nowhere: /),
    ])
  })

  test('rejects a scope that is not defined', async () => {
    const env: Variables = { CONSULATE_SCOPES: 'orders:read=See your orders' }
    const flags = ['client', 'create', '--machine', '--name', 'Import', '--scope', 'orders:raed']
    const { code, stderr } = await consulate(await installed(), flags, { env })
    expect(code).toBe(2)
    expect(stderr).toBe('--scope orders:raed: not defined in the environment. Defined: orders:read.\n')
  })

  test('shows the client ID, and the secret once', async () => {
    const cwd = await installed()
    const { stdout } = await create(cwd, '--machine', '--name', 'Import')
    expect(stdout).toMatch(/^Created client "Import"\.\n +Client ID +[0-9a-f-]{36}\n/)
    expect(stdout).toMatch(/Client secret +[\w-]{43}\n/)
    const { stdout: list } = await consulate(cwd, ['client', 'list'])
    expect(list).toMatch(/^ +Client ID +Name +Type +Status$/m)
    expect(list).toMatch(/^ +[0-9a-f-]{36} +Import +machine +active$/m)
  })
})

describe('consulate client', () => {
  test('alone shows its help', async () => {
    const { code, stderr } = await consulate(emptyDirectory(), ['client'])
    expect(code).toBe(2)
    expect(stderr).toContain('Usage: consulate client')
  })

  test('list says so if there are no clients', async () => {
    const { code, stdout } = await consulate(await installed(), ['client', 'list'])
    expect([code, stdout]).toEqual([0, 'No clients yet. Create one with `consulate client create`.\n'])
  })

  test('revoke revokes one client, and again is harmless', async () => {
    const cwd = await installed()
    const ids = []
    for (const name of ['A', 'B']) ids.push((await register(cwd, '--machine', '--name', name))['client_id'])
    const revoke = ['client', 'revoke', String(ids[0]), '--yes']
    const revoked = asJson(await consulate(cwd, [...revoke, '--json']))
    expect(revoked).toMatchObject({ client_id: ids[0], revoked_at: like(/Z$/) })
    expect(await consulate(cwd, revoke)).toEqual({
      code: 0,
      stdout: 'Revoked client "A". Its tokens stop working within 1 second.\n',
      stderr: '',
    })
    const list = asJson(await consulate(cwd, ['client', 'list', '--json'])) as readonly Json[]
    expect(
      Object.fromEntries(list.map((client) => [client['client_id'], client['revoked_at'] !== null])),
    ).toEqual({ [String(ids[0])]: true, [String(ids[1])]: false })
    const { stdout } = await consulate(cwd, ['client', 'list'])
    expect(stdout).toMatch(/ A +machine +revoked (just now|\d+ \w+ ago)$/m)
  })

  test('revoke replaces control characters in the name, however they came into the database', async () => {
    const cwd = await installed()
    const id = String((await register(cwd, '--machine', '--name', 'A'))['client_id'])
    const store = sqlite(join(cwd, 'data/consulate.db'))
    await store.clients.update(id, { name: 'A\u001B[2J\nB' })
    await store.close()
    const { stdout } = await consulate(cwd, ['client', 'revoke', id, '--yes'])
    expect(stdout).toBe('Revoked client "A\ufffd[2J\ufffdB". Its tokens stop working within 1 second.\n')
  })

  test.each([
    [[], 'Add --yes: this command cannot ask for confirmation without a terminal.\n'],
    [['--json'], 'Add --yes: this command cannot ask for confirmation with --json.\n'],
  ])('revoke %j without a terminal needs --yes', async (flags, message) => {
    const cwd = await installed()
    const id = String((await register(cwd, '--machine', '--name', 'A'))['client_id'])
    const outcome = await consulate(cwd, ['client', 'revoke', id, ...flags])
    expect(outcome).toEqual({ code: 2, stdout: '', stderr: message })
    expect(asJson(await consulate(cwd, ['client', 'show', id, '--json']))).toMatchObject({ revoked_at: null })
  })

  test.each([['show'], ['revoke', '--yes'], ['update', '--name', 'X'], ['rotate-secret']])(
    '%s of an unknown client ends with 1',
    async (command, ...flags) => {
      const args = ['client', command, 'nobody', ...flags, '--json']
      const outcome = await consulate(await installed(), args)
      expect(outcome).toEqual({ code: 1, stdout: '', stderr: 'No client with the ID "nobody".\n' })
    },
  )

  test('without a database it says what to do and creates none', async () => {
    const cwd = emptyDirectory()
    const { code, stderr } = await consulate(cwd, ['client', 'list'])
    expect(code).toBe(1)
    expect(stderr).toContain('consulate init')
    expect(readdirSync(cwd)).toEqual([])
  })
})
