import type { HttpResponse } from '../../src/index.ts'
import { readCookie } from '../../src/lib/cookie.ts'
import { DEVICE_GRANT } from '../../src/model/device-code.ts'
import type { TestUser, TestClient } from '../support/server.ts'
import type { Credentials } from './credentials.ts'
import { headerOf, type Message } from './request.ts'
import { BADGE_PREFIX, CUSTOM_GRANT_TYPE, type Fixture } from './fixture.ts'

/** What a response can grant. `fragment` is a token in a redirect; `sign-in` is tokens and a new session. */
export type Granted =
  | 'session'
  | 'code'
  | 'fragment'
  | 'sign-in'
  | 'tokens'
  | 'authorization'
  | 'revocations'
  | 'introspection'
  | 'device decision'
  | 'personal token'
  | 'personal list'
  | 'personal revocation'
  | 'user app'
  | 'user app change'
  | 'api login'
  | 'api refresh'
  | 'api call'
  | 'password change'
  | 'password reset'
  | 'api password'

/** A request, and the credentials that could authorize it. */
export interface Evidence {
  readonly fixture: Fixture
  readonly credentials: Credentials
  readonly message: Message
}

/** Returns what a response grants, or undefined if that requires no credentials. */
export function grantedBy(
  endpoint: string,
  { status, headers, body }: HttpResponse,
  message: Message,
): Granted | undefined {
  const location = String(headers['Location'] ?? headers['location'] ?? '')
  const cookies = [headers['Set-Cookie'] ?? headers['set-cookie'] ?? []].flat()
  if (endpoint === 'password page' && location.includes('changed=')) return 'password change'
  if (cookies.some((text) => /^consulate_session(?:\.customers)?=[^;]/.test(text))) return 'session'
  if (/^(?!\/).*[?&]code=/.test(location)) return 'code'
  if (/^(?!\/).*#access_token=/.test(location)) return 'fragment'
  if (message.method === 'OPTIONS') return undefined
  if (endpoint === 'reset password' && location.includes('changed=')) return 'password reset'
  if (endpoint === 'api forgot password') return undefined
  if (endpoint.startsWith('api ') && endpoint !== 'api cookie' && status < 300)
    return API_GRANTS[endpoint] ?? 'api call'
  if (APP_ENDPOINTS.has(endpoint)) return userAppGrantOf(endpoint, { status, body, location }, message)
  const personal = personalTokenGrantOf(endpoint, status, body)
  if (personal || status !== 200) return personal
  if (endpoint === 'revocations') return endpoint
  if (endpoint === 'introspect') return 'introspection'
  if (/Allow this device\?|Go back to your device/.test(body)) return 'device decision'
  if (!body.includes('"access_token"')) return undefined
  return NEW_AUTHORIZATIONS[formOf(message).get('grant_type') ?? ''] ?? 'tokens'
}

/** What the endpoints of the sign-in API grant. The others list devices or sign them out. */
const API_GRANTS: Readonly<Record<string, Granted>> = {
  'api login': 'api login',
  'api refresh': 'api refresh',
  'api password': 'api password',
  'api reset password': 'password reset',
}

/** The grant types that create an authorization. */
const NEW_AUTHORIZATIONS: Readonly<Record<string, Granted>> = {
  authorization_code: 'authorization',
  password: 'sign-in',
  [CUSTOM_GRANT_TYPE]: 'sign-in',
  [DEVICE_GRANT]: 'sign-in',
}

const PERSONAL_LISTS = new Set([
  'scopes',
  'personal tokens',
  'tokens page',
  'app tokens',
  'app token',
  'apps page',
  'api cookie',
])

function personalTokenGrantOf(endpoint: string, status: number, body: string): Granted | undefined {
  if (status === 201 || body.includes('id="token"')) return 'personal token'
  if (['personal token', 'app token'].includes(endpoint) && status === 204) return 'personal revocation'
  return PERSONAL_LISTS.has(endpoint) && status === 200 ? 'personal list' : undefined
}

const APP_ENDPOINTS = new Set(['user apps', 'user app', 'user app secret', 'developer page'])

/** A new app is shown with its secret. The page redirects to one that has none. */
function userAppGrantOf(
  endpoint: string,
  { status, body, location }: { readonly status: number; readonly body: string; readonly location: string },
  message: Message,
): Granted | undefined {
  const isRegistration = formOf(message).get('intent') === 'register'
  if (status === 201) return 'user app'
  if (endpoint !== 'developer page')
    return isRead(message) && status === 200 ? 'personal list' : status < 300 ? 'user app change' : undefined
  const isDone = body.includes('id="secret"') || /[?&](?:app|deleted)=/.test(location)
  if (isDone && !location.startsWith('/login')) return isRegistration ? 'user app' : 'user app change'
  return status === 200 ? 'personal list' : undefined
}

/** Returns whether the request had all required credentials, unchanged and in the right place. */
export const isAuthorized = (granted: Granted, evidence: Evidence): boolean =>
  AUTHORIZATION_CHECKS[granted](evidence)

const AUTHORIZATION_CHECKS: Readonly<Record<Granted, (evidence: Evidence) => boolean>> = {
  session({ fixture: { user, customer }, credentials, message }) {
    const form = formOf(message)
    const isKnown = hasPassword(form, message.path.endsWith('/customers') ? customer : user)
    return isKnown && credentials.has('csrf', form.get('csrf') ?? undefined)
  },
  code: isAllowed,
  fragment: isAllowed,
  'sign-in': isSignIn,
  authorization(evidence) {
    const { credentials, message } = evidence
    const form = formOf(message)
    const hasCode = credentials.has('code', form.get('code') ?? undefined)
    return (
      hasCode && credentials.has('verifier', form.get('code_verifier') ?? undefined) && isClient(evidence)
    )
  },
  tokens(evidence) {
    const form = formOf(evidence.message)
    const isRefresh = form.get('grant_type') === 'refresh_token'
    const hasToken = evidence.credentials.has('refresh', form.get('refresh_token') ?? undefined)
    return isClient(evidence) && (!isRefresh || hasToken)
  },
  revocations: ({ fixture: { follower }, message }) => hasBasic(message, follower),
  introspection: (evidence) => clientOf(evidence) === evidence.fixture.api,
  'device decision': (evidence) => isSignedIn(evidence) && hasCsrf(evidence),
  'personal token': (evidence) => isSignedIn(evidence) && hasCsrf(evidence),
  'personal revocation': (evidence) => isSignedIn(evidence) && hasCsrf(evidence),
  'personal list': (evidence) => isSignedIn(evidence),
  'user app': (evidence) => isSignedIn(evidence) && hasCsrf(evidence),
  'user app change': (evidence) => isSignedIn(evidence) && hasCsrf(evidence),
  'api login': ({ fixture: { user, customer }, message }) =>
    hasPassword(parametersOf(message), message.path.endsWith('/customers') ? customer : user),
  'api refresh': ({ credentials, message }) =>
    credentials.has('api refresh', parametersOf(message).get('refresh_token') ?? undefined),
  'api call': isApiCall,
  'api password': isApiCall,
  'password change': (evidence) => isSignedIn(evidence) && hasCsrf(evidence),
  'password reset': ({ credentials, message }) =>
    credentials.has('reset', parametersOf(message).get('token') ?? undefined),
}

/** Requires an access token of the API. A sign-out also takes a refresh token, if there is no other header. */
function isApiCall({ credentials, message }: Evidence): boolean {
  const header = headerOf(message, 'authorization')
  if (header !== undefined) return credentials.has('api access', header.replace(/^bearer +/i, '').trim())
  const token = parametersOf(message).get('refresh_token') ?? undefined
  return message.path === '/auth/logout' && credentials.has('api refresh', token)
}

/** Requires a session and, for a form, the consent and CSRF tokens. Only the server knows earlier consents. */
function isAllowed({ credentials, message }: Evidence): boolean {
  const session = readCookie(headerOf(message, 'cookie'), 'consulate_session')
  const form = formOf(message)
  const isForm =
    credentials.has('consent', form.get('consent') ?? undefined) &&
    credentials.has('csrf', form.get('csrf') ?? undefined)
  return credentials.has('session', session) && (isForm || isRead(message))
}

/** Requires client authentication, and a user of the client's own provider or an approved device. */
function isSignIn(evidence: Evidence): boolean {
  const { fixture, credentials, message } = evidence
  const form = formOf(message)
  const grantType = form.get('grant_type')
  if (grantType === DEVICE_GRANT)
    return form.get('client_id') === fixture.tv.id && credentials.has('device', form.get('device_code') ?? '')
  const client = clientOf(evidence)
  const user = client === fixture.shop ? fixture.customer : fixture.user
  const hasCredentials =
    grantType === 'password' ? hasPassword(form, user) : form.get('badge') === `${BADGE_PREFIX}${user.id}`
  return (client === fixture.shop || client === fixture.phone) && hasCredentials
}

function hasPassword(form: URLSearchParams, { email, password }: TestUser): boolean {
  const username = (form.get('username') ?? '').trim().toLowerCase().normalize('NFC')
  return username === email && form.get('password') === password
}

const isSignedIn = ({ credentials, message }: Evidence): boolean =>
  credentials.has('session', readCookie(headerOf(message, 'cookie'), 'consulate_session'))

const hasCsrf = ({ credentials, message }: Evidence): boolean =>
  credentials.has('csrf', headerOf(message, 'x-csrf-token')) ||
  credentials.has('csrf', formOf(message).get('csrf') ?? undefined)

const isRead = ({ method }: Message): boolean => method === 'GET' || method === 'HEAD'

const formOf = ({ body }: Message): URLSearchParams => new URLSearchParams(body?.toString() ?? '')

/** The parameters of a form, or the members of a JSON object. */
function parametersOf(message: Message): URLSearchParams {
  const type = headerOf(message, 'content-type') ?? ''
  if (!type.toLowerCase().includes('json')) return formOf(message)
  const members = JSON.parse(message.body?.toString() ?? '') as Readonly<Record<string, unknown>>
  return new URLSearchParams(
    Object.entries(members).map(([name, value]): [string, string] => [name, String(value)]),
  )
}

const isClient = (evidence: Evidence): boolean => clientOf(evidence) !== undefined

/** Returns the confidential client whose exact secret is in the header or the body. */
function clientOf({ fixture: { clients }, message }: Evidence): TestClient | undefined {
  const form = formOf(message)
  return clients.find(
    (client) =>
      client.secret !== undefined &&
      (hasBasic(message, client) ||
        (form.get('client_id') === client.id && form.get('client_secret') === client.secret)),
  )
}

function hasBasic(message: Message, { id, secret }: TestClient): boolean {
  const [, encoded = ''] = /^basic +(\S+) *$/i.exec(headerOf(message, 'authorization') ?? '') ?? []
  const pair = Buffer.from(encoded, 'base64').toString()
  const colon = pair.indexOf(':')
  try {
    const decoded = [pair.slice(0, colon), pair.slice(colon + 1)].map(decodeURIComponent)
    return decoded[0] === id && decoded[1] === secret
  } catch {
    return false
  }
}
