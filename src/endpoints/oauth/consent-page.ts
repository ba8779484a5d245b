import { OAuthError } from '../../errors.ts'
import { randomBase64url } from '../../lib/hash.ts'
import { json, prefersJson, type HttpResponse } from '../../lib/http.ts'
import type { Session } from '../../model/session.ts'
import { formTargetsOf } from '../../pages/headers.ts'
import type { ConsentScopeView } from '../../pages/props.ts'
import { displayNameOf, type BaseUser } from '../../users/provider.ts'
import { appsUrlOf } from '../account/account.ts'
import { consentScopes, optionalScopes } from '../consent-scopes.ts'
import { describeClient, describeResources } from '../descriptions.ts'
import type { Exchange } from '../endpoint.ts'
import { languagesOf } from '../languages.ts'
import { page } from '../page.ts'
import { pathsOf, providerPathsOf } from '../paths.ts'
import { report } from '../report.ts'
import { signReturnTo } from '../return-to.ts'
import type { AuthorizationRequest } from './authorization-request.ts'

/** The user who is asked, and which of the requested scopes they have allowed before. */
export interface AskedUser {
  readonly session: Session
  readonly user: BaseUser
  readonly allowed: readonly string[]
}

/** Shows the consent page. Tells a caller that asked for JSON where to open it, and what it asks. */
export async function askForConsent(
  exchange: Exchange,
  request: AuthorizationRequest,
  asked: AskedUser,
): Promise<HttpResponse> {
  const { settings } = exchange.services
  const languages = languagesOf(exchange)
  const question = {
    client: describeClient(request.client, request.redirectUri),
    scopes: consentScopes(request.scopes, settings, languages, asked.allowed),
    resources: describeResources(request.resources, settings),
  }
  if (prefersJson(exchange.request)) return consentRequired(exchange, request, question)
  const props = {
    ...question,
    userName: displayNameOf(asked.user),
    ...formsOf(exchange, request, asked.session, question.scopes),
    ...appsUrlOf(exchange.services, asked.session.provider),
  }
  return page(exchange, 200, 'consent', props, { formTargets: formTargetsOf(request.redirectUri) })
}

type Question = Pick<Parameters<typeof page<'consent'>>[3], 'client' | 'scopes' | 'resources'>

function consentRequired(
  exchange: Exchange,
  { client: { id } }: AuthorizationRequest,
  { client, scopes, resources }: Question,
): HttpResponse {
  const { services, request } = exchange
  const { issuer } = services.settings
  const error = new OAuthError('consent_required', 'Open consent_uri in a browser')
  report(exchange, error)
  return json(error.status, {
    ...error.toJSON(),
    consent_uri: new URL(`${pathsOf(services.settings).authorize}?${request.query}`, issuer).href,
    client_id: id,
    client_name: client.name,
    scopes: scopes.map(({ id: scope, description, isGranted, isOptional }) => ({
      id: scope,
      description,
      granted: isGranted,
      optional: isOptional,
    })),
    resources: resources.map(({ uri, name }) => ({ uri, name })),
  })
}

/** The forms of the page. The approving one carries what the page shows, sealed. */
function formsOf(
  exchange: Exchange,
  { redirectUri, scopes: requested }: AuthorizationRequest,
  session: Session,
  scopes: readonly ConsentScopeView[],
) {
  const { settings, csrf, consentSigner } = exchange.services
  const { authorize: action } = pathsOf(settings)
  const { query } = exchange.request
  const consent = consentSigner.sign({
    query,
    sessionId: session.id,
    provider: session.provider,
    nonce: randomBase64url(32),
    redirectUri,
    scopes: requested,
    ...sealedScopes(scopes),
  })
  const hidden = { csrf: csrf.tokenFor(exchange, session), consent }
  const returnTo = signReturnTo(exchange.services, session.provider, `${action}?${query}`)
  const { signIn } = providerPathsOf(settings, session.provider)
  return {
    approve: { action, hidden },
    deny: { action, hidden: { ...hidden, _method: 'DELETE' } },
    switchAccount: { action: signIn, hidden: { intent: 'switch', return_to: returnTo } },
  }
}

/** If every scope was allowed before, the page asks for all of them again. */
function sealedScopes(scopes: readonly ConsentScopeView[]) {
  const allowed = scopes.filter(({ isGranted }) => isGranted).map(({ id }) => id)
  const choices = optionalScopes(scopes)
  return {
    ...(allowed.length > 0 && allowed.length < scopes.length && { allowed }),
    ...(choices.length > 0 && { choices }),
  }
}
