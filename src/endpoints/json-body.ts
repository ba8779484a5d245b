import { OAuthError } from '../errors.ts'
import type { Incoming } from '../lib/http.ts'
import { LONGEST_BODY } from './form.ts'

/** The members of a JSON object by name: of one that comes twice, the last. Nothing is known of their types. */
export type JsonBody = ReadonlyMap<string, unknown>

const MEDIA_TYPE = 'application/json'

/**
 * The JSON object in a request body. Other content types are refused: a form of another site can send only those.
 *
 * @throws OAuthError `invalid_request`, with status 413 where it is too long, 415 where it is something else
 */
export async function readJson(incoming: Incoming): Promise<JsonBody> {
  const type = (incoming.header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const text = await incoming.body(LONGEST_BODY)
  if (text === undefined) throw new OAuthError('invalid_request', 'The body is too long', { status: 413 })
  if (type !== MEDIA_TYPE) {
    const detail = `content type ${JSON.stringify(type.slice(0, 100))}`
    throw new OAuthError('invalid_request', `Send the body as ${MEDIA_TYPE}`, { status: 415, detail })
  }
  const value = parse(text)
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
