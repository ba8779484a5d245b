import { formsIn, type PageForm } from './forms.ts'

/** A browser without JavaScript, for one user. It calls the server in memory, and keeps cookies. */
export interface TestBrowser {
  /** The `Cookie` header that it sends. Set it on requests to your own routes. */
  readonly cookie: string
  /**
   * The headers of a request that a page of your app sends to your API with `fetch`: the cookies, `Origin`,
   * `Sec-Fetch-Site` and, with `apiCookie`, `X-XSRF-TOKEN`.
   */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Sends a request to the server with its cookies, and keeps those of the response. Like a page, it sends `Origin`,
   * `Sec-Fetch-Site` and `X-XSRF-TOKEN` with all methods but GET. Does not follow redirects. A path is one below the issuer's origin.
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

/** Where a browser sends its requests. */
export interface BrowserTarget {
  readonly origin: string
  readonly fetch: (request: Request) => Promise<Response>
  /** The name of the cookie with the CSRF token. Empty if there is none. */
  readonly xsrfCookie: string
}

/** Opens a browser without cookies. */
export function openTestBrowser({ origin, fetch: send, xsrfCookie }: BrowserTarget): TestBrowser {
  const jar = new Map<string, string>()
  const cookie = (): string => [...jar].map((pair) => pair.join('=')).join('; ')
  const receive = (cookies: readonly string[]): void => {
    for (const text of cookies) keep(jar, text)
  }
  const sameOrigin = (): Record<string, string> => ({
    cookie: cookie(),
    origin,
    'sec-fetch-site': 'same-origin',
    ...(jar.has(xsrfCookie) && { 'x-xsrf-token': jar.get(xsrfCookie) ?? '' }),
  })
  return {
    get cookie() {
      return cookie()
    },
    get headers() {
      return sameOrigin()
    },
    receive,
    async fetch(url, init = {}) {
      const headers = new Headers({ accept: 'text/html', 'user-agent': USER_AGENT })
      const isSafe = init.method === undefined || init.method === 'GET'
      for (const [name, value] of Object.entries(isSafe ? { cookie: cookie() } : sameOrigin()))
        if (value !== '') headers.set(name, value)
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
