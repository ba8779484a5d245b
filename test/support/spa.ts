import type { Browser } from './browser.ts'

/** The response to a request of a single-page app. */
export interface SpaResponse {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

/** What a single-page app sends. */
export interface SpaRequest {
  readonly method?: string
  /** Replaces headers; undefined removes one. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Replaces the cookies of the browser. */
  readonly cookies?: ReadonlyMap<string, string>
  /** Sent as JSON. */
  readonly json?: unknown
}

/** Sends a request as a script on the server's own origin does, with the CSRF token as axios sends it. */
export async function callAsSpa(
  browser: Browser,
  url: string,
  { method = 'GET', headers: changes = {}, cookies = browser.cookies, json }: SpaRequest = {},
): Promise<SpaResponse> {
  const origin = method === 'GET' ? undefined : new URL(url).origin
  const sent: Readonly<Record<string, string | undefined>> = {
    cookie: [...cookies].map((pair) => pair.join('=')).join('; '),
    'sec-fetch-site': 'same-origin',
    'x-xsrf-token': cookies.get('XSRF-TOKEN'),
    origin,
    ...(json !== undefined && { 'content-type': 'application/json' }),
    ...changes,
  }
  const headers = Object.entries(sent).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const body = json === undefined ? null : JSON.stringify(json)
  const response = await fetch(url, { method, headers, body, redirect: 'manual' })
  browser.receive(response.headers.getSetCookie())
  const text = await response.text()
  return {
    status: response.status,
    body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
    headers: response.headers,
  }
}

/** The name of the API cookie on http. */
export const API_COOKIE = 'consulate_api'
