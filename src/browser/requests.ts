import { AuthError } from './error.ts'
import { startTimeLimit } from './wait.ts'

/** The body of a response that issues tokens (RFC 6749 section 5.1, and the sign-in API). */
export interface TokenResponse {
  readonly access_token: string
  readonly refresh_token?: string
  /** Seconds until the access token expires. */
  readonly expires_in?: number
  readonly scope?: string
  /** The ID of the signed-in device. Only the sign-in API sends it. */
  readonly session_id?: string
  /** Shows that users have signed in on this device before. Only the sign-in API sends it. */
  readonly device_token?: string
}

/** Form fields. Undefined ones are omitted. */
export type Fields = Readonly<Record<string, string | undefined>>

/**
 * Posts a form to a path of the server. Resolves to the JSON, or to undefined if the response has no body. `keepalive`
 * lets the request outlive the page.
 */
export type Post = (path: string, fields: Fields, keepalive?: boolean) => Promise<unknown>

/** Creates the function that sends requests to the server. Without cookies, and never to where a redirect leads. */
export const createPost =
  (issuer: string, fetch: typeof globalThis.fetch): Post =>
  async (path, fields, keepalive = false) => {
    const limit = startTimeLimit()
    try {
      const response = await fetch(issuer + path, {
        method: 'POST',
        body: encodeForm(fields),
        credentials: 'omit',
        redirect: 'error',
        keepalive,
        signal: limit.signal,
      })
      return parse(response, await response.text())
    } catch (error) {
      throw error instanceof AuthError ? error : new AuthError('network_error', { cause: error })
    } finally {
      limit.stop()
    }
  }

/** Returns the tokens in the body of a response. */
export function tokensIn(body: unknown): TokenResponse {
  if (!hasTokens(body)) throw new AuthError('invalid_response', { status: 200 })
  return body
}

/** Returns whether a value has an access token. */
export const hasTokens = (value: unknown): value is TokenResponse =>
  typeof (value as TokenResponse | null | undefined)?.access_token === 'string'

/** Encodes a form or a query. JSON omits undefined fields. */
export const encodeForm = (fields: Fields): URLSearchParams =>
  new URLSearchParams(JSON.parse(JSON.stringify(fields)) as Record<string, string>)

/** Returns the JSON of a response. Anything that is not from this server, such as the page of a gateway, is an error. */
function parse({ ok, status, headers }: Response, text: string): unknown {
  const body = parseJson(text) as
    | { readonly error?: unknown; readonly error_description?: string }
    | undefined
  if (ok && (text === '' || body)) return body
  throw new AuthError(typeof body?.error === 'string' ? body.error : 'invalid_response', {
    message: body?.error_description,
    status,
    retryAfter: Number(headers.get('Retry-After')) || undefined,
  })
}

/** Parses JSON. Returns undefined if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
