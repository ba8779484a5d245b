import { afterAll, describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { callApi, fetchJson, authorizationUrl, basic, formBody, getTokens } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'
import { lines, statusesIn, sendRaw } from './wire.ts'

const server = await startServer()
const user = await server.addUser()
const client = await server.addClient()
const machine = await server.addClient({ grantTypes: ['client_credentials'] })
const grant = { grant_type: 'client_credentials' }
const authorization = basic(machine.id, machine.secret ?? '')
const form = formBody(grant).toString()
const FORM = 'Content-Type: application/x-www-form-urlencoded'
afterAll(server.close)

const post = (
  path: string,
  body: string | URLSearchParams | Buffer<ArrayBuffer>,
  headers: Record<string, string> = {},
) =>
  fetchJson(server, path, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/x-www-form-urlencoded', authorization, ...headers },
  })

describe('the issuer comes from the configuration, whatever the request contains:', () => {
  const spoofedHeaders: readonly Record<string, string>[] = [
    { host: 'evil.example' },
    { 'x-forwarded-host': 'evil.example' },
    { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', 'x-forwarded-port': '443' },
    { forwarded: 'host=evil.example;proto=https' },
    {
      'x-host': 'evil.example',
      'x-forwarded-server': 'evil.example',
      'x-http-host-override': 'evil.example',
    },
    { 'x-original-url': '/evil', 'x-rewrite-url': '/evil', 'x-forwarded-prefix': '/evil' },
  ]

  test.each(spoofedHeaders)('%j', async (headers) => {
    const raw = Object.entries({ host: 'x', connection: 'close', ...headers }).map((pair) => pair.join(': '))
    const paths = [
      '/.well-known/oauth-authorization-server',
      '/login',
      '/oauth/authorize?client_id=unknown',
      authorizationUrl(server, client).slice(server.origin.length),
      authorizationUrl(server, client, { prompt: 'none' }).slice(server.origin.length),
    ]
    for (const path of paths) {
      const response = await sendRaw(server, lines(`GET ${path} HTTP/1.1`, ...raw, '', ''))
      expect(statusesIn(response)).toHaveLength(1)
      expect(response, path).not.toContain('evil')
    }
  })

  test('so a token requested under another host name has our issuer', async () => {
    const { body } = await post('/oauth/token', form, { 'x-forwarded-host': 'evil.example' })
    const token = String(body['access_token'])
    const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object
    expect(payload).toMatchObject({ iss: server.issuer, aud: server.issuer })
    expect((await callApi(server, '/machine', token)).status).toBe(200)
  })

  test('and cached responses are the same for all clients', async () => {
    const url = `${server.origin}/.well-known/oauth-authorization-server`
    const plain = await fetch(url)
    const poisoned = await fetch(`${url}?x=<script>`, {
      headers: { 'x-forwarded-host': 'evil.example', origin: 'https://evil.example', accept: 'text/html' },
    })
    expect(await poisoned.text()).toBe(await plain.text())
    expect(poisoned.headers.get('access-control-allow-origin')).toBe('*')
  })
})

describe('an ambiguous request is rejected:', () => {
  const tokenRequest = (...head: readonly string[]): string =>
    lines('POST /oauth/token HTTP/1.1', 'Host: x', FORM, ...head, '', '')
  const smuggled = lines('GET /.well-known/jwks.json HTTP/1.1', 'Host: x', '', '')

  test.each<[string, string]>([
    [
      'Content-Length, then Transfer-Encoding',
      `${tokenRequest('Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n${smuggled}`,
    ],
    [
      'Transfer-Encoding, then Content-Length',
      `${tokenRequest('Transfer-Encoding: chunked', 'Content-Length: 4')}0\r\n\r\n${smuggled}`,
    ],
    [
      'two Content-Length headers',
      `${tokenRequest('Content-Length: 0', `Content-Length: ${smuggled.length}`)}${smuggled}`,
    ],
    ['a Content-Length with a sign', `${tokenRequest('Content-Length: +5')}abcde${smuggled}`],
    ['a hexadecimal Content-Length', `${tokenRequest('Content-Length: 0x5')}abcde${smuggled}`],
    ['an unknown transfer encoding', `${tokenRequest('Transfer-Encoding: xchunked')}0\r\n\r\n${smuggled}`],
    ['a space before the colon', `${tokenRequest('Transfer-Encoding : chunked')}0\r\n\r\n${smuggled}`],
    ['a folded header', `${tokenRequest('Transfer-Encoding:', ' chunked')}0\r\n\r\n${smuggled}`],
    ['a bare line feed', tokenRequest('Content-Length: 0').replace('Host: x\r\n', 'Host: x\nX: y\r\n')],
    ['a NUL in a header', tokenRequest('X-A: a\0b')],
    ['no Host header', lines('GET /login HTTP/1.1', '', '')],
    ['a byte outside of ASCII in the query', lines('GET /login?x=\xff HTTP/1.1', 'Host: x', '', '')],
    ['a control character in the query', lines('GET /login?x=\x01 HTTP/1.1', 'Host: x', '', '')],
  ])('%s', async (_, text) => {
    const statuses = statusesIn(await sendRaw(server, text))
    expect(statuses).toEqual([400])
  })

  test('the body of a GET is not a second request', async () => {
    const response = await sendRaw(
      server,
      lines(
        'GET /login HTTP/1.1',
        'Host: x',
        `Content-Length: ${smuggled.length}`,
        'Connection: close',
        '',
        smuggled,
      ),
    )
    expect(statusesIn(response)).toEqual([200])
    expect(response).not.toContain('"keys"')
  })

  test('an HTTP/1.0 request gets a response, and the connection closes', async () => {
    const response = await sendRaw(
      server,
      lines('GET /.well-known/oauth-authorization-server HTTP/1.0', '', ''),
    )
    expect(statusesIn(response)).toEqual([200])
    expect(response).toContain(`"issuer":"${server.issuer}"`)
  })

  test('only the first of two Authorization headers counts', async () => {
    const wrong = basic(machine.id, 'wrong')
    const ask = (...headers: readonly string[]) =>
      sendRaw(
        server,
        lines(
          'POST /oauth/token HTTP/1.1',
          'Host: x',
          'Connection: close',
          FORM,
          `Content-Length: ${form.length}`,
          ...headers.map((value) => `Authorization: ${value}`),
          '',
          form,
        ),
      )
    expect(statusesIn(await ask(wrong, authorization))).toEqual([401])
    expect(statusesIn(await ask(authorization, wrong))).toEqual([200])
  })
})

describe('a path must match exactly: not found is', () => {
  test.each([
    '//oauth/token',
    '/oauth//token',
    '/oauth/token/',
    '/OAUTH/token',
    '/oauth/./token',
    '/x/../oauth/token',
    '/oauth/%74oken',
    '/oauth%2ftoken',
    '/oauth/token;x=1',
    '/oauth/token%00',
    '/oauth\\token',
    'http://evil.example//oauth/token',
    'http://evil.example/x?/oauth/token',
    '/__proto__',
    '/constructor',
    '/hasOwnProperty',
  ])('%s', async (path) => {
    const head = [
      `POST ${path} HTTP/1.1`,
      'Host: x',
      'Connection: close',
      FORM,
      `Authorization: ${authorization}`,
    ]
    const response = await sendRaw(server, lines(...head, `Content-Length: ${form.length}`, '', form))
    expect(statusesIn(response)).toEqual([404])
  })
})

test('an absolute URL is answered by its path, whatever its host is (RFC 9112 section 3.2.2)', async () => {
  const target = 'http://evil.example/.well-known/oauth-authorization-server'
  const response = await sendRaw(
    server,
    lines(`GET ${target} HTTP/1.1`, 'Host: x', 'Connection: close', '', ''),
  )
  expect(statusesIn(response)).toEqual([200])
  expect(response).toContain(`"issuer":"${server.issuer}"`)
  expect(response).not.toContain('evil.example')
})

describe('the method is that of the request line:', () => {
  const overrides = ['x-http-method-override', 'x-http-method', 'x-method-override']

  test('no header changes it', async () => {
    for (const name of overrides) {
      const viaGet = await fetchJson(server, '/oauth/token', { headers: { [name]: 'POST', authorization } })
      expect(viaGet.status).toBe(405)
      const viaPost = await post('/oauth/token', form, { [name]: 'GET' })
      expect(viaPost.status).toBe(200)
    }
  })

  test('no _method parameter changes it, except in the consent form', async () => {
    const viaPost = await post('/oauth/token?_method=GET', formBody({ ...grant, _method: 'DELETE' }))
    expect(viaPost.status).toBe(200)
    const browser = openBrowser(server)
    await browser.signIn(await browser.open(server.endpoint('/login')), user)
    await browser.open(server.endpoint('/logout?_method=POST'))
    expect((await browser.open(server.endpoint('/login?_method=POST'))).text).toContain(user.email)
  })

  test.each(['TRACE', 'PROPFIND', 'SEARCH', 'PUT', 'QUERY'])(
    '%s is not allowed and echoes nothing',
    async (method) => {
      const response = await sendRaw(
        server,
        lines(`${method} /login HTTP/1.1`, 'Host: x', 'Connection: close', 'X-Secret: echo-me', '', ''),
      )
      expect(statusesIn(response)).toEqual([405])
      expect(response).not.toContain('echo-me')
    },
  )
})

describe('parameters are only read from the body:', () => {
  test('the query is not mixed in', async () => {
    const { status } = await post('/oauth/token?grant_type=password&scope=*', form)
    expect(status).toBe(200)
    const query = formBody({ client_id: machine.id, client_secret: machine.secret }).toString()
    const response = await fetchJson(server, `/oauth/token?${query}`, {
      method: 'POST',
      body: formBody(grant),
    })
    expect(response.body['error']).toBe('invalid_client')
  })

  test('a repeated parameter is rejected, in any encoding', async () => {
    for (const twice of ['grant%5ftype', 'grant%5Ftype', '%67rant_type'])
      expect((await post('/oauth/token', `${form}&${twice}=password`)).body['error']).toBe('invalid_request')
  })

  test.each([
    'grant_type[]=client_credentials',
    'grant_type[0]=client_credentials',
    'Grant_Type=client_credentials',
    'grant_type =client_credentials',
    '{"grant_type":"client_credentials"}=',
    '',
  ])('parameters with similar names are ignored: %s', async (body) => {
    expect((await post('/oauth/token', body)).body['error']).toBe('invalid_request')
  })
})

describe('a body must be a form:', () => {
  const invalid: readonly [string, string | Buffer<ArrayBuffer>, Record<string, string>][] = [
    ['JSON with the content type of a form', JSON.stringify(grant), {}],
    ['a form with the content type of JSON', form, { 'content-type': 'application/json' }],
    [
      'a form with two content types',
      form,
      { 'content-type': 'application/x-www-form-urlencoded, application/json' },
    ],
    ['a form with the content type of text', form, { 'content-type': 'text/plain' }],
    ['a form with a longer content type', form, { 'content-type': 'application/x-www-form-urlencoded-x' }],
    [
      'UTF-16',
      Buffer.from(form, 'utf16le'),
      { 'content-type': 'application/x-www-form-urlencoded; charset=utf-16' },
    ],
    ['overlong UTF-8', Buffer.from('grant_type=client_credential\xc1\xb3', 'latin1'), {}],
    ['half a surrogate pair', 'grant_type=client_credentials&x=%ED%A0%80', {}],
  ]

  test.each(invalid)('%s is rejected', async (_, body, headers) => {
    const { status } = await post('/oauth/token', body, headers)
    expect(status).toBe(400)
  })

  test('a compressed body is not decompressed', async () => {
    const { gzipSync } = await import('node:zlib')
    const response = await post('/oauth/token', gzipSync(form), { 'content-encoding': 'gzip' })
    expect(response.status).toBe(400)
  })
})

test.each(['%00', 'x%00', '%EF%BF%BD'])(
  'Basic credentials are parsed as strictly as a form: %s in them is rejected',
  async (text) => {
    const encoded = Buffer.from(`${text}:secret`).toString('base64')
    const response = await post('/oauth/token', form, { authorization: `Basic ${encoded}` })
    expect(response.body['error']).toBe('invalid_client')
    const line = server.logs.find((entry) => entry.includes(response.headers.get('x-request-id') ?? '?'))
    expect(line).toContain('has no valid Basic credentials')
  },
)

test('the server still works afterwards', async () => {
  expect(await getTokens(server, machine, grant)).toBeTruthy()
})
