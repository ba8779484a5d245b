import { OAuthError } from '../../errors.ts'
import { chooseResources } from '../../grants/resources.ts'
import { toSeconds } from '../../lib/clock.ts'
import type { Form } from '../../lib/form.ts'
import { json, type HttpRequest, type HttpResponse } from '../../lib/http.ts'
import { canIntrospect, type Client } from '../../model/client.ts'
import { readForm, requireParameter } from '../body.ts'
import type { Exchange } from '../endpoint.ts'
import { describeAccessToken, describeRefreshToken, type TokenDescription } from './active-token.ts'
import { authenticateClient } from './client-authentication.ts'

/** The media type of a signed response, and its `typ` without `application/` (RFC 9701 section 5). */
const SIGNED_TYPE = 'token-introspection+jwt'

/**
 * POST: says whether a token is valid, and for whom and what (RFC 7662), to confidential clients with `introspects`. With
 * `Accept: application/token-introspection+jwt`, the response is signed (RFC 9701).
 */
export async function introspect(exchange: Exchange): Promise<HttpResponse> {
  const form = await readForm(exchange.request)
  const client = await authenticateClient(exchange, form)
  if (!canIntrospect(client)) {
    const detail = `client ${client.id} is not registered to introspect tokens`
    throw new OAuthError('unauthorized_client', 'The client may not introspect tokens', {
      status: 403,
      detail,
    })
  }
  const description = await describe(exchange, client, form)
  // Nothing else: the caller does not learn why (section 2.2).
  const body = description ? { active: true, ...description } : { active: false }
  return prefersSigned(exchange.request) ? signed(exchange, client, body) : json(200, body)
}

async function describe(
  { services }: Exchange,
  client: Client,
  form: Form,
): Promise<TokenDescription | undefined> {
  const token = requireParameter(form, 'token')
  const resources = chooseResources(services.settings.resources, form.getAll('resource'))
  return (
    (await describeAccessToken(services, token, { provider: client.provider, resources })) ??
    describeRefreshToken(services, token, client.id)
  )
}

/** RFC 9701 section 4. */
const prefersSigned = (request: HttpRequest): boolean =>
  (request.header('accept') ?? '')
    .toLowerCase()
    .split(',')
    .some((type) => type.split(';', 1)[0]?.trim() === `application/${SIGNED_TYPE}`)

/** Its `typ` keeps it from being accepted as an access token, and it has neither `sub` nor `exp` (section 8.1). */
function signed({ services }: Exchange, { id }: Client, body: object): HttpResponse {
  const { issuer, clock } = services.settings
  const claims = { iss: issuer, aud: id, iat: toSeconds(clock.now()), token_introspection: body }
  const response = json(200, {}, { 'Content-Type': `application/${SIGNED_TYPE}` })
  return { ...response, body: services.keys.sign(SIGNED_TYPE, claims) }
}
