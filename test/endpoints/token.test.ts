import { afterAll, describe, expect, test } from 'vitest'
import { fetchJson, requestToken, basic, formBody } from '../support/oauth-client.ts'
import type { Parameters } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { sha256 } from '../../src/lib/hash.ts'

const server = await startServer({ throttle: { perAddress: { failures: 1000, window: '1m' } } })
const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
const web = await server.addClient()
const spa = await server.addClient({ type: 'public' })
const [id, secret] = [machine.id, machine.secret ?? '']
const grant = { grant_type: 'client_credentials' }
afterAll(server.close)

const post = (parameters: Parameters | string, headers: Record<string, string> = {}) =>
  fetchJson(server, '/oauth/token', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof parameters === 'string' ? parameters : formBody(parameters),
  })

test('an error is JSON with two members, a request id and no caching', async () => {
  const { status, headers, body } = await post({ grant_type: 'nonsense' })
  expect(status).toBe(400)
  expect(body).toEqual({
    error: 'unsupported_grant_type',
    error_description: 'This grant type is not supported',
  })
  expect(headers.get('content-type')).toBe('application/json')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/)
})

describe('the grant type', () => {
  test.each<[string, Parameters, string]>([
    ['missing', {}, 'invalid_request'],
    ['empty, which counts as missing', { grant_type: '' }, 'invalid_request'],
    ['unknown', { grant_type: 'magic' }, 'unsupported_grant_type'],
    ['in another case', { grant_type: 'Client_Credentials' }, 'unsupported_grant_type'],
    ['password, which is not enabled', { grant_type: 'password' }, 'unsupported_grant_type'],
    [
      'personal_access, which is not a grant over HTTP',
      { grant_type: 'personal_access' },
      'unsupported_grant_type',
    ],
  ])('%s', async (_, parameters, error) => {
    const response = await requestToken(server, machine, parameters)
    expect([response.status, response.body['error']]).toEqual([400, error])
  })

  test('that the client is not registered for is unauthorized_client', async () => {
    const responses = [
      await requestToken(server, web, grant),
      await requestToken(server, spa, grant),
      await requestToken(server, machine, { grant_type: 'refresh_token', refresh_token: 'cons_rt_x' }),
      await requestToken(server, machine, { grant_type: 'authorization_code', code: 'x' }),
    ]
    for (const { status, body } of responses)
      expect([status, body['error']]).toEqual([400, 'unauthorized_client'])
  })
})

describe('the form', () => {
  test.each<[string, string]>([
    ['a parameter twice', `grant_type=client_credentials&grant_type=client_credentials`],
    ['an unknown parameter twice', 'grant_type=client_credentials&x=1&x=2'],
    ['a parameter once with and once without a value', 'grant_type=client_credentials&grant_type='],
    ['a broken percent-encoding', 'grant_type=client_credentials&x=%zz'],
    ['half a percent-encoding', 'grant_type=client_credentials&x=%4'],
    ['bytes that are not UTF-8', 'grant_type=client_credentials&x=%ff'],
    ['an encoded NUL', 'grant_type=client_credentials&x=a%00b'],
    ['a NUL', 'grant_type=client_credentials&x=a\0b'],
  ])('with %s is an invalid request', async (_, body) => {
    const response = await post(body, { authorization: basic(id, secret) })
    expect([response.status, response.body['error']]).toEqual([400, 'invalid_request'])
  })

  test.each(['application/json', 'multipart/form-data', 'text/plain', ''])(
    'sent as %j is refused with the expected content type',
    async (type) => {
      const response = await post(JSON.stringify(grant), {
        'content-type': type,
        authorization: basic(id, secret),
      })
      expect([response.status, response.body['error']]).toEqual([400, 'invalid_request'])
      expect(response.body['error_description']).toBe(
        'The content type must be application/x-www-form-urlencoded',
      )
    },
  )

  test('may have a charset, and the media type in capitals', async () => {
    const type = 'Application/X-WWW-Form-Urlencoded; charset=UTF-8'
    expect((await post(grant, { 'content-type': type, authorization: basic(id, secret) })).status).toBe(200)
  })

  test('is read from the body, and not from the query', async () => {
    const query = formBody({ ...grant, client_id: id, client_secret: secret }).toString()
    const response = await fetchJson(server, `/oauth/token?${query}`, { method: 'POST' })
    expect(response).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })

  test('may contain unknown parameters', async () => {
    expect((await post({ ...grant, foo: 'bar' }, { authorization: basic(id, secret) })).status).toBe(200)
  })

  test('may have at most 64 KiB, with or without a Content-Length', async () => {
    const form = formBody({ ...grant, client_id: id, client_secret: secret, filler: 'x' }).toString()
    const fitting = form.padEnd(65_536, 'x')
    const chunked = (text: string) =>
      fetchJson(server, '/oauth/token', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new Blob([text]).stream(),
        duplex: 'half',
      })
    const responses = [
      await post(fitting),
      await chunked(fitting),
      await post(`${fitting}x`),
      await chunked(`${fitting}x`),
      await chunked(fitting.repeat(20)),
    ]
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 413, 413, 413])
    expect(responses.at(-1)?.body['error']).toBe('invalid_request')
    expect((await post(grant, { authorization: basic(id, secret) })).status).toBe(200)
  })
})

/** A client whose secret another system chose. */
async function addOdd(clientId: string, clientSecret: string) {
  const { id: base } = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
  const client = await server.store.clients.find(base)
  if (!client) throw new Error('The client is missing')
  const secrets = [{ hash: sha256(clientSecret), expiresAt: null }]
  await server.store.clients.insert({ ...client, id: clientId, secrets })
  return { id: clientId, secret: clientSecret }
}

describe('client authentication', () => {
  const challenge = 'Basic realm="OAuth", charset="UTF-8"'

  test.each<[string, Parameters, string | undefined]>([
    ['an unknown client', { client_id: 'nobody', client_secret: 'x' }, undefined],
    ['a wrong secret', { client_id: id, client_secret: 'wrong' }, undefined],
    ['no secret', { client_id: id }, undefined],
    ['no client', {}, undefined],
    ['an unknown client by Basic', {}, basic('nobody', 'x')],
    ['a wrong secret by Basic', {}, basic(id, 'wrong')],
    ['an empty secret by Basic', {}, basic(id, '')],
    ['Basic without a colon', {}, `Basic ${btoa('nocolon')}`],
    ['Basic that is not base64', {}, 'Basic %%%'],
    ['Basic with a broken encoding', {}, `Basic ${btoa(`${id}:%zz`)}`],
    ['another scheme', {}, 'Bearer abc'],
  ])('with %s fails', async (_, parameters, authorization) => {
    const response = await post(
      { ...grant, ...parameters },
      authorization === undefined ? {} : { authorization },
    )
    expect(response.status).toBe(401)
    expect(response.body).toEqual({
      error: 'invalid_client',
      error_description: 'Client authentication failed',
    })
    expect(response.headers.get('www-authenticate')).toBe(authorization === undefined ? null : challenge)
  })

  test('in two ways is refused, even if they agree', async () => {
    const both = { ...grant, client_id: id, client_secret: secret }
    const response = await post(both, { authorization: basic(id, secret) })
    expect([response.status, response.body['error']]).toEqual([400, 'invalid_request'])
  })

  test('by Basic may come with the same client_id, and no other', async () => {
    const same = await post({ ...grant, client_id: id }, { authorization: basic(id, secret) })
    const other = await post({ ...grant, client_id: web.id }, { authorization: basic(id, secret) })
    expect([same.status, other.status, other.body['error']]).toEqual([200, 400, 'invalid_request'])
  })

  test('by Basic is form-decoded (RFC 6749 section 2.3.1), and the scheme has any case', async () => {
    const odd = await addOdd('app:one+two%', 'a+b %41:c/=')
    const pair = `${encodeURIComponent(odd.id)}:${encodeURIComponent(odd.secret)}`
    expect((await post(grant, { authorization: `bAsIc ${btoa(pair)}` })).status).toBe(200)
    const plusPair = pair.replaceAll('%20', '+')
    expect((await post(grant, { authorization: `Basic ${btoa(plusPair)}` })).status).toBe(200)
  })

  test.each([
    ['%', 'app%', '100%'],
    ['% before two digits', 'app%41', 'a%41'],
    ['+', 'app+web', 'a+b'],
    ['a colon in the id', 'https://app.example/id', 'abc'],
    ['several colons in the secret', 'plain', 'a:b:c'],
    ['all of them', 'urn:app:1+1', '%+%2B+'],
  ])('by Basic without form-encoding is accepted, with %s', async (_, clientId, clientSecret) => {
    const odd = await addOdd(clientId, clientSecret)
    const authorization = `Basic ${btoa(`${odd.id}:${odd.secret}`)}`
    expect((await post(grant, { authorization })).status).toBe(200)
    expect((await post({ ...grant, client_id: odd.id }, { authorization })).status).toBe(200)
    expect((await post({ ...grant, client_id: id }, { authorization })).status).toBe(400)
    const wrong = await post(grant, { authorization: `Basic ${btoa(`${odd.id}:${odd.secret}x`)}` })
    expect([wrong.status, wrong.body['error']]).toEqual([401, 'invalid_client'])
  })

  test('by Basic authenticates the form-decoded client if both readings name a client', async () => {
    const [decoded, asSent] = [await addOdd('two-1', 'same'), await addOdd('two%2D1', 'other')]
    const authorize = (text: string) => post(grant, { authorization: `Basic ${btoa(text)}` })
    expect((await authorize(`${asSent.id}:${decoded.secret}`)).status).toBe(200)
    expect((await authorize(`${asSent.id}:${asSent.secret}`)).status).toBe(401)
    expect((await authorize(`${encodeURIComponent(asSent.id)}:${asSent.secret}`)).status).toBe(200)
  })

  test('logs that the credentials may not be form-encoded', async () => {
    await using own = await startServer()
    const machine = await own.addClient({ id: 'odd+', grantTypes: ['client_credentials'] })
    const reasonFor = async (authorization: string) => {
      const init = { method: 'POST', headers: { authorization }, body: formBody(grant) }
      const { headers } = await fetchJson(own, '/oauth/token', init)
      return (await own.server.audit.find(headers.get('x-request-id') ?? ''))[0]?.detail
    }
    expect(await reasonFor(`Basic ${btoa(`${machine.id}:a+c`)}`)).toBe(
      'client odd+: sent a wrong secret; the credentials contain %, + or several colons, ' +
        'and are read as form-encoded (RFC 6749 section 2.3.1) and as sent',
    )
    expect(await reasonFor(`Basic ${btoa('odd%2B:abc')}`)).toContain('as form-encoded')
    const plain = await own.addClient()
    expect(await reasonFor(basic(plain.id, 'wrong'))).toBe(`client ${plain.id}: sent a wrong secret`)
  })

  test('counts each secret that it compares as a guess', async () => {
    await using strict = await startServer({ throttle: { perAddress: { failures: 4, window: '1m' } } })
    const machine = await strict.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
    const guess = async (text: string): Promise<number> => {
      const authorization = `Basic ${btoa(`${machine.id}:${text}`)}`
      const init = { method: 'POST', headers: { authorization }, body: formBody(grant) }
      return (await fetchJson(strict, '/oauth/token', init)).status
    }
    expect([await guess('a+b'), await guess('c%41'), await guess('d')]).toEqual([401, 401, 429])
  })

  test.each<[string, Parameters, string | undefined]>([
    ['in the body', { client_id: spa.id, client_secret: 'anything' }, undefined],
    ['by Basic', {}, basic(spa.id, 'anything')],
    ['by Basic, empty', {}, basic(spa.id, '')],
  ])('ignores the secret of a public client: %s', async (_, parameters, authorization) => {
    const form = { grant_type: 'refresh_token', refresh_token: 'unknown', ...parameters }
    const response = await post(form, authorization === undefined ? {} : { authorization })
    expect([response.status, response.body['error']]).toEqual([400, 'invalid_grant'])
  })

  test('does not repeat what was sent', async () => {
    const response = await post({ ...grant, client_id: '<script>', client_secret: 'hunter2hunter2' })
    expect(JSON.stringify(response.body)).not.toMatch(/<script>|hunter2/)
  })
})

describe('scope and resource', () => {
  const authorization = basic(id, secret)

  test.each(['unknown', 'orders:create', '*', 'orders:read "quoted"'])(
    'the scope %j is refused',
    async (scope) => {
      const response = await post({ ...grant, scope }, { authorization })
      expect([response.status, response.body['error']]).toEqual([400, 'invalid_scope'])
      expect(response.body['error_description']).not.toContain(scope)
    },
  )

  test('an unknown resource is refused (RFC 8707)', async () => {
    const own = await post({ ...grant, resource: server.issuer }, { authorization })
    const foreign = await post({ ...grant, resource: 'https://elsewhere.example' }, { authorization })
    expect([own.status, foreign.status, foreign.body['error']]).toEqual([200, 400, 'invalid_target'])
  })
})

describe('methods', () => {
  test.each(['GET', 'PUT', 'PATCH', 'DELETE', 'HEAD'])('%s is not allowed, and POST is', async (method) => {
    const { status, headers, body } = await fetchJson(server, '/oauth/token', { method })
    expect(status).toBe(405)
    expect(headers.get('allow')).toBe('POST, OPTIONS')
    expect(body['error']).toBe(method === 'HEAD' ? undefined : 'invalid_request')
  })
})
