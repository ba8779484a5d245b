import { json, type HttpResponse } from '../../lib/http.ts'
import { DEVICE_GRANT } from '../../model/device-code.ts'
import type { PlainRouteName } from '../../model/route-name.ts'
import { openScopes } from '../../model/scope.ts'
import { responseTypesOf } from '../../model/response-type.ts'
import type { Exchange } from '../endpoint.ts'
import { pathsOf } from '../paths.ts'
import type { Services } from '../services.ts'

const CACHED = { 'Cache-Control': 'public, max-age=60' } as const

const CLIENT_AUTHENTICATION = ['client_secret_basic', 'client_secret_post', 'none'] as const

/** GET: returns the server's metadata (RFC 8414). */
export const metadata = ({ services }: Exchange): HttpResponse => json(200, describe(services), CACHED)

/** GET: returns the public keys that tokens are verified with (RFC 7517 section 5). */
export const jwks = ({ services }: Exchange): HttpResponse => json(200, services.keys.jwks(), CACHED)

function describe({
  settings,
  keys,
}: Pick<Services, 'settings' | 'keys'>): Readonly<Record<string, unknown>> {
  const paths = pathsOf(settings)
  const { origin } = new URL(settings.issuer)
  const responseTypes = responseTypesOf(settings.grants)
  const hasAuthorization = responseTypes.length > 0
  const hasCodes = responseTypes.some(({ isCode }) => isCode)
  const isOn = (name: PlainRouteName): boolean => !settings.routesOff.has(name)
  const hasDeviceGrant = settings.grants.has(DEVICE_GRANT)
  return {
    issuer: settings.issuer,
    ...(hasAuthorization && { authorization_endpoint: origin + paths.authorize }),
    ...(isOn('token') && { token_endpoint: origin + paths.token }),
    ...(hasDeviceGrant && { device_authorization_endpoint: origin + paths.deviceAuthorization }),
    ...(isOn('jwks') && { jwks_uri: origin + paths.jwks }),
    ...(isOn('revoke') && {
      revocation_endpoint: origin + paths.revoke,
      revocation_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    }),
    ...(isOn('introspect') && {
      introspection_endpoint: origin + paths.introspect,
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      introspection_signing_alg_values_supported: [keys.algorithm],
    }),
    ...(isOn('revocations') && { revocation_feed_endpoint: origin + paths.revocations }),
    scopes_supported: openScopes(settings.scopes),
    response_types_supported: responseTypes.map(({ name }) => name),
    response_modes_supported: responseTypes.map(({ mode }) => mode),
    grant_types_supported: [...settings.grants.keys()],
    ...(isOn('token') && { token_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION }),
    ...(hasCodes && { code_challenge_methods_supported: ['S256'] }),
    ...(hasAuthorization && {
      authorization_response_iss_parameter_supported: true,
      prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
      request_parameter_supported: false,
      // Must be set, because it defaults to true (OpenID Connect Discovery section 3).
      request_uri_parameter_supported: false,
    }),
  }
}
