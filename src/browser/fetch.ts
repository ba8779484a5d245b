import { platform } from './platform.ts'
import type { SignInReason } from './tabs.ts'
import { untilAborted } from './wait.ts'

/** Options of `getAccessToken`. */
export interface AccessTokenOptions {
  /** A token that an API has rejected. If it is still the current one, it is refreshed first. */
  readonly rejected?: string | undefined
  /** Refreshes first if the token expires within this many seconds. */
  readonly refreshAhead?: number
}

/** What the `fetch` of a client needs. */
export interface FetchParts {
  readonly fetch: typeof globalThis.fetch
  readonly issuer: string
  readonly origins: readonly string[] | undefined
  readonly isTokenError: ((response: Response) => boolean | Promise<boolean>) | undefined
  readonly getAccessToken: (options: AccessTokenOptions) => Promise<string | undefined>
  readonly notify: (reason: SignInReason) => void
}

/** Seconds before expiry at which a request that can't be repeated refreshes first. */
const MARGIN = 30

/** Creates a `fetch` that adds the access token, and repeats a request once with a new one. */
export function createFetch(parts: FetchParts): typeof globalThis.fetch {
  const { fetch, issuer, getAccessToken, notify, isTokenError = hasTokenError } = parts
  const { document, location } = platform
  const urls = parts.origins ?? [issuer, location?.href ?? issuer]
  const origins = new Set(urls.map((url) => new URL(url).origin))

  return async (input, init) => {
    const request = isRequest(input) ? input : undefined
    const url = new URL(isRequest(input) ? input.url : input, document?.baseURI ?? location?.href ?? issuer)
    const headers = new Headers(init?.headers ?? request?.headers)
    if (!origins.has(url.origin) || headers.has('Authorization')) return fetch(input, init)

    const send = (token: string | undefined): Promise<Response> => {
      if (token !== undefined) headers.set('Authorization', `Bearer ${token}`)
      // Not every platform removes the header when a redirect leads to another origin.
      return fetch(request?.clone() ?? url, { ...init, headers, redirect: init?.redirect ?? 'error' })
    }

    const find = (options: AccessTokenOptions): Promise<string | undefined> =>
      untilAborted(getAccessToken(options), init?.signal)
    const canRepeat = !isStream(init?.body)
    const token = await find(canRepeat ? {} : { refreshAhead: MARGIN })
    const response = await send(token)
    if (response.status !== 401 || !(await isTokenError(response))) return response
    if (token === undefined) notify('missing')
    const next = token && (await find({ rejected: token }))
    if (!next || !canRepeat) return response
    await response.body?.cancel()
    return send(next)
  }
}

const isRequest = (input: string | URL | Request): input is Request =>
  typeof input === 'object' && 'url' in input

/** Streams can be sent only once. */
const isStream = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body)

/**
 * Returns whether a 401 is about the access token: its challenge is `Bearer`, without an error code or with `invalid_token`
 * (RFC 6750 section 3). If CORS hides the challenge, the `error` in a JSON body decides.
 */
async function hasTokenError(response: Response): Promise<boolean> {
  const challenge = response.headers.get('WWW-Authenticate')
  if (challenge !== null) return /\bBearer\b(?!.*\berror=)|\berror="?invalid_token\b/is.test(challenge)
  return /"error"\s*:\s*"(invalid|missing)_token"/.test(await response.clone().text())
}
