import { OAuthError } from '../errors.ts'
import type { HttpRequest } from '../lib/http.ts'

/** The longest body that is read, in bytes: no request of OAuth comes near it. */
const LONGEST_BODY = 65_536

/** The body of a request. */
export interface Body {
  /** Its media type in lower case, without parameters; empty where it names none. */
  readonly type: string
  readonly text: string
}

/**
 * Reads the body of a request.
 *
 * @throws OAuthError `invalid_request` with status 413 where it is too long
 */
export async function readBody(request: HttpRequest): Promise<Body> {
  const type = (request.header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const text = await request.body(LONGEST_BODY)
  if (text === undefined) throw new OAuthError('invalid_request', 'The body is too long', { status: 413 })
  return { type, text }
}

/** What a body was sent as, for the log. */
export const typeDetail = ({ type }: Body): string => `content type ${JSON.stringify(type.slice(0, 100))}`
