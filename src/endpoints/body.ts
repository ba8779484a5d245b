import { OAuthError } from '../errors.ts'
import { createForm, EMPTY_FORM, parseForm, type Form } from '../lib/form.ts'
import type { HttpRequest } from '../lib/http.ts'

/** The longest body that is read, in bytes. */
const MAX_BODY = 65_536

/** The longest query, in characters. */
const MAX_QUERY = 16_384

const FORM_TYPE = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

/**
 * Reads the parameters of a request body (RFC 6749 appendix B).
 *
 * @throws OAuthError `invalid_request`, with status 413 if the body is too long
 */
export async function readForm(request: HttpRequest): Promise<Form> {
  const { type, text } = await readBody(request)
  if (type === '' && text === '') return EMPTY_FORM
  if (type === FORM_TYPE) return parameters(text)
  throw new OAuthError('invalid_request', `The content type must be ${FORM_TYPE}`, {
    detail: typeDetail(type),
  })
}

/**
 * Reads the parameters of a request body, as a form or as the members of a JSON object. A boolean is read as `true` or
 * `false`, and a null or empty one as missing.
 *
 * @throws OAuthError `invalid_request`, with status 413 if the body is too long, 415 for another content type
 */
export async function readParameters(request: HttpRequest): Promise<Form> {
  const { type, text } = await readBody(request)
  if (type === '' && text === '') return EMPTY_FORM
  if (type === FORM_TYPE) return parameters(text)
  if (type === JSON_TYPE) return members(text)
  const options = { status: 415, detail: typeDetail(type) }
  throw new OAuthError('invalid_request', `The content type must be ${JSON_TYPE} or ${FORM_TYPE}`, options)
}

function members(text: string): Form {
  const entries = Object.entries(parseObject(text))
  if (entries.some(([, value]) => !isParameter(value)))
    throw new OAuthError('invalid_request', 'Every member of the JSON object must be a string or a boolean')
  const pairs = entries
    .map(([name, value]): [string, string] => [name, String(value ?? '')])
    .filter(([, value]) => value !== '')
  if (countNames(text) > entries.length)
    throw new OAuthError('invalid_request', 'A parameter is included more than once')
  if (pairs.some(([, value]) => value.includes('\0')))
    throw new OAuthError('invalid_request', 'A parameter contains a NUL character')
  if (pairs.some(([, value]) => !value.isWellFormed()))
    throw new OAuthError('invalid_request', 'The parameters are not correctly encoded')
  return createForm(pairs)
}

const isParameter = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'boolean' || value === null

/** Counts the member names of valid JSON without nested objects. `JSON.parse` keeps only the last of a repeated name. */
const countNames = (text: string): number =>
  Array.from(text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)).filter(([, colon]) => colon !== undefined).length

/**
 * Reads the parameters of a request's query.
 *
 * @throws OAuthError `invalid_request`
 */
export function readQuery({ query }: Pick<HttpRequest, 'query'>): Form {
  if (query.length > MAX_QUERY) throw new OAuthError('invalid_request', 'The query is too long')
  return query === '' ? EMPTY_FORM : parameters(query)
}

function parameters(text: string): Form {
  const form = parseForm(text)
  if (form === 'repeated') throw new OAuthError('invalid_request', 'A parameter is included more than once')
  if (form === 'encoding') throw new OAuthError('invalid_request', 'The parameters are not correctly encoded')
  if (form === 'nul') throw new OAuthError('invalid_request', 'A parameter contains a NUL character')
  return form
}

/**
 * Returns a parameter.
 *
 * @throws OAuthError `invalid_request` if it is missing
 */
export function requireParameter(form: Form, name: string): string {
  const value = form.get(name)
  if (value === undefined) throw new OAuthError('invalid_request', `The parameter ${name} is missing`)
  return value
}

/** Creates the error for a form without the CSRF token of this browser and session. */
export const forgedForm = (): OAuthError =>
  new OAuthError('access_denied', 'This form was not sent from our page', {
    detail: 'CSRF check failed',
    reason: 'forged_form',
  })

/** The members of a JSON object by name. Their types are unchecked. */
export type JsonBody = ReadonlyMap<string, unknown>

/**
 * Reads the JSON object in a request body. Only `application/json` is accepted, which a form on another site cannot send.
 *
 * @throws OAuthError `invalid_request`, with status 413 if the body is too long, 415 for another content type
 */
export async function readJson(request: HttpRequest): Promise<JsonBody> {
  const { type, text } = await readBody(request)
  return parseJsonBody(type, text)
}

function parseJsonBody(type: string, text: string): JsonBody {
  if (type !== JSON_TYPE) {
    const options = { status: 415, detail: typeDetail(type) }
    throw new OAuthError('invalid_request', `The content type must be ${JSON_TYPE}`, options)
  }
  return new Map(Object.entries(parseObject(text)))
}

/**
 * Reads the JSON object in a request body, or nothing if the request has no body.
 *
 * @throws OAuthError `invalid_request`, with status 413 if the body is too long, 415 for another content type
 */
export async function readOptionalJson(request: HttpRequest): Promise<JsonBody> {
  const { type, text } = await readBody(request)
  return text === '' && (type === '' || type === JSON_TYPE) ? new Map() : parseJsonBody(type, text)
}

function parseObject(text: string): object {
  const value = parseJson(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new OAuthError('invalid_request', 'The body is not a JSON object')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

interface Body {
  /** The media type in lower case, without parameters. Empty if the header is missing. */
  readonly type: string
  readonly text: string
}

async function readBody(request: HttpRequest): Promise<Body> {
  const type = (request.header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  const text = await request.body(MAX_BODY)
  if (text === undefined) throw new OAuthError('invalid_request', 'The body is too long', { status: 413 })
  return { type, text }
}

const typeDetail = (type: string): string => `content type ${JSON.stringify(type.slice(0, 100))}`
