import { readText } from '../lib/fetch.ts'
import { pageHeaders } from './headers.ts'
import { headersOf, withSecurityHeaders, type PageHeaders } from './own-headers.ts'
import type { ViewResult } from './view.ts'

/** A rendered page. */
export interface RenderedPage {
  readonly status: number
  readonly headers: PageHeaders
  /** The `Set-Cookie` values of the app. */
  readonly cookies?: readonly string[]
  /** The HTML document. Empty for a redirect. */
  readonly body: string
  /** The page of the app that draws this page, as its view returned it. Undefined if it is drawn already. */
  readonly location?: string
}

/** What a call of a view needs. */
export interface OwnPageOptions {
  readonly name: string
  /** The status that the server has chosen. */
  readonly status: number
  readonly nonce: string
  readonly formTargets: readonly string[]
}

/** How long (ms) a page of your own may take, with its whole body. */
const TIME_LIMIT = 10_000
/** In bytes. An endless stream would fill the memory. */
const MAX_LENGTH = 10_000_000
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** A page of your own failed. Not an `OAuthError`: clients are not told, and users see the error page. */
export class ViewError extends Error {
  override readonly name = 'ViewError'
}

/**
 * Calls a page of your own.
 *
 * @throws ViewError if it fails
 */
export async function renderOwnPage(
  options: OwnPageOptions,
  view: () => Promise<ViewResult>,
): Promise<RenderedPage> {
  const { promise: expiry, reject } = Promise.withResolvers<never>()
  const seconds = TIME_LIMIT / 1000
  const timer = setTimeout(
    () => reject(failed(options, `did not return within ${seconds} seconds`)),
    TIME_LIMIT,
  )
  try {
    return await Promise.race([read(options, view), expiry])
  } finally {
    clearTimeout(timer)
  }
}

async function read(options: OwnPageOptions, view: () => Promise<ViewResult>): Promise<RenderedPage> {
  // Types do not hold at run time.
  const result: unknown = await view().catch((cause: unknown) => {
    throw failed(options, `threw an error: ${String(cause)}`, cause)
  })
  if (typeof result === 'string') return htmlPage(options, result)
  if (isResponse(result)) return responsePage(options, result)
  if (isHtml(result)) return htmlPage(options, result.html, policyOf(options, result.csp))
  throw failed(options, `returned ${kindOf(result)}. Return a string, { html, csp } or a Response`)
}

/** Also a `Response` of another library or realm. */
const isResponse = (value: unknown): value is Response =>
  value instanceof Response ||
  (isObject(value) &&
    typeof value['status'] === 'number' &&
    typeof value['text'] === 'function' &&
    isObject(value['headers']) &&
    typeof value['headers']['getSetCookie'] === 'function')

const isHtml = (value: unknown): value is { readonly html: string; readonly csp?: unknown } =>
  isObject(value) && typeof value['html'] === 'string'

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  return isObject(value) ? `a ${value.constructor?.name ?? 'object'}` : `a ${typeof value}`
}

function htmlPage(options: OwnPageOptions, html: string, policy?: string): RenderedPage {
  if (html.trim() === '') throw failed(options, 'returned an empty page')
  const headers = policy === undefined ? {} : { 'Content-Security-Policy': policy }
  return { status: options.status, headers: completed(options, headers), body: html }
}

function policyOf(options: OwnPageOptions, policy: unknown): string | undefined {
  if (policy === undefined) return undefined
  // Line breaks would add headers.
  if (typeof policy === 'string' && /^[\x20-\x7e]+$/.test(policy)) return policy
  throw failed(options, 'returned a csp that is not one line of ASCII text')
}

async function responsePage(options: OwnPageOptions, response: Response): Promise<RenderedPage> {
  const headers = headersOf(response)
  const cookies = response.headers.getSetCookie()
  checkHeaders(options, [
    ...Object.entries(headers),
    ...cookies.map((cookie) => ['Set-Cookie', cookie] as const),
  ])
  const status = statusOf(options, response)
  const { Location: location } = headers
  if (REDIRECTS.has(status) && location !== undefined)
    return { status: 303, headers: {}, cookies, body: '', location }
  const body = await readAll(options, response)
  if (body.trim() === '') throw failed(options, 'returned a Response without a body')
  return { status, headers: completed(options, headers), cookies, body }
}

/** Another library may allow line breaks, which would add headers. Node sends no response with other control characters. */
function checkHeaders(options: OwnPageOptions, headers: readonly (readonly [string, string])[]): void {
  for (const [name, value] of headers)
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw failed(options, `returned an invalid header: ${name}`)
}

/** A `Response` has 200 by default, so it means nothing. */
function statusOf(options: OwnPageOptions, { status }: Response): number {
  if (status === 200) return options.status
  const isOurs = status === options.status
  if (isOurs || (Number.isInteger(status) && status > 200 && status < 500)) return status
  throw failed(options, `returned a Response with the status ${status}`)
}

async function readAll(options: OwnPageOptions, response: Response): Promise<string> {
  const isNative: boolean = response instanceof Response
  const text = isNative ? readText(response, MAX_LENGTH) : response.text()
  const body: unknown = await text.catch((cause: unknown) => {
    throw failed(options, `returned a Response whose body failed: ${String(cause)}`, cause)
  })
  if (typeof body === 'string' && body.length <= MAX_LENGTH) return body
  throw failed(options, `returned a page of more than ${MAX_LENGTH} bytes`)
}

/** What a page of your own may load by default: files of this server, and what has the nonce. */
function completed({ nonce, formTargets }: OwnPageOptions, headers: PageHeaders): PageHeaders {
  const byNonce = `'nonce-${nonce}'`
  const policy = {
    styles: ["'self'", byNonce],
    scripts: [byNonce],
    fonts: ["'self'"],
    images: ["'self'", 'data:'],
  }
  return withSecurityHeaders(headers, pageHeaders({ ...policy, formTargets }), formTargets)
}

const failed = ({ name }: Pick<OwnPageOptions, 'name'>, problem: string, cause?: unknown): ViewError =>
  new ViewError(`pages.views.${name} ${problem}`, { cause })
