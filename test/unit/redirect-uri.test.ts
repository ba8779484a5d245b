import { describe, expect, test } from 'vitest'
import { registrationProblems } from '../../src/clients/validation.ts'
import { sampleClient } from '../../src/testing/store/samples.ts'
import type { Client } from '../../src/model/client.ts'
import { isRegisteredRedirectUri, originOf, withResponse } from '../../src/model/redirect-uri.ts'
import { redirectUriProblem } from '../../src/model/redirect-uri-problem.ts'

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
    'https://app.example?user=me@app.example',
    `https://app.example/${'a'.repeat(1980)}`,
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

/** Reasons with the URIs that they are given for. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  'must not be empty': ['', ' ', '\n', '\u3000'],
  'must have at most 2,000 characters': [
    `https://app.example/${'a'.repeat(1981)}`,
    `javascript:${'a'.repeat(10_000)}`,
  ],
  'must not start or end with a space': [
    ' https://app.example/',
    'https://app.example/ ',
    'https://app.example/\n',
    '\u2028https://app.example/',
    '\uFEFFhttps://app.example/',
  ],
  'must not contain control characters': [
    '\u0001https://app.example/',
    'https://app.example/\u0000',
    'https://app.example/\u007F',
    'https://app.\texample/',
    'java\nscript:alert(1)',
    'https://app.example/\r\nSet-Cookie:a=b',
  ],
  'must not contain spaces: write %20': ['https://app.example/a b', 'https://app.example/\u00A0x'],
  'must contain only ASCII: write a host in its xn-- form, and encode other characters with %': [
    'https://\u0430pp.example/',
    'https://bücher.example/cb',
    'https://app.example/ü',
    'https://app.example/\u202Egpj.exe',
    'https://app\u3002example/',
    'https://app.example\uFF0Fevil.example/',
    'https://app.example/\ud83d',
  ],
  'must not contain backslashes': [
    'https://app.example\\@evil.example/',
    'https:\\\\app.example/',
    'https://app.example/\\..',
  ],
  'must not contain any of " < > ^ ` { | }: encode them with %': [
    'https://app.example/"onclick="x',
    'https://app.example/<script>',
    'https://{tenant}.app.example/cb',
  ],
  'must have two hexadecimal digits after each %': [
    'https://app.example/%',
    'https://app.example/%zz',
    'https://app.example/%4',
    'https://app.example/%4z',
  ],
  'must not have a fragment': [
    'https://app.example/cb#',
    'https://app.example/cb#x',
    'com.example.app:/cb#x',
  ],
  'must be an exact URI, without wildcards': [
    'https://*.app.example/cb',
    'https://app.example/*',
    'http://127.0.0.1:*/cb',
  ],
  'must be an absolute URI, such as https://app.example/callback': [
    '/cb',
    '//app.example/cb',
    'app.example/cb',
    '?x',
    '127.0.0.1:3000/cb',
  ],
  'must not use the scheme javascript:': [
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'javascript://x/%0aalert(1)',
  ],
  'must not use the scheme data:': ['data:text/html,x'],
  'must not use the scheme vbscript:': ['vbscript:msgbox'],
  'must not use the scheme file:': ['file:///etc/passwd'],
  'must not use the scheme blob:': ['blob:https://app.example/1'],
  'must not use the scheme about:': ['about:blank'],
  'must not use the scheme ws:': ['ws://app.example/'],
  'must not use the scheme wss:': ['wss://app.example/'],
  'must not contain a user name or password': [
    'https://app.example@evil.example/',
    'https://a:b@app.example/',
    'https://@app.example/',
    'http://localhost@evil.example/',
    'com.example.app://user@host/cb',
  ],
  'must have two slashes after the scheme': [
    'https:',
    'https:app.example/',
    'https:/app.example/',
    'https:///app.example/',
    'HTTPS:app.example',
  ],
  'must have a valid host and port': [
    'https://',
    'https://app.example:99999/',
    'https://app.example:-1/',
    'https://app.example:x/',
    'https://evil.example%2fapp.example/',
    'https://[::1/',
    'https://?x',
    'com.example.app://[x',
  ],
  'must have the scheme and host in lower case': ['HTTPS://app.example/', 'https://App.example/'],
  'must have the host as browsers show it, such as app.example or 127.0.0.1': [
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://017700000001/',
    'http://[0:0:0:0:0:0:0:1]/',
    'https://app%2eexample/',
    'https://%61pp.example/',
    'https://app.example:/',
  ],
  'must use https (http is allowed for localhost only)': [
    'http://app.example/',
    'http://128.0.0.1/',
    'http://0.0.0.0/',
    'http://192.168.0.2/',
    'http://[::2]/',
    'http://localhost.evil.example/',
    'http://127.0.0.1.evil.example/',
  ],
  'must use a scheme that contains a dot, such as com.example.app:': [
    'myapp://cb',
    'intent://cb',
    'ftp://app.example/',
    'urn:ietf:wg:oauth:2.0:oob',
    'localhost:3000/cb',
  ],
  'must not have the query parameter code, which the server adds': ['https://app.example/?x=1&code=stolen'],
  'must not have the query parameter state, which the server adds': ['com.example.app:/cb?state=x'],
  'must not have the query parameter iss, which the server adds': ['https://app.example/?%69ss=evil'],
  'must not have the query parameter error, which the server adds': ['http://localhost/?error'],
  'must not have the query parameter error_description, which the server adds': [
    'https://app.example/?error_description=x',
  ],
  'must not have the query parameter error_uri, which the server adds': ['https://app.example/?error_uri=x'],
}

describe('a redirect URI cannot be registered:', () => {
  test.each(Object.entries(REFUSED))('it %s', (reason, uris) => {
    for (const uri of uris) expect(redirectUriProblem(uri, 'public'), uri).toBe(reason)
  })

  test('a confidential client cannot use the scheme of an app', () => {
    const reason = 'must use https: only public clients can use a private-use scheme'
    for (const uri of ['com.example.app:/cb', 'myapp://cb'])
      expect(redirectUriProblem(uri, 'confidential'), uri).toBe(reason)
  })

  test.each([
    [
      'the second of two that are the same',
      ['https://a.example/', 'https://b.example/', 'https://a.example/'],
      [['redirectUris[2]', 'is listed twice']],
    ],
    [
      'the 51st',
      Array.from({ length: 51 }, (_, index) => `https://app.example/${index}`),
      [['redirectUris', 'must contain at most 50 URIs']],
    ],
    [
      'each with a reason of its own',
      ['https://app.example/', 'http://app.example/', 'https://app.example/#'],
      [
        ['redirectUris[1]', 'must use https (http is allowed for localhost only)'],
        ['redirectUris[2]', 'must not have a fragment'],
      ],
    ],
  ])('%s', (_what, redirectUris, problems) => {
    const found = registrationProblems({ name: 'App', redirectUris })
    expect(found.map(({ path, message }) => [path, message])).toEqual(problems)
  })

  test('50 can be registered', () => {
    const redirectUris = Array.from({ length: 50 }, (_, index) => `https://app.example/${index}`)
    expect(registrationProblems({ name: 'App', redirectUris })).toEqual([])
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
