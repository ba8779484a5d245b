/** A Fetch `Request`, or a request of `node:http` or of a framework, with its `originalUrl` if routers change `url`. */
export interface AnyRequest {
  readonly url?: string | undefined
  readonly originalUrl?: unknown
}

/** The raw path and query of a request. */
export interface RequestLocation {
  /** As the client sent it. */
  readonly path: string
  /** As routers of the app left or wrote it, if that is another one. */
  readonly routedPath: string | undefined
  /** Without the question mark. */
  readonly query: string
}

/** Returns the location of a request, or of a path. */
export function locationOf(request: AnyRequest | string): RequestLocation {
  if (typeof request === 'string') return { ...split(request), routedPath: undefined }
  const { url = '/', originalUrl } = request
  if (typeof originalUrl !== 'string' || originalUrl === url) return { ...split(url), routedPath: undefined }
  return { ...split(originalUrl), routedPath: split(url).path }
}

/** Proxies may send an absolute URL (RFC 9112 section 3.2.2), and a Fetch `Request` has one. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i

function split(url: string): { readonly path: string; readonly query: string } {
  const target = url.startsWith('/') ? url : url.replace(ORIGIN, '').replace(/#.*/s, '')
  const queryStart = target.indexOf('?')
  const path = queryStart < 0 ? target : target.slice(0, queryStart)
  return { path: path === '' ? '/' : path, query: queryStart < 0 ? '' : target.slice(queryStart + 1) }
}
