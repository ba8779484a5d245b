import { formsIn, type PageForm } from './forms.ts'

/** A browser without JavaScript, for one user. It calls the server in memory, and keeps cookies. */
export interface TestBrowser {
  /** The `Cookie` header that it sends. Set it on requests to your own routes: `request(app).get('/').set('Cookie', browser.cookie)`. */
  readonly cookie: string
  /**
   * Sends a request to the server with its cookies, and keeps those of the response. Like a browser, it sends `Origin` and
   * `Sec-Fetch-Site` with forms. Does not follow redirects. A path is one below the issuer's origin.
   */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>
  /** Keeps cookies of a response of your app, by their `Set-Cookie` values. */
  receive(cookies: readonly string[]): void
}

/** The page where a browser ends up after redirects: one of the server, or another site, which is not loaded. */
export interface Visit {
  readonly url: URL
  readonly status: number
  readonly body: string
  readonly forms: readonly PageForm[]
}

/** Chosen so that lists of devices show `Firefox on Linux`. */
export const USER_AGENT = 'Firefox/140.0 (X11; Linux x86_64)'

const MAX_REDIRECTS = 10

/** Opens a browser without cookies. */
export function openTestBrowser(origin: string, send: (request: Request) => Promise<Response>): TestBrowser {
  const jar = new Map<string, string>()
  const cookie = (): string => [...jar].map((pair) => pair.join('=')).join('; ')
  const receive = (cookies: readonly string[]): void => {
    for (const text of cookies) keep(jar, text)
  }
  return {
    get cookie() {
      return cookie()
    },
    receive,
    async fetch(url, init = {}) {
      const headers = new Headers({ accept: 'text/html', 'user-agent': USER_AGENT })
      if (jar.size > 0) headers.set('cookie', cookie())
      if (init.method === 'POST') {
        headers.set('origin', origin)
        headers.set('sec-fetch-site', 'same-origin')
      }
      for (const [name, value] of new Headers(init.headers)) headers.set(name, value)
      const response = await send(new Request(new URL(url, origin), { ...init, headers, redirect: 'manual' }))
      receive(response.headers.getSetCookie())
      return response
    },
  }
}

function keep(jar: Map<string, string>, text: string): void {
  const [pair = '', ...attributes] = text.split(/;\s*/)
  const separator = pair.indexOf('=')
  const name = pair.slice(0, separator)
  if (attributes.some((attribute) => /^max-age=0$/i.test(attribute))) jar.delete(name)
  else jar.set(name, pair.slice(separator + 1))
}

/** Opens a URL and follows redirects within its origin. */
export async function visit(browser: TestBrowser, start: URL, init: RequestInit = {}): Promise<Visit> {
  let [url, options] = [start, init]
  for (let count = 0; count <= MAX_REDIRECTS; count += 1) {
    const response = await browser.fetch(url, options)
    const location = response.headers.get('location')
    const body = await response.text()
    if (location === null) return { url, status: response.status, body, forms: formsIn(body) }
    url = new URL(location, url)
    if (url.origin !== start.origin) return { url, status: response.status, body: '', forms: [] }
    options = {}
  }
  throw new Error(`Too many redirects from ${start.pathname}`)
}

/** Submits the first form whose fields match. */
export function submit(
  browser: TestBrowser,
  page: Visit,
  matches: (fields: PageForm['fields']) => boolean,
): Promise<Visit> {
  const form = page.forms.find(({ fields }) => matches(fields))
  if (!form) throw new Error(`${page.url.pathname} (${page.status}) does not have the form: ${textOf(page)}`)
  const body = new URLSearchParams(form.fields)
  return visit(browser, new URL(form.action, page.url), { method: 'POST', body })
}

/** The visible text of a page, for error messages. */
const textOf = ({ body }: Visit): string =>
  body
    .replaceAll(/<(style|script).*?<\/\1>|<[^>]*>/gs, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 500)
