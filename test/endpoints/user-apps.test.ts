import { afterAll, describe, expect, test } from 'vitest'
import { sampleClient } from '../../src/testing/store/samples.ts'
import { callApi, getCodeFlowTokens, requestToken } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { APP, createApp, openAppApi, signInToAppApi } from '../support/user-apps.ts'

const server = await startServer({ userApps: {} })
const user = await server.addUser()
const api = await signInToAppApi(server, user)
afterAll(server.close)

const PATH = '/oauth/clients'
const JSON_TYPE = { 'content-type': 'application/json' }
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'
const IMAGE = 'data:image/png;base64,iVBORw0KGgo='

/** Matches a time (seconds) within a minute. */
const around = (seconds: number): number => expect.closeTo(seconds, -2) as number

/** Every user starts without apps. */
const signInAsNewUser = async () => signInToAppApi(server, await server.addUser())

describe('an app', () => {
  test('is registered, returned with its secret once, listed, changed and deleted', async () => {
    const mine = await signInAsNewUser()
    expect(await mine.list()).toEqual([])
    const { status, headers, body } = await mine.create({
      client_name: ' Orchard Tools ',
      redirect_uris: ['https://tools.example/a', 'https://tools.example/b', 'https://tools.example/a'],
      logo_uri: IMAGE,
      client_uri: 'https://tools.example',
      policy_uri: 'https://tools.example/privacy',
      tos_uri: 'https://tools.example/terms',
      scope: 'orders:read profile',
    })
    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store'])
    const app = {
      client_id: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/) as string,
      client_name: 'Orchard Tools',
      redirect_uris: ['https://tools.example/a', 'https://tools.example/b'],
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'orders:read profile',
      token_endpoint_auth_method: 'client_secret_basic',
      confidential: true,
      device: false,
      logo_uri: IMAGE,
      client_uri: 'https://tools.example',
      policy_uri: 'https://tools.example/privacy',
      tos_uri: 'https://tools.example/terms',
      created_at: around(server.clock.now() / 1000),
    }
    const secret = {
      client_secret: expect.stringMatching(/^[\w-]{43}$/) as string,
      client_secret_expires_at: 0,
    }
    expect(body).toEqual({ ...app, ...secret })
    expect(await mine.list()).toEqual([app])

    const id = String(body['client_id'])
    const changed = await mine.update(id, {
      client_name: ' Tools ',
      redirect_uris: [...app.redirect_uris, 'https://tools.example/b'],
      logo_uri: null,
      client_uri: '',
    })
    expect(changed).toMatchObject({
      status: 200,
      body: { ...app, client_name: 'Tools', logo_uri: null, client_uri: null },
    })
    expect(await mine.list()).toEqual([changed.body])
    expect((await mine.remove(id)).status).toBe(204)
    expect(await mine.list()).toEqual([])
    expect((await mine.remove(id)).status).toBe(404)
  })

  test('is third-party, belongs to its owner and their provider, and signs users in', async () => {
    const app = await createApp(api)
    const record = await server.server.clients.find(app.client_id)
    expect(record).toMatchObject({ ownerId: user.id, isThirdParty: true, provider: 'users', scopes: null })
    const client = {
      id: app.client_id,
      secret: app.client_secret,
      redirectUri: app.redirect_uris[0] ?? '',
    }
    const visit = { server, browser: api.browser, client, user, scope: 'orders:read' }
    const { access_token: token } = await getCodeFlowTokens(visit)
    expect((await callApi(server, '/orders', token)).status).toBe(200)
    await api.remove(app.client_id)
    expect((await callApi(server, '/orders', token)).status).toBe(401)
  })

  test('emits an event for each change, with the request and the owner', async () => {
    const { client_id: clientId } = await createApp(api)
    const responses = [
      await api.update(clientId, { client_name: 'Other' }),
      await api.rotate(clientId),
      await api.remove(clientId),
    ]
    const named = server.events.filter(
      ({ name, payload }) => name.startsWith('client.') && payload['clientId'] === clientId,
    )
    expect(named.map(({ name }) => name)).toEqual([
      'client.created',
      'client.updated',
      'client.secret-rotated',
      'client.revoked',
    ])
    for (const { payload } of named) expect(payload).toMatchObject({ by: 'owner', sub: user.id })
    const requestIds = responses.map(({ headers }) => headers.get('x-request-id'))
    expect(named.slice(1).map(({ payload }) => payload['requestId'])).toEqual(requestIds)
    const revocation = server.events.findLast(({ name }) => name === 'revocation.written')
    expect(revocation?.payload).toMatchObject({
      requestId: requestIds.at(-1),
      entry: { kind: 'client', subject: clientId },
    })
  })

  test('is listed with all others, newest first', async () => {
    const owner = await server.addUser()
    const mine = await signInToAppApi(server, owner)
    const start = server.clock.now() - 200
    for (let index = 0; index < 120; index += 1) {
      const id = `app ${index} of ${owner.id}`
      await server.store.clients.insert(sampleClient({ id, ownerId: owner.id, createdAt: start + index }))
    }
    const ids = (await mine.list()).map(({ client_id: id }) => id)
    expect([ids.length, ids[0], ids.at(-1)]).toEqual([120, `app 119 of ${owner.id}`, `app 0 of ${owner.id}`])
  })

  test('is registered with the members of Laravel Passport', async () => {
    const { body } = await api.create({
      errors: [],
      name: 'Passport',
      redirect: 'https://tools.example/a, https://tools.example/b%2Cc',
      confidential: false,
    })
    expect(body).toMatchObject({
      client_name: 'Passport',
      redirect_uris: ['https://tools.example/a', 'https://tools.example/b%2Cc'],
      confidential: false,
      token_endpoint_auth_method: 'none',
    })
    for (const member of ['client_secret', 'client_secret_expires_at'])
      expect(body).not.toHaveProperty(member)
    const id = String(body['client_id'])
    const changed = await api.update(id, { name: 'Renamed', redirect: 'com.example.app:/callback' })
    expect(changed.body).toMatchObject({
      client_name: 'Renamed',
      redirect_uris: ['com.example.app:/callback'],
    })
    await api.remove(id)
  })

  test('may use the device flow, with or without redirect URIs', async () => {
    const { client_id: id, grant_types: grants } = await createApp(api, { client_name: 'TV', device: true })
    expect(grants).toEqual([DEVICE, 'refresh_token'])
    const both = await api.update(id, APP)
    expect(both.body).toMatchObject({
      grant_types: ['authorization_code', DEVICE, 'refresh_token'],
      device: true,
    })
    const web = await api.update(id, { device: false })
    expect(web.body).toMatchObject({ grant_types: ['authorization_code', 'refresh_token'], device: false })
    expect((await api.update(id, { redirect_uris: [] })).body).toMatchObject({
      errors: { redirect_uris: ['redirect_uris must contain at least one URI'] },
    })
    await api.remove(id)
  })

  test('keeps the grants and the logo that the operator has set', async () => {
    const { client_id: id, grant_types: grants } = await createApp(api)
    const set = { grantTypes: [...grants, 'urn:example:grant'], logo: '/logos/tools.png' }
    await server.server.clients.update(id, set)
    const redirectUris = ['https://tools.example/other']
    const changed = await api.update(id, { redirect_uris: redirectUris, logo_uri: set.logo })
    expect(changed.body).toMatchObject({
      redirect_uris: redirectUris,
      grant_types: set.grantTypes,
      logo_uri: set.logo,
    })
    await api.remove(id)
  })

  test('never becomes confidential or public, and may repeat what it is', async () => {
    const { client_id: id } = await createApp(api)
    const same = { confidential: true, token_endpoint_auth_method: 'client_secret_post' }
    expect((await api.update(id, same)).status).toBe(200)
    for (const [member, value] of [
      ['confidential', false],
      ['token_endpoint_auth_method', 'none'],
    ] as const) {
      const { status, body } = await api.update(id, { client_name: 'Public', [member]: value })
      expect([status, body['errors']]).toEqual([422, { [member]: [`${member} cannot be changed`] }])
    }
    expect((await server.server.clients.find(id))?.name).toBe('Orchard Tools')
    await api.remove(id)
  })
})

describe('the secret', () => {
  const works = async (id: string, secret: unknown): Promise<boolean> => {
    const client = { id, secret: String(secret), redirectUri: '' }
    const { body } = await requestToken(server, client, { grant_type: 'refresh_token', refresh_token: 'x' })
    return body['error'] !== 'invalid_client'
  }

  test('is replaced, and earlier ones work for the overlap', async () => {
    const { client_id: id, client_secret: first } = await createApp(api)
    const { status, body } = await api.rotate(id, { overlap: 60 })
    expect([status, body]).toEqual([
      200,
      {
        client_id: id,
        client_secret: expect.any(String) as string,
        client_secret_expires_at: 0,
        old_secrets_expire_at: around(server.clock.now() / 1000 + 60),
      },
    ])
    expect([await works(id, first), await works(id, body['client_secret'])]).toEqual([true, true])
    server.clock.advance('61s')
    expect([await works(id, first), await works(id, body['client_secret'])]).toEqual([false, true])
    const { body: now } = await api.rotate(id, { overlap: 0 })
    expect([await works(id, body['client_secret']), await works(id, now['client_secret'])]).toEqual([
      false,
      true,
    ])
    await api.remove(id)
  })

  test('has an overlap of a day by default', async () => {
    const { client_id: id } = await createApp(api)
    const { body } = await api.rotate(id)
    expect(body['old_secrets_expire_at']).toEqual(around(server.clock.now() / 1000 + 86_400))
    await api.remove(id)
  })

  test('of a public app does not exist', async () => {
    const { client_id: id } = await createApp(api, { ...APP, confidential: false })
    const { status, body } = await api.rotate(id)
    expect([status, body['error']]).toEqual([422, 'invalid_client_metadata'])
    await api.remove(id)
  })

  test.each([-1, 1.5, '60', null, 2_592_001, 1e300])(
    'is not replaced with the overlap %j',
    async (overlap) => {
      const { client_id: id } = await createApp(api)
      const { status, body } = await api.rotate(id, { overlap })
      expect([status, body['errors']]).toEqual([
        422,
        { overlap: ['overlap must be a whole number of seconds from 0 to 2592000'] },
      ])
      await api.remove(id)
    },
  )
})

const LOGO_PROBLEM =
  'must be a data: URI of a PNG, JPEG, GIF, WebP or AVIF image of at most 32,768 characters'

describe('an invalid app', () => {
  const invalid = 'invalid_client_metadata'
  const uri = 'invalid_redirect_uri'
  const nameProblem = ['client_name must be 1 to 255 characters without control characters']
  const linkProblem = 'must be an https URL without a user name or password, of at most 2,048 characters'

  test.each<[string, object, string, object]>([
    ['no name', { client_name: undefined }, invalid, { client_name: nameProblem }],
    ['a name of 256 characters', { client_name: 'x'.repeat(256) }, invalid, { client_name: nameProblem }],
    ['an invisible name', { client_name: '\u200b\u202e' }, invalid, { client_name: nameProblem }],
    ['a line break in the name', { client_name: 'a\nb' }, invalid, { client_name: nameProblem }],
    ['a NUL in the name', { client_name: 'a\0' }, invalid, { client_name: nameProblem }],
    ['half a surrogate pair', { client_name: 'a\ud800' }, invalid, { client_name: nameProblem }],
    [
      'a name that is no string',
      { client_name: ['a'] },
      invalid,
      { client_name: ['client_name must be a string'] },
    ],
    ['two names', { name: 'b' }, invalid, { name: ['name must not be sent together with client_name'] }],
    [
      'no redirect URI',
      { redirect_uris: undefined },
      uri,
      { redirect_uris: ['redirect_uris must contain at least one URI'] },
    ],
    [
      'neither a name nor a redirect URI',
      { client_name: undefined, redirect_uris: undefined },
      invalid,
      { client_name: nameProblem, redirect_uris: ['redirect_uris must contain at least one URI'] },
    ],
    [
      'a reason for each redirect URI',
      { redirect_uris: ['http://tools.example', 'https://ok.example/', 'nonsense', 'https://a.example/#b'] },
      uri,
      {
        redirect_uris: [
          'redirect_uris[0] must use https (http is allowed for localhost only)',
          'redirect_uris[2] must be an absolute URI, such as https://app.example/callback',
          'redirect_uris[3] must not have a fragment',
        ],
      },
    ],
    [
      'a scheme of its own for a confidential app',
      { redirect_uris: undefined, redirect: 'com.example.app:/callback' },
      uri,
      { redirect: ['redirect[0] must use https: only public clients can use a private-use scheme'] },
    ],
    [
      'redirect URIs in a string',
      { redirect_uris: 'https://a.example/' },
      uri,
      { redirect_uris: ['redirect_uris must be an array of strings'] },
    ],
    [
      '21 redirect URIs',
      { redirect_uris: Array.from({ length: 21 }, (_, index) => `https://a.example/${index}`) },
      uri,
      { redirect_uris: ['redirect_uris must contain at most 20 URIs'] },
    ],
    [
      '21 redirect URIs in a string',
      { redirect_uris: undefined, redirect: Array.from({ length: 21 }, () => 'https://a.example/').join() },
      uri,
      { redirect: ['redirect must contain at most 20 URIs'] },
    ],
    [
      'a long redirect URI',
      { redirect_uris: [`https://a.example/${'x'.repeat(2048)}`] },
      uri,
      { redirect_uris: ['redirect_uris[0] must have at most 2,000 characters'] },
    ],
    ['a logo on this server', { logo_uri: '/logout' }, invalid, { logo_uri: [`logo_uri ${LOGO_PROBLEM}`] }],
    [
      'a homepage without https and terms that run code',
      { client_uri: 'http://a.example', tos_uri: 'javascript:alert(1)' },
      invalid,
      { client_uri: [`client_uri ${linkProblem}`], tos_uri: [`tos_uri ${linkProblem}`] },
    ],
    [
      'an undefined scope',
      { scope: 'profile admin' },
      invalid,
      { scope: ['scope is not a scope that this app may request'] },
    ],
    ['every scope', { scope: '*' }, invalid, { scope: ['scope is not a scope that this app may request'] }],
    [
      'an unknown method',
      { token_endpoint_auth_method: 'toString' },
      invalid,
      {
        token_endpoint_auth_method: [
          'token_endpoint_auth_method must be client_secret_basic, client_secret_post or none',
        ],
      },
    ],
    [
      'a contradiction',
      { token_endpoint_auth_method: 'none', confidential: true },
      invalid,
      { token_endpoint_auth_method: ['token_endpoint_auth_method contradicts confidential'] },
    ],
    [
      'a string for a flag',
      { confidential: 'false', device: 1 },
      invalid,
      { confidential: ['confidential must be true or false'], device: ['device must be true or false'] },
    ],
  ])('is rejected with its reasons: %s', async (_what, changes, error, errors) => {
    const { status, body } = await api.create({ ...APP, ...changes })
    expect(body).toEqual({
      error,
      error_description: 'The app was not saved. See errors for the reasons',
      errors,
    })
    expect([status, await api.list()]).toEqual([422, []])
  })

  test('a change is checked like a new app, and nothing is changed', async () => {
    const { client_id: id } = await createApp(api)
    const before = await api.list()
    const { status, headers, body } = await api.update(id, {
      client_name: 'Renamed',
      redirect_uris: ['https://ok.example/', 'http://tools.example'],
      logo_uri: 'https://elsewhere.example/logo.png',
    })
    expect([status, body['errors']]).toEqual([
      422,
      {
        redirect_uris: ['redirect_uris[1] must use https (http is allowed for localhost only)'],
        logo_uri: [`logo_uri ${LOGO_PROBLEM}`],
      },
    ])
    expect(await api.list()).toEqual(before)
    const [entry] = await server.server.audit.find(headers.get('x-request-id') ?? '')
    expect(entry?.detail).toContain('redirect_uris[1] must use https')
    await api.remove(id)
  })

  test.each<[string, string, Record<string, string>, number]>([
    ['an array', '[]', JSON_TYPE, 400],
    ['invalid JSON', '{"client_name":', JSON_TYPE, 400],
    ['a form', 'client_name=a', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['more than 64 KiB', `{"client_name":"${'x'.repeat(70_000)}"}`, JSON_TYPE, 413],
  ])('is rejected because of the body: %s', async (_what, body, type, status) => {
    const headers = { ...type, 'x-csrf-token': await api.csrf() }
    expect((await api.request(PATH, { method: 'POST', body, headers })).status).toBe(status)
  })
})

describe('the limit', () => {
  test('counts the apps of a user that are not deleted, and new ones within a day', async () => {
    await using small = await startServer({ userApps: { limit: 2 } })
    const owner = await small.addUser()
    const [mine, theirs] = [
      await signInToAppApi(small, owner),
      await signInToAppApi(small, await small.addUser()),
    ]
    const { client_id: first } = await createApp(mine)
    await createApp(mine)
    const full = await mine.create(APP)
    expect([full.status, full.body['error']]).toEqual([422, 'limit_reached'])
    await createApp(theirs)
    await mine.remove(first)
    const { client_id: third } = await createApp(mine)
    await mine.remove(third)
    const { client_id: fourth } = await createApp(mine)
    await mine.remove(fourth)
    const busy = await mine.create(APP)
    expect([busy.status, busy.body['error'], busy.headers.get('retry-after')]).toEqual([
      429,
      'too_many_requests',
      '86400',
    ])
    small.clock.advance('23h')
    const sameDay = await signInToAppApi(small, owner)
    expect((await sameDay.create(APP)).status).toBe(429)
    small.clock.advance('2h')
    await createApp(await signInToAppApi(small, owner))
  })
})

describe('the scopes', () => {
  test('of new apps are those of the option, and a change cannot add others', async () => {
    await using narrow = await startServer({ userApps: { scopes: ['profile'] } })
    const owner = await narrow.addUser()
    const mine = await signInToAppApi(narrow, owner)
    const { client_id: id, scope } = await createApp(mine)
    expect([scope, (await narrow.server.clients.find(id))?.scopes]).toEqual(['profile', ['profile']])
    expect((await mine.create({ ...APP, scope: 'orders:read' })).status).toBe(422)
    expect((await mine.update(id, { scope: 'orders:read' })).status).toBe(422)
    expect((await mine.update(id, { scope: '' })).body['scope']).toBe('')
    expect((await mine.update(id, { scope: null })).body['scope']).toBe('profile')
    await narrow.server.clients.update(id, { scopes: ['orders:read'] })
    expect((await mine.update(id, { scope: 'orders:read profile' })).body['scope']).toBe(
      'orders:read profile',
    )
  })
})

describe('a sensitive change', () => {
  test('needs a recent sign-in or the password', async () => {
    const owner = await server.addUser()
    const mine = await signInToAppApi(server, owner)
    const { client_id: id } = await createApp(mine)
    server.clock.advance('16m')
    const uris = { redirect_uris: ['https://elsewhere.example/'] }
    const wrong = { current_password: 'wrong' }
    for (const send of [
      (body: object) => mine.create({ ...APP, ...body }),
      (body: object) => mine.update(id, { ...uris, ...body }),
      (body: object) => mine.update(id, { device: true, ...body }),
      (body: object) => mine.rotate(id, body),
    ]) {
      const old = await send({})
      expect([old.status, old.body['error']]).toEqual([401, 'insufficient_user_authentication'])
      expect(old.headers.get('www-authenticate')).toContain('max_age="900"')
      expect((await send(wrong)).body['error']).toBe('invalid_credentials')
    }
    expect((await mine.update(id, { client_name: 'Renamed', redirect_uris: APP.redirect_uris })).status).toBe(
      200,
    )
    expect((await mine.update(id, { client_name: 'Other', ...wrong })).status).toBe(401)
    const confirmed = await mine.update(id, { ...uris, current_password: owner.password })
    expect(confirmed.body['redirect_uris']).toEqual(uris.redirect_uris)
    expect((await mine.rotate(id)).status).toBe(200)
  })

  test('does not include deleting an app, which only takes access away', async () => {
    const mine = await signInAsNewUser()
    const { client_id: id } = await createApp(mine)
    server.clock.advance('16m')
    expect((await mine.remove(id)).status).toBe(204)
  })
})

test('a guest gets 401 login_required', async () => {
  const guest = openAppApi(server)
  for (const [method, path] of [
    ['GET', PATH],
    ['POST', PATH],
    ['PUT', `${PATH}/x`],
    ['DELETE', `${PATH}/x`],
    ['POST', `${PATH}/x/secret`],
  ] as const) {
    const { status, headers, body } = await guest.request(path, { method })
    expect([status, body['error'], headers.get('x-csrf-token')]).toEqual([401, 'login_required', null])
  }
})

test('no other origin can read it, other methods are rejected, and nothing exists without the option', async () => {
  const headers = { origin: 'https://tools.example', 'access-control-request-method': 'POST' }
  for (const [path, methods] of [
    [PATH, 'GET, POST, HEAD, OPTIONS'],
    [`${PATH}/x`, 'PUT, DELETE, OPTIONS'],
    [`${PATH}/x/secret`, 'POST, OPTIONS'],
  ] as const) {
    const response = await fetch(server.endpoint(path), { method: 'OPTIONS', headers })
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    expect(response.headers.get('allow')).toBe(methods)
    expect((await fetch(server.endpoint(path), { method: 'PATCH' })).status).toBe(405)
  }
  await using off = await startServer()
  for (const path of [PATH, `${PATH}/x`, `${PATH}/x/secret`])
    expect((await fetch(off.endpoint(path))).status).toBe(404)
})
