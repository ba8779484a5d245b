import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, test } from 'vitest'
import { implicitGrant } from '../../src/index.ts'
import { openBrowser, type Page } from '../support/browser.ts'
import { commonConfig } from '../support/config.ts'
import { authorizationUrl, type Parameters } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer({ grants: [...commonConfig().grants, implicitGrant()] })
const user = await server.addUser()
const other = await server.addUser()
const grantTypes = ['authorization_code', 'implicit']
const client = await server.addClient({ grantTypes, redirectUris: ['https://app.example/callback'] })
afterAll(server.close)

/** The longest query of an authorization request. */
const LIMIT = 14_336

/** Sends a request with `node:http`, which reads 16 kB of headers, and with as many headers as a browser sends. */
async function sendByNode(url: URL, { method = 'GET', body, headers }: RequestInit): Promise<Response> {
  const form = body instanceof URLSearchParams ? body.toString() : undefined
  const outgoing = request(url, {
    method,
    headers: {
      ...Object.fromEntries(new Headers(headers)),
      ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      'x-padding': 'x'.repeat(600),
    },
  })
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  outgoing.on('error', reject).on('response', (incoming) => {
    const { statusCode: status = 0, rawHeaders: raw } = incoming
    const pairs = raw.flatMap((name, index): [string, string][] =>
      index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : [],
    )
    text(incoming).then((body) => resolve(new Response(body, { status, headers: pairs })), reject)
  })
  outgoing.end(form)
  return promise
}

const openClient = () => openBrowser({ ...server, send: sendByNode })

/** An authorization URL whose query has `length` characters, or as many as the state gives it. */
const urlWith = (state: string, parameters: Parameters = {}): string =>
  authorizationUrl(server, client, { scope: 'profile', prompt: 'consent', state, ...parameters })

/** How many characters the query has room for, in a state. */
const roomWith = (parameters: Parameters): number =>
  LIMIT - new URL(urlWith('', parameters)).search.slice(1).length

const room = roomWith({ prompt: 'login consent', response_type: 'token' })

const stateIn = ({ url }: Page): string | null =>
  (url.hash === '' ? url.searchParams : new URLSearchParams(url.hash.slice(1))).get('state')

const random = (length: number): string => randomBytes(length).toString('base64url').slice(0, length)

const STATES: readonly (readonly [string, string])[] = [
  ['2,000 non-ASCII characters', 'é'.repeat(2000)],
  [
    '2,000 different non-ASCII characters',
    Array.from({ length: 2000 }, (_, index) => String.fromCodePoint(0xc0 + ((index * 7919) % 1700))).join(''),
  ],
  ['as many random characters as are accepted', random(room)],
  ['as many symbols as are accepted', '/?:@"<>'.repeat(Math.floor(room / 21))],
  ['as many emoji as are accepted', '🎈'.repeat(Math.floor(room / 12))],
]

describe.each(STATES)('a state of %s', (_, state) => {
  test('comes back after sign-in and consent, through a client that reads 16 kB of headers', async () => {
    const browser = openClient()
    const asked = await browser.signIn(await browser.open(urlWith(state)), user)
    const end = await browser.press(asked, 'Allow')
    expect([end.url.origin, stateIn(end)]).toEqual(['https://app.example', state])
    expect(end.url.searchParams.get('code')).toMatch(/^[\w-]{43}$/)
  })

  test('comes back after a wrong password, another account and a denial', async () => {
    const browser = openClient()
    const wrong = await browser.signIn(await browser.open(urlWith(state)), { ...user, password: 'no' })
    const asked = await browser.signIn(wrong, user)
    const login = await browser.press(asked, 'Not you? Use another account')
    const end = await browser.press(await browser.signIn(login, other), "Don't allow")
    expect([end.url.searchParams.get('error'), stateIn(end)]).toEqual(['access_denied', state])
  })

  test('comes back with prompt=login, with an implicit response and from a request by POST', async () => {
    const browser = openClient()
    await browser.signIn(await browser.open('/login'), user)
    const again = await browser.open(urlWith(state, { prompt: 'login consent' }))
    expect(stateIn(await browser.press(await browser.signIn(again, user), 'Allow'))).toBe(state)
    const implicit = await browser.open(urlWith(state, { response_type: 'token' }))
    expect(stateIn(await browser.press(implicit, 'Allow'))).toBe(state)
    const { origin, pathname, searchParams: body } = new URL(urlWith(state))
    const posted = await openClient().open(origin + pathname, { method: 'POST', body })
    expect(posted.forms.map(({ label }) => label)).toContain('Sign in')
  })
})

describe('a longer authorization request', () => {
  const tooLong = random(roomWith({}) + 1)

  test('gets an error page, by GET and by POST, and for users who are signed in', async () => {
    const browser = openClient()
    await browser.signIn(await browser.open('/login'), user)
    const url = new URL(urlWith(tooLong))
    for (const client of [browser, openClient()]) {
      const got = await client.open(url)
      const posted = await client.open(url.origin + url.pathname, { method: 'POST', body: url.searchParams })
      for (const page of [got, posted]) expect([page.status, page.url.origin]).toEqual([400, server.origin])
    }
    expect(server.logs.join()).toContain('The authorization request is too long')
  })

  test('gets it directly by POST, since its redirect could not be read', async () => {
    const { origin, pathname, searchParams } = new URL(urlWith('é'.repeat(5000)))
    const page = await openClient().open(origin + pathname, { method: 'POST', body: searchParams })
    expect([page.status, page.url.search]).toEqual([400, ''])
  })

  test('is one whose response would be too long, too', async () => {
    const { origin, pathname, searchParams } = new URL(urlWith(''))
    searchParams.delete('state')
    const url = `${origin}${pathname}?${searchParams.toString()}&state=${'!()'.repeat(3000)}`
    expect((await openClient().open(url)).status).toBe(400)
  })
})

test('every redirect to the sign-in page is short, also from the device page and the token page', async () => {
  const paths = ['/oauth/device?user_code=WDJB-MJHT', '/account/tokens', urlWith(random(room))]
  for (const path of paths) {
    const response = await fetch(new URL(path, server.origin), { redirect: 'manual' })
    const { pathname, search } = new URL(response.headers.get('location') ?? '', server.origin)
    const location = pathname + search
    expect(location).toMatch(/^\/login\?return_to=[\w-]+\.[\w-]+$/)
    expect(location.length).toBeLessThan(Math.max(200, 1.05 * path.length))
  }
})
