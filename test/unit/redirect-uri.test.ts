import { describe, expect, test } from 'vitest'
import { sampleClient } from '../../src/testing/store/samples.ts'
import type { Client } from '../../src/model/client.ts'
import {
  isRegisteredRedirectUri,
  originOf,
  redirectUriProblem,
  withResponse,
} from '../../src/model/redirect-uri.ts'

const clientWith = (type: Client['type'], ...redirectUris: string[]): Client =>
  sampleClient({ type, redirectUris })

describe('a redirect URI can be registered:', () => {
  test.each([
    'https://app.example',
    'https://app.example/cb',
    'https://app.example:8443/cb?tenant=1&x=%20',
    'https://app.example?x',
    'https://xn--bcher-kva.example/cb',
    'https://[2001:db8::1]/cb',
    'http://127.0.0.1/cb',
    'http://127.0.0.1:8080/cb',
    'http://[::1]/cb',
    'http://localhost:3000/cb',
  ])('%s, for every client', (uri) => {
    expect(redirectUriProblem(uri, 'confidential')).toBeUndefined()
    expect(redirectUriProblem(uri, 'public')).toBeUndefined()
  })

  test.each(['com.example.app:/cb', 'com.example.app://cb', 'com.example.app:'])(
    'the own scheme of a native app, %s, for public clients only',
    (uri) => {
      expect(redirectUriProblem(uri, 'public')).toBeUndefined()
      expect(redirectUriProblem(uri, 'confidential')).toContain('https')
    },
  )
})

describe('a redirect URI cannot be registered:', () => {
  test.each([
    ['relative', ['', '/cb', '//app.example/cb', 'app.example/cb', 'https://', 'https:///', '?x', '#x']],
    ['with a fragment', ['https://app.example/cb#', 'https://app.example/cb#x']],
    ['with a wildcard', ['https://*.app.example/cb', 'https://app.example/*']],
    [
      'with userinfo',
      ['https://app.example@evil.example/', 'https://a:b@app.example/', 'https://@app.example/'],
    ],
    ['with userinfo and a custom scheme', ['com.example.app://user@host/cb']],
    [
      'of a scheme that runs code or reads files',
      ['javascript:alert(1)', 'JavaScript:alert(1)', 'data:text/html,x'],
    ],
    [
      'of a scheme that is no web page',
      ['file:///etc/passwd', 'blob:https://app.example/1', 'wss://app.example/'],
    ],
    ['of a scheme without a dot', ['myapp://cb', 'intent://cb', 'ftp://app.example/']],
    [
      'with http off loopback',
      ['http://app.example/', 'http://128.0.0.1/', 'http://0.0.0.0/', 'http://[::2]/'],
    ],
    [
      'with a name that only looks like loopback',
      ['http://localhost.evil.example/', 'http://127.0.0.1.evil.example/'],
    ],
    [
      'with loopback spelled otherwise',
      ['http://127.1/', 'http://2130706433/', 'http://0x7f000001/', 'http://017700000001/'],
    ],
    [
      'with white space',
      [
        'https://app.example/a b',
        ' https://app.example/',
        'https://app.example/\n',
        'https://app.\texample/',
      ],
    ],
    [
      'with control characters',
      ['\u0001https://app.example/', 'https://app.example/\u0000', 'https://app.example/\u007F'],
    ],
    [
      'with backslashes',
      ['https://app.example\\@evil.example/', 'https:\\\\app.example/', 'https://app.example/\\..'],
    ],
    ['beyond ASCII', ['https://\u0430pp.example/', 'https://app.example/ü', 'https://app.example/\u2028']],
    [
      'with a host that only a parser understands',
      ['https:app.example/', 'https:/app.example/', 'https:///app.example/'],
    ],
    [
      'with an encoded host',
      ['https://app%2eexample/', 'https://%61pp.example/', 'https://evil.example%2fapp.example/'],
    ],
    ['in upper case', ['HTTPS://app.example/', 'https://App.example/']],
    [
      'with an impossible port',
      ['https://app.example:99999/', 'https://app.example:-1/', 'https://app.example:x/'],
    ],
  ])('a URI %s', (_, uris) => {
    for (const uri of uris) expect(redirectUriProblem(uri, 'public'), uri).toEqual(expect.any(String))
  })
})

describe('a requested redirect URI', () => {
  const web = clientWith('confidential', 'https://app.example/cb?tenant=1', 'https://app.example:443/other')

  test('is accepted if it is registered exactly', () => {
    for (const uri of web.redirectUris) expect(isRegisteredRedirectUri(web, uri)).toBe(true)
  })

  test.each([
    ['another case', 'https://app.example/CB?tenant=1'],
    ['another case of the host', 'https://APP.example/cb?tenant=1'],
    ['another scheme', 'http://app.example/cb?tenant=1'],
    ['a port', 'https://app.example:443/cb?tenant=1'],
    ['no port', 'https://app.example/other'],
    ['userinfo', 'https://app.example@evil.example/cb?tenant=1'],
    ['userinfo before the right host', 'https://x@app.example/cb?tenant=1'],
    ['a suffix of the host', 'https://app.example.evil.example/cb?tenant=1'],
    ['a dot behind the host', 'https://app.example./cb?tenant=1'],
    ['a subdomain', 'https://x.app.example/cb?tenant=1'],
    ['a suffix of the path', 'https://app.example/cb/../evil?tenant=1'],
    ['a path that comes to the same', 'https://app.example/x/../cb?tenant=1'],
    ['an encoding that comes to the same', 'https://app.example/%63b?tenant=1'],
    ['a backslash', 'https://app.example\\cb?tenant=1'],
    ['a fragment', 'https://app.example/cb?tenant=1#x'],
    ['another parameter', 'https://app.example/cb?tenant=1&code=x'],
    ['a changed parameter', 'https://app.example/cb?tenant=2'],
    ['no parameter', 'https://app.example/cb'],
    ['a space in front', ' https://app.example/cb?tenant=1'],
    ['a line end behind', 'https://app.example/cb?tenant=1\n'],
    ['nothing at all', ''],
  ])('is refused with %s', (_, uri) => expect(isRegisteredRedirectUri(web, uri)).toBe(false))

  test('of a client without redirect URIs is always refused', () => {
    expect(isRegisteredRedirectUri(clientWith('public'), 'https://app.example/')).toBe(false)
    expect(isRegisteredRedirectUri(clientWith('public'), '')).toBe(false)
  })
})

describe('on loopback (RFC 8252 section 7.3)', () => {
  const native = clientWith(
    'public',
    'http://127.0.0.1/cb?x=1',
    'http://[::1]:4000/cb',
    'http://localhost/cb',
  )

  test.each([
    'http://127.0.0.1/cb?x=1',
    'http://127.0.0.1:1/cb?x=1',
    'http://127.0.0.1:65535/cb?x=1',
    'http://[::1]/cb',
    'http://[::1]:51234/cb',
    'http://localhost:51234/cb',
  ])('any port is accepted: %s', (uri) => expect(isRegisteredRedirectUri(native, uri)).toBe(true))

  test.each([
    'http://127.0.0.1:8080/cb',
    'http://127.0.0.1:8080/cb?x=1&y=2',
    'http://127.0.0.1:8080/CB?x=1',
    'http://127.0.0.1:8080/cb?x=1#f',
    'http://127.0.0.1:8080/../cb?x=1',
    'http://127.0.0.1:8080//cb?x=1',
    'http://127.0.0.1:8080\\cb?x=1',
    'http://127.0.0.1:/cb?x=1',
    'http://127.0.0.1:65536/cb?x=1',
    'http://127.0.0.1:99999/cb?x=1',
    'http://127.0.0.1:123456/cb?x=1',
    'http://127.0.0.1:+80/cb?x=1',
    'http://127.0.0.1:80 /cb?x=1',
    'http://127.0.0.1:80@evil.example/cb?x=1',
    'http://127.0.0.1@evil.example/cb?x=1',
    'http://127.0.0.1:pass@evil.example:80/cb?x=1',
    'http://evil.example@127.0.0.1:80/cb?x=1',
    'http://127.0.0.1.evil.example:80/cb?x=1',
    'http://127.0.0.1:80.evil.example/cb?x=1',
    'http://127.0.0.1%2eevil.example/cb?x=1',
    'http://127.0.0.2:80/cb?x=1',
    'http://127.1:80/cb?x=1',
    'http://2130706433:80/cb?x=1',
    'http://localhost:80/cb?x=1',
    'http://localhost:80/cb/',
    'http://localhost.:80/cb',
    'http://LOCALHOST:80/cb',
    'http://localhost.evil.example:80/cb',
    'http://[::1]:80/cb/..',
    'http://[0:0:0:0:0:0:0:1]:80/cb',
    'http://[::ffff:127.0.0.1]:80/cb',
    'http://[::1%25lo]:80/cb',
    'http://::1:80/cb',
    'https://127.0.0.1:80/cb?x=1',
    'HTTP://127.0.0.1:80/cb?x=1',
    ' http://127.0.0.1:80/cb?x=1',
    'http://127.0.0.1:80/cb?x=1\n',
  ])('nothing else is: %j', (uri) => expect(isRegisteredRedirectUri(native, uri)).toBe(false))

  test('`localhost`, which depends on name resolution, needs the exact port for confidential clients', () => {
    const server = clientWith('confidential', 'http://localhost:3000/cb', 'http://127.0.0.1:3000/cb')
    expect(isRegisteredRedirectUri(server, 'http://localhost:3000/cb')).toBe(true)
    expect(isRegisteredRedirectUri(server, 'http://localhost:3001/cb')).toBe(false)
    expect(isRegisteredRedirectUri(server, 'http://127.0.0.1:3001/cb')).toBe(true)
  })

  test('an https URI on a loopback address needs the exact port', () => {
    const server = clientWith('public', 'https://127.0.0.1:3000/cb')
    expect(isRegisteredRedirectUri(server, 'https://127.0.0.1:3001/cb')).toBe(false)
  })

  test('every accepted URI can be parsed and redirected to', () => {
    const strange = ['0', '00080', '65535', '65536', '99999'].map((port) => `http://127.0.0.1:${port}/cb?x=1`)
    const accepted = [...native.redirectUris, ...strange].filter((uri) =>
      isRegisteredRedirectUri(native, uri),
    )
    expect(accepted.length).toBeGreaterThan(native.redirectUris.length)
    for (const uri of accepted) expect(originOf(uri)).toMatch(/^http:\/\//)
  })
})

test('the origin of a web URI is its scheme, host and port; an app has none', () => {
  expect(originOf('https://app.example:8443/cb?x=1')).toBe('https://app.example:8443')
  expect(originOf('https://app.example:443/cb')).toBe('https://app.example')
  expect(originOf('com.example.app:/cb')).toBeUndefined()
})

describe('the response', () => {
  test('is added to the query, with or without an existing one', () => {
    expect(withResponse('https://app.example/cb', { code: 'c' })).toBe('https://app.example/cb?code=c')
    expect(withResponse('https://app.example/cb?x=1', { code: 'c' })).toBe(
      'https://app.example/cb?x=1&code=c',
    )
    expect(withResponse('com.example.app:/cb', { code: 'c' })).toBe('com.example.app:/cb?code=c')
  })

  test('omits undefined parameters', () => {
    expect(withResponse('https://app.example/', { code: 'c', state: undefined })).toBe(
      'https://app.example/?code=c',
    )
  })

  test('encodes every value', () => {
    const state = 'a&code=stolen#f\r\nSet-Cookie: x=1 é'
    const url = new URL(withResponse('https://app.example/cb', { code: 'c', state }))
    expect(url.searchParams.getAll('code')).toEqual(['c'])
    expect(url.searchParams.get('state')).toBe(state)
    expect(url.hash).toBe('')
    expect(withResponse('https://app.example/cb', { state })).toMatch(/^[!-~]+$/)
  })
})
