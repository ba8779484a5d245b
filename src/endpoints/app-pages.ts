import { OAuthError, type ErrorCode } from '../errors.ts'
import type { HttpRequest, HttpResponse } from '../lib/http.ts'
import { locationOf, type AnyRequest } from '../lib/location.ts'
import { fromRequestLike, type RequestLike } from '../lib/request-like.ts'
import type { ViewProps } from '../pages/props.ts'

/** A page that your app draws. */
export type AppPage =
  | { readonly [Name in keyof ViewProps]: AppPageOf<Name> }[keyof ViewProps]
  /** There is nothing to draw any more: redirect there. */
  | { readonly location: string; readonly cookies: readonly string[] }

/** A page of one name. */
export interface AppPageOf<Name extends keyof ViewProps> {
  readonly view: Name
  /** The status for your response. */
  readonly status: number
  /** The language of the page (BCP 47). */
  readonly language: string
  /** Where its forms may redirect to besides this origin: add them to `form-action` of your policy. */
  readonly formTargets: readonly string[]
  readonly props: ViewProps[Name]
  /** Values of `Set-Cookie` headers that your response must have. May be empty. */
  readonly cookies: readonly string[]
}

/** The pages that your app draws. */
export interface AppPages {
  /**
   * Returns the page that a view has redirected to your page for: a `Request`, a request of `node:http` or of a framework,
   * or an object with `url` and `headers`. Undefined if the URL has no `page`, an altered one or one of another browser, and
   * an hour after the redirect.
   *
   * @throws OAuthError `temporarily_unavailable` or `server_error`
   */
  props(request: RequestLike & AnyRequest): Promise<AppPage | undefined>
}

/** Creates `server.pages`. `path` is that of the endpoint for scripts in browsers. */
export const createAppPages = (
  path: string,
  handle: (request: HttpRequest) => Promise<HttpResponse> | undefined,
): AppPages => ({
  async props(request) {
    const page = new URLSearchParams(locationOf(request).query).get('page')
    const response = page === null ? undefined : await handle(toHttpRequest(path, page, request))
    return response && toAppPage(response)
  },
})

function toHttpRequest(path: string, page: string, request: RequestLike): HttpRequest {
  const { header, ...others } = fromRequestLike(request)
  return {
    ...others,
    method: 'GET',
    path,
    query: new URLSearchParams({ page }).toString(),
    // The browser says how it came to the app's page, often from a client. Only that page gets the props.
    header: (name) => (name === 'sec-fetch-site' ? undefined : header(name)),
    body: async () => '',
  }
}

function toAppPage({ status, body, headers }: HttpResponse): AppPage | undefined {
  const data = JSON.parse(body) as object
  const cookies = [headers['Set-Cookie'] ?? []].flat()
  if (status === 200) return { ...data, cookies } as unknown as AppPage
  if (status === 410 || status === 400) return undefined
  const { error, error_description: description } = data as { error: ErrorCode; error_description: string }
  throw new OAuthError(error, description, { status })
}
