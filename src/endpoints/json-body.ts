import { OAuthError } from '../errors.ts'
import type { HttpRequest } from '../lib/http.ts'
import { readBody, typeDetail } from './body.ts'

/** The members of a JSON object by name: of one that comes twice, the last. Nothing is known of their types. */
export type JsonBody = ReadonlyMap<string, unknown>

const MEDIA_TYPE = 'application/json'

/**
 * The JSON object in a request body. Other content types are refused: a form of another site can send only those.
 *
 * @throws OAuthError `invalid_request`, with status 413 where it is too long, 415 where it is something else
 */
export async function readJson(request: HttpRequest): Promise<JsonBody> {
  const body = await readBody(request)
  if (body.type !== MEDIA_TYPE) {
    const detail = typeDetail(body)
    throw new OAuthError('invalid_request', `Send the body as ${MEDIA_TYPE}`, { status: 415, detail })
  }
  const value = parse(body.text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return new Map(Object.entries(value))
  throw new OAuthError('invalid_request', 'The body is not a JSON object')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
