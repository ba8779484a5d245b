import { afterAll, describe, expect, test } from 'vitest'
import type { View, ViewContext } from '../../src/index.ts'
import { openBrowser, type Browser, type Page } from '../support/browser.ts'
import { authorizationUrl } from '../support/oauth-client.ts'
import { lastRequestLine } from '../support/request-log.ts'
import { startServer } from '../support/server.ts'

let consent: View<'consent'> = () => '<h1>Consent'
let error: View<'error'> = ({ description }) => `<h1>Own error: ${description}`
const contexts: ViewContext[] = []
const policies: unknown[] = []

const server = await startServer({
  pages: {
    views: {
      signedIn: (props) => {
        contexts.push(props)
        return `<h1>Hello ${props.user?.email ?? ''}`
      },
      consent: (props) => {
        policies.push(props.formTargets)
        return consent(props)
      },
      error: (props) => {
        contexts.push(props)
        return error(props)
      },
    },
  },
})
const user = await server.addUser()
const client = await server.addClient()
afterAll(server.close)

async function signedIn(): Promise<Browser> {
  const browser = openBrowser(server)
  await browser.signIn(await browser.open(server.endpoint('/login')), user)
  return browser
}

const browser = await signedIn()
const showConsent = (): Promise<Page> => browser.open(authorizationUrl(server, client))

describe('a page of your own receives', () => {
  test('the request without its body, the request of the framework, the user and the language', async () => {
    await browser.open(server.endpoint('/login?hello=1'), { headers: { 'x-app': 'shop' } })
    const context = contexts.at(-1)
    expect(context?.request.url).toBe(server.endpoint('/login?hello=1'))
    expect(context?.request.headers.get('x-app')).toBe('shop')
    expect(context?.original).toBeTypeOf('object')
    expect(context).toMatchObject({ user: { id: user.id, email: user.email }, language: 'en' })
  })

  test('no user for a guest', async () => {
    await openBrowser(server).open(server.endpoint('/oauth/authorize'))
    expect(contexts.at(-1)?.user).toBeUndefined()
  })

  test('the user on an error page too, and a request that can be created', async () => {
    await browser.open(server.endpoint('/oauth/authorize'))
    expect(contexts.at(-1)?.user).toMatchObject({ id: user.id })
    const { body, status } = await browser.open(server.endpoint('/login'), { method: 'PUT' })
    expect([status, body]).toEqual([405, '<h1>Own error: This method is not allowed'])
    expect(contexts.at(-1)?.request.method).toBe('PUT')
  })

  test('where its forms may redirect to', async () => {
    await showConsent()
    expect(policies.at(-1)).toEqual(['https:'])
  })
})

describe('a page of your own returns', () => {
  test('HTML with a policy, to which the server adds what the forms need', async () => {
    const csp = "default-src 'self'; script-src 'self' 'unsafe-inline'; form-action 'none'"
    consent = () => ({ html: '<h1>Own', csp })
    const { headers } = await showConsent()
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'self'; script-src 'self' 'unsafe-inline'; form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'",
    )
    expect(headers.get('x-frame-options')).toBe('DENY')
  })

  test('a Response with its own status, headers and cookies, and gets the missing headers', async () => {
    consent = () =>
      new Response('<h1>Own', {
        status: 418,
        headers: [
          ['content-type', 'text/html'],
          ['cache-control', 'public, max-age=600'],
          ['content-length', '3'],
          ['x-app', 'shop'],
          ['set-cookie', 'theme=dark'],
          ['set-cookie', 'consulate_session=another; Path=/'],
          ['set-cookie', '=consulate_session=another; Path=/'],
        ],
      })
    const { status, headers, body } = await showConsent()
    expect([status, body, headers.get('x-app')]).toEqual([418, '<h1>Own', 'shop'])
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'content-type': 'text/html',
    })
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.getSetCookie().map((cookie) => cookie.split(';')[0])).toEqual(['theme=dark'])
  })

  test('a Response with the default status, which keeps the one of the server', async () => {
    error = () => new Response('<h1>Own', { headers: { 'content-type': 'text/html' } })
    const { status } = await browser.open(server.endpoint('/oauth/authorize'))
    expect(status).toBe(400)
  })

  test('JSON for scripts and HTML for browsers, as Inertia does', async () => {
    consent = ({ request, client: { name } }) =>
      request.headers.has('x-inertia')
        ? Response.json({ props: { name } }, { headers: { 'X-Inertia': 'true' } })
        : new Response(`<h1>${name}`, { headers: { 'Content-Type': 'text/html', Vary: 'X-Inertia' } })
    const html = await showConsent()
    expect(html.headers.get('content-type')).toBe('text/html')
    // Next adds Accept-Encoding.
    expect(html.headers.get('vary')?.split(', ')).toContain('X-Inertia')
    const json = await browser.open(authorizationUrl(server, client), { headers: { 'x-inertia': 'true' } })
    expect(JSON.parse(json.body)).toEqual({ props: { name: html.body.slice('<h1>'.length) } })
    expect(json.headers.get('x-inertia')).toBe('true')
  })

  test('a Response that may be framed by its own policy', async () => {
    const policy = "frame-ancestors 'self' https://app.example"
    consent = () => new Response('<h1>Own', { headers: { 'content-security-policy': policy } })
    const { headers } = await showConsent()
    expect(headers.get('content-security-policy')).toContain(policy)
    expect(headers.get('x-frame-options')).toBeNull()
  })
})

/** JavaScript can return anything. */
const returning =
  (result: unknown): View<'consent'> =>
  () =>
    result as string

const failures: readonly (readonly [string, View<'consent'>, string])[] = [
  ['throws', () => Promise.reject(new Error('no template')), 'threw an error: Error: no template'],
  ['returns nothing', returning(undefined), 'returned nothing'],
  ['returns null', returning(null), 'returned nothing'],
  ['returns an empty page', returning(' \n'), 'returned an empty page'],
  ['returns a number', returning(200), 'returned a number'],
  ['returns a stream', returning(new ReadableStream()), 'returned a ReadableStream'],
  ['returns an object without html', returning({ body: '' }), 'returned a Object'],
  ['returns a policy with a line break', returning({ html: 'x', csp: 'a\r\nX-Evil: 1' }), 'returned a csp'],
  ['returns a 500', () => new Response('oops', { status: 500 }), 'returned a Response with the status 500'],
  ['returns a network error', () => Response.error(), 'returned a Response with the status 0'],
  [
    'returns a Response without a body',
    () => new Response(null, { status: 204 }),
    'returned a Response without a body',
  ],
  [
    'returns a body that fails',
    () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error('cut off')) })),
    'returned a Response whose body failed: Error: cut off',
  ],
  [
    'returns an endless body',
    () =>
      new Response(
        new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1_000_000)) }),
      ),
    'returned a page of more than 10000000 bytes',
  ],
  [
    'returns a Response of another library with a header of two lines',
    returning({
      status: 200,
      text: async () => '<h1>Own',
      headers: Object.assign(new Map([['x-app', 'a\r\nX-Evil: 1']]), { getSetCookie: () => [] }),
    }),
    'returned an invalid header: X-App',
  ],
  [
    'returns a cookie with a control character',
    () => new Response('<h1>Own', { headers: { 'set-cookie': 'theme=\u0001' } }),
    'returned an invalid header: Set-Cookie',
  ],
  [
    'returns a Response of another library with a cookie of two lines',
    returning({
      status: 200,
      text: async () => '<h1>Own',
      headers: Object.assign(new Map(), { getSetCookie: () => ['theme=dark\r\nX-Evil: 1'] }),
    }),
    'returned an invalid header: Set-Cookie',
  ],
]

describe.each(failures)('a page of your own that %s', (_, view, problem) => {
  test('leads to the error page, and the log says why', async () => {
    consent = view
    error = ({ status, code }) => `<h1>Own error ${status} ${code}`
    const { status, body, headers } = await showConsent()
    expect([status, body]).toEqual([500, '<h1>Own error 500 server_error'])
    expect(headers.has('x-evil')).toBe(false)
    expect(lastRequestLine(server)).toContain(`pages.views.consent ${problem}`)
  })
})

test('an error page of your own that fails is replaced by the built-in one with the same error', async () => {
  error = () => Promise.reject(new Error('no template'))
  const { status, text } = await openBrowser(server).open(server.endpoint('/oauth/authorize'))
  expect(status).toBe(400)
  expect(text).toContain("We can't complete this request")
  expect(lastRequestLine(server)).toContain('pages.views.error threw an error: Error: no template')
})
