import { formsIn, textIn, unescapeHtml } from './html-form.ts'
import type { HtmlForm } from './html-form.ts'
import type { KnownSecrets } from './known-secrets.ts'
import type { TestUser, TestServer } from './server.ts'

/** The page that a browser shows after redirects: of the server, or the redirect URI of a client. */
export interface Page {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  readonly body: string
  /** The visible text. */
  readonly text: string
  readonly forms: readonly HtmlForm[]
}

/** A browser without JavaScript: it keeps cookies, follows redirects within the server and fills in forms. */
export interface Browser {
  readonly cookies: ReadonlyMap<string, string>
  /** The `Set-Cookie` headers it received, in order. */
  readonly setCookies: readonly string[]
  open(url: string | URL, init?: RequestInit): Promise<Page>
  /** Submits a form by the label of its button. `fields` override its values, undefined ones are not sent. */
  press(page: Page, label: string, fields?: Readonly<Record<string, string | undefined>>): Promise<Page>
  /** Fills in the sign-in page. */
  signIn(page: Page, user: Pick<TestUser, 'email' | 'password'>): Promise<Page>
  /** Closes and reopens the browser: only cookies with a `Max-Age` remain. */
  restart(): void
  /** Sets a cookie, as an attacker might. */
  setCookie(name: string, value: string): void
  /** Keeps the cookies of a response of the app itself, by their `Set-Cookie` values. */
  receive(cookies: readonly string[]): void
}

const MAX_REDIRECTS = 10

/** The server of a browser. `formOrigin` overrides the `Origin` header of its forms. */
export interface Destination extends Pick<TestServer, 'origin' | 'knownSecrets'> {
  readonly formOrigin?: string
  /** Sends requests. Default: the global `fetch`. */
  readonly send?: (url: URL, init: RequestInit) => Promise<Response>
}

/** Opens a browser without cookies. It identifies itself as Firefox on Linux and sends `Origin` with forms. */
export function openBrowser({ origin, knownSecrets, formOrigin, send = fetch }: Destination): Browser {
  const cookies = new Map<string, string>()
  const setCookies: string[] = []
  const persistent = new Set<string>()

  function receive(received: readonly string[]): void {
    for (const text of received) keepCookie(text, { cookies, persistent }, knownSecrets)
    setCookies.push(...received)
  }

  async function visit(url: URL, init: RequestInit): Promise<Response> {
    const headers = new Headers({ accept: 'text/html', 'user-agent': 'Firefox/140.0 (X11; Linux x86_64)' })
    if (cookies.size > 0) headers.set('cookie', [...cookies].map((pair) => pair.join('=')).join('; '))
    for (const [name, value] of new Headers(init.headers)) headers.set(name, value)
    const response = await send(url, { ...init, headers, redirect: 'manual' })
    receive(response.headers.getSetCookie())
    return response
  }

  async function open(address: string | URL, init: RequestInit = {}): Promise<Page> {
    let url = new URL(address, origin)
    let response = await visit(url, init)
    for (let count = 0; count < MAX_REDIRECTS; count += 1) {
      const location = response.headers.get('location')
      if (location === null) return pageOf(url, response, await response.text(), knownSecrets)
      await response.body?.cancel()
      url = new URL(location, url)
      if (url.origin !== origin) return pageOf(url, response, '', knownSecrets)
      response = await visit(url, {})
    }
    throw new Error('Too many redirects')
  }

  function press(page: Page, label: string, fields: Parameters<Browser['press']>[2] = {}): Promise<Page> {
    const form = formOf(page, label)
    const sent = Object.entries({ ...form.fields, ...fields }).filter(([, value]) => value !== undefined)
    const body = new URLSearchParams(sent as [string, string][])
    const headers = { origin: formOrigin ?? page.url.origin, 'sec-fetch-site': 'same-origin' }
    return open(new URL(form.action, page.url), { method: 'POST', body, headers })
  }

  return {
    cookies,
    setCookies,
    open,
    press,
    signIn: (page, { email, password }) => press(page, 'Sign in', { username: email, password }),
    restart() {
      for (const name of cookies.keys()) if (!persistent.has(name)) cookies.delete(name)
    },
    setCookie: (name, value) => void cookies.set(name, value),
    receive,
  }
}

/** Returns the form with this button label. */
export function formOf({ forms, text }: Page, label: string): HtmlForm {
  const form = forms.find((candidate) => candidate.label === label)
  if (!form) throw new Error(`No form "${label}" on this page: ${text}`)
  return form
}

/** Returns the URL of the first link with this text. */
export function linkTo({ body, url, text }: Page, label: string): URL {
  const links = [...body.matchAll(/<a\s[^>]*?href="([^"]*)"[^>]*>(.*?)<\/a\s*>/gs)]
  const link = links.find(([, , content = '']) => textIn(content) === label)
  if (!link) throw new Error(`No link "${label}" on this page: ${text}`)
  return new URL(unescapeHtml(link[1] ?? ''), url)
}

function pageOf(url: URL, { status, headers }: Response, body: string, knownSecrets: KnownSecrets): Page {
  const forms = formsIn(body)
  for (const { fields } of forms) {
    for (const name of ['csrf', 'consent']) knownSecrets.add(name, fields[name] ?? '')
  }
  knownSecrets.add('authorization code', url.searchParams.get('code') ?? '')
  knownSecrets.add('access token', new URLSearchParams(url.hash.slice(1)).get('access_token') ?? '')
  return { url, status, headers, body, text: textIn(body), forms }
}

interface CookieJar {
  readonly cookies: Map<string, string>
  readonly persistent: Set<string>
}

function keepCookie(text: string, { cookies, persistent }: CookieJar, knownSecrets: KnownSecrets): void {
  const [pair = '', ...attributes] = text.split('; ')
  const separator = pair.indexOf('=')
  const [name, value] = [pair.slice(0, separator), pair.slice(separator + 1)]
  if (attributes.includes('Max-Age=0')) cookies.delete(name)
  else cookies.set(name, knownSecrets.add('cookie', value))
  if (attributes.some((attribute) => attribute.startsWith('Max-Age='))) persistent.add(name)
  else persistent.delete(name)
}
