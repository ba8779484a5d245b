import { OAuthError } from '../errors.ts'
import type { HttpRequest } from '../lib/http.ts'
import { EMPTY_FORM, parseForm, type Form } from '../lib/form.ts'
import { readBody, typeDetail } from './body.ts'

/** The longest query, in characters. */
const LONGEST_QUERY = 16_384

const MEDIA_TYPE = 'application/x-www-form-urlencoded'

/**
 * The parameters of a request body (RFC 6749 appendix B).
 *
 * @throws OAuthError `invalid_request`, with status 413 where it is too long
 */
export async function readForm(request: HttpRequest): Promise<Form> {
  const body = await readBody(request)
  if (body.type === '' && body.text === '') return EMPTY_FORM
  if (body.type === MEDIA_TYPE) return parametersOf(body.text)
  const detail = typeDetail(body)
  throw new OAuthError('invalid_request', `Send the parameters as ${MEDIA_TYPE}`, { detail })
}

/**
 * The parameters of a request's query.
 *
 * @throws OAuthError `invalid_request`
 */
export function readQuery({ query }: HttpRequest): Form {
  if (query.length > LONGEST_QUERY) throw new OAuthError('invalid_request', 'The query is too long')
  return query === '' ? EMPTY_FORM : parametersOf(query)
}

function parametersOf(text: string): Form {
  const form = parseForm(text)
  if (form === 'repeated') throw new OAuthError('invalid_request', 'A parameter is included more than once')
  if (form === 'encoding') throw new OAuthError('invalid_request', 'The parameters are not well encoded')
  if (form === 'nul') throw new OAuthError('invalid_request', 'A parameter holds a NUL character')
  return form
}

/**
 * A parameter that must be there.
 *
 * @throws OAuthError `invalid_request`
 */
export function required(form: Form, name: string): string {
  const value = form.get(name)
  if (value === undefined) throw new OAuthError('invalid_request', `The parameter ${name} is missing`)
  return value
}
