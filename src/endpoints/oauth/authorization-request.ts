import type { Settings } from '../../config/settings.ts'
import { OAuthError } from '../../errors.ts'
import { chooseScopes } from '../../grants/permit.ts'
import { chooseResources } from '../../grants/resources.ts'
import type { Form } from '../../lib/form.ts'
import type { Client } from '../../model/client.ts'
import { isCodeChallenge } from '../../model/pkce.ts'
import { isRegisteredRedirectUri, withResponse } from '../../model/redirect-uri.ts'
import { requestableScopes, scopeRulesFor } from '../../model/scope.ts'
import {
  responseModeOf,
  responseTypesOf,
  type ResponseMode,
  type ResponseType,
} from '../../model/response-type.ts'
import { requireParameter } from '../body.ts'
import type { Services } from '../services.ts'
import { requireGrant } from './client-authentication.ts'

/** Where the response to an authorization request goes. Until this is known, errors are shown to the user. */
export interface ResponseTarget {
  readonly client: Client
  readonly redirectUri: string
  /** True if the request named the redirect URI, false if it is the client's only one. */
  readonly isRedirectUriNamed: boolean
  readonly state: string | undefined
  readonly responseMode: ResponseMode
}

/** A valid authorization request (RFC 6749 sections 4.1.1 and 4.2.1). */
export interface AuthorizationRequest extends ResponseTarget {
  readonly responseType: ResponseType
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  readonly codeChallenge: string | null
  /** The values of `prompt`. Unknown ones are ignored. `none` is the only one if it is included. */
  readonly prompts: ReadonlySet<string>
  /** How old the sign-in may be, in seconds (OpenID Connect Core section 3.1.2.1). Undefined for no limit. */
  readonly maxAge: number | undefined
  /** What the user probably signs in with. Not trusted: it only fills in a field of the sign-in page. */
  readonly loginHint: string | undefined
  /** The languages that the user prefers (BCP 47), separated by spaces. */
  readonly uiLocales: string | undefined
}

/**
 * The longest authorization request, in characters of its query. The same limit holds for the redirect back to the
 * client. Node and most HTTP clients read 16 kB of headers, and these come with others.
 */
const MAX_LENGTH = 14_336

/**
 * Refuses an authorization request that would not fit into our redirects.
 *
 * @throws OAuthError `invalid_request`
 */
export function checkLength(text: string): void {
  if (text.length > MAX_LENGTH)
    throw new OAuthError('invalid_request', 'The authorization request is too long')
}

/**
 * Finds the client and where its response goes. These errors are shown to the user and never redirected (RFC 6749 section
 * 4.1.2.1).
 *
 * @throws OAuthError `invalid_request`
 */
export async function findTarget(services: Services, form: Form): Promise<ResponseTarget> {
  const client = await findClient(services, requireParameter(form, 'client_id'))
  const named = form.get('redirect_uri')
  const redirectUri = named ?? onlyRedirectUri(client, form)
  if (!isRegisteredRedirectUri(client, redirectUri)) {
    const detail = `client ${client.id} has not registered the redirect URI ${withoutQuery(redirectUri)}`
    throw new OAuthError('invalid_request', 'The redirect_uri is not registered for this client', { detail })
  }
  const responseMode = responseModeOf(form.get('response_type'))
  const state = form.get('state')
  checkLength(withResponse(redirectUri, { state }, responseMode))
  return { client, redirectUri, isRedirectUriNamed: named !== undefined, state, responseMode }
}

/** Servers can share a database and its clients without having the same providers. */
async function findClient({ clients, userDirectory }: Services, id: string): Promise<Client> {
  const client = await clients.find(id)
  if (client?.revokedAt === null && userDirectory.has(client.provider)) return client
  const detail = client
    ? `client ${id} is revoked, or its provider ${client.provider} is not one of this server`
    : 'no such client'
  throw new OAuthError('invalid_request', 'The client is unknown', { detail, reason: 'unknown_client' })
}

/** For the log: a query can contain secrets. */
const withoutQuery = (uri: string): string => JSON.stringify(uri.split(/[?#]/, 1)[0]?.slice(0, 200))

function onlyRedirectUri({ redirectUris, id }: Client, form: Form): string {
  const [only, ...others] = redirectUris
  if (only !== undefined && others.length === 0) return only
  // It may be in the request object, which would explain why it is missing here.
  checkNoRequestObject(form)
  const detail = `client ${id} has ${redirectUris.length} redirect URIs`
  throw new OAuthError('invalid_request', 'The parameter redirect_uri is missing', { detail })
}

/**
 * Checks the rest of the request. These errors are sent to the client.
 *
 * @throws OAuthError `invalid_request`, `request_not_supported`, `request_uri_not_supported`,
 * `unsupported_response_type`, `unauthorized_client`, `invalid_scope`, `invalid_target`
 */
export function checkRequest(settings: Settings, target: ResponseTarget, form: Form): AuthorizationRequest {
  checkNoRequestObject(form)
  const responseType = findResponseType(settings, form)
  checkResponseType(responseType, target.client, form)
  const codeChallenge = responseType.isCode
    ? checkChallenge(settings, target.client, form)
    : checkNoChallenge(form)
  const rules = scopeRulesFor(settings.scopes, target.client)
  const scopes = chooseScopes(rules, form.get('scope'), requestableScopes(target.client.scopes))
  const resources = chooseResources(settings.resources, form.getAll('resource'))
  const prompts = readPrompts(form)
  const maxAge = readMaxAge(form)
  const [loginHint, uiLocales] = [form.get('login_hint'), form.get('ui_locales')]
  const hints = { loginHint, uiLocales }
  return { ...target, responseType, scopes, resources, codeChallenge, prompts, maxAge, ...hints }
}

/** `none` wins: a client that wants no page gets none. OpenID Connect Core section 3.1.2.1 has no such combinations. */
function readPrompts(form: Form): ReadonlySet<string> {
  const prompts = new Set(form.get('prompt')?.split(' '))
  return prompts.has('none') ? new Set(['none']) : prompts
}

/** Strict, because a misread value could make an old sign-in pass for a new one. */
function readMaxAge(form: Form): number | undefined {
  const text = form.get('max_age')
  if (text === undefined) return undefined
  if (/^\d{1,10}$/.test(text)) return Number(text)
  throw new OAuthError('invalid_request', 'The max_age must be a number of seconds')
}

/** A client that signs its request must not get a response as if it had not (RFC 9101, OpenID Connect Core section 6). */
function checkNoRequestObject(form: Form): void {
  if (form.get('request') !== undefined)
    throw new OAuthError('request_not_supported', 'The parameter request is not supported')
  if (form.get('request_uri') !== undefined)
    throw new OAuthError('request_uri_not_supported', 'The parameter request_uri is not supported')
}

function findResponseType({ grants }: Settings, form: Form): ResponseType {
  const name = requireParameter(form, 'response_type')
  const type = responseTypesOf(grants).find((candidate) => candidate.name === name)
  if (type) return type
  throw new OAuthError('unsupported_response_type', 'This response type is not supported')
}

/** The response type decides the response mode: a token in a query would leak into logs and `Referer` (RFC 9700 section 4.3.2). */
function checkResponseType({ grantType, mode }: ResponseType, client: Client, form: Form): void {
  if ((form.get('response_mode') ?? mode) !== mode) {
    throw new OAuthError('invalid_request', `The response_mode must be ${mode} for this response type`)
  }
  requireGrant(client, grantType)
}

/** A client that sends a challenge relies on it. Without a code nothing would check it, so ignoring it would be unsafe. */
function checkNoChallenge(form: Form): null {
  if (form.get('code_challenge') === undefined && form.get('code_challenge_method') === undefined) return null
  throw new OAuthError('invalid_request', 'A code_challenge requires response_type=code')
}

/** Only S256: with `plain`, the request would reveal the verifier (RFC 9700 section 2.1.1). */
function checkChallenge({ pkce }: Settings, client: Client, form: Form): string | null {
  const challenge = form.get('code_challenge')
  const method = form.get('code_challenge_method')
  if (challenge === undefined) {
    const isRequired = client.type === 'public' || client.requiresPkce || pkce === 'always'
    if (isRequired || method !== undefined) {
      throw new OAuthError('invalid_request', 'The parameter code_challenge is missing')
    }
    return null
  }
  if (method !== 'S256') throw new OAuthError('invalid_request', 'The code_challenge_method must be S256')
  if (!isCodeChallenge(challenge)) {
    throw new OAuthError('invalid_request', 'The code_challenge must be 43 base64url characters')
  }
  return challenge
}
