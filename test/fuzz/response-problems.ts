import { createHash } from 'node:crypto'
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { decodeJwt } from 'jose'
import type { HttpResponse } from '../../src/index.ts'
import { SHOP_ORIGIN, type Fixture } from './fixture.ts'
import { headerOf, type Message } from './request.ts'

/** What is wrong with a response. */
export type Problems = readonly string[]

type EndpointName =
  | 'authorize'
  | 'device authorization'
  | 'device'
  | 'login'
  | 'logout'
  | 'token'
  | 'revoke'
  | 'introspect'
  | 'revocations'
  | 'personal tokens'
  | 'personal token'
  | 'account'
  | 'devices page'
  | 'app tokens'
  | 'app token'
  | 'apps page'
  | 'user apps'
  | 'user app'
  | 'user app secret'
  | 'developer page'
  | 'tokens page'
  | 'password page'
  | 'forgot password'
  | 'reset password'
  | 'metadata'
  | 'resource metadata'
  | 'jwks'

const PAGES: ReadonlySet<string> = new Set<EndpointName>([
  'authorize',
  'device',
  'login',
  'logout',
  'account',
  'devices page',
  'apps page',
  'developer page',
  'tokens page',
  'password page',
  'forgot password',
  'reset password',
])
/** Show their forms again to callers that ask for JSON. */
const FORMS: ReadonlySet<string> = new Set<EndpointName>([
  'login',
  'device',
  'devices page',
  'apps page',
  'developer page',
  'tokens page',
  'password page',
  'forgot password',
  'reset password',
])
/** A user can create 100 tokens and register 200 apps a day, and gets 429 after that. */
const RATE_LIMITED: ReadonlySet<string> = new Set<EndpointName>([
  'personal tokens',
  'tokens page',
  'user apps',
  'developer page',
])
/** Respond to DELETE without a body. */
const DELETES: ReadonlySet<string> = new Set<EndpointName>(['personal token', 'app token', 'user app'])
/** The endpoints that public clients call from a browser. */
const CLIENT_CORS: ReadonlySet<string> = new Set<EndpointName>(['token', 'revoke', 'device authorization'])
const ANY_CORS: ReadonlySet<string> = new Set<EndpointName>(['metadata', 'resource metadata', 'jwks'])
/** The origins of the public clients. */
const ORIGINS = ['https://spa.example', 'https://legacy.example']
/** The paths that our pages and redirects lead to. */
const OWN_PATH =
  '/(?:oauth/authorize|(?:oauth/device|login|logout|forgot-password|reset-password|account|account/(?:devices|password|apps|tokens|developer))(?:/customers)?)'
const [OWN_ADDRESS, OWN_TARGET] = [
  new RegExp(`^${OWN_PATH}(?:\\?|$)`),
  // The links to other languages keep the query, which cannot change where they lead.
  new RegExp(
    `^(?:${OWN_PATH}(?:\\?(?:revoke|sign_out|disconnect|new|app|rotate|delete)=[\\w-]+|\\?ui_locales=[^"<>]*)?|\\?language=(?:en|vi|zh)(?:&[^"<>]*)?)$`,
  ),
]
/** An authorization response: tokens in the fragment only, codes in the query only. */
const AUTHORIZATION_RESPONSE = /^(?:[?&](?:code|error)|#(?:access_token|error))=/

/** Checks the response of an endpoint to any request. */
export function problemsOf(
  fixture: Fixture,
  endpoint: string,
  message: Message,
  response: HttpResponse,
): Problems {
  const header = (name: string): string => textOf(response, name)
  return [
    ...problemsOfHeaders(response),
    ...check(isStatus(response.status), `status ${response.status}`),
    ...check(/^[0-9a-f-]{36}$/.test(header('X-Request-Id')), 'no request id'),
    ...check(response.status !== 405 || header('Allow') !== '', '405 without Allow'),
    ...check(response.status !== 429 || RATE_LIMITED.has(endpoint), 'throttled'),
    ...problemsOfCors(endpoint, response),
    ...problemsOfChallenge(endpoint, message, response),
    ...(response.status === 303
      ? problemsOfRedirect(fixture, endpoint, response)
      : problemsOfBody(endpoint, message, response)),
  ]
}

/** Checks the headers. Node throws for invalid names and values. */
export function problemsOfHeaders({ headers }: Pick<HttpResponse, 'headers'>): Problems {
  return Object.entries(headers).flatMap(([name, values]) => {
    try {
      validateHeaderName(name)
      for (const value of [values].flat()) validateHeaderValue(name, value)
      return []
    } catch (cause) {
      return [String(cause)]
    }
  })
}

const check = (isValid: boolean, problem: string): Problems => (isValid ? [] : [problem])

const isStatus = (status: number): boolean =>
  [200, 201, 202, 204, 303].includes(status) || (status >= 400 && status < 500)

const textOf = ({ headers }: Pick<HttpResponse, 'headers'>, name: string): string => {
  const entry = Object.entries(headers).find(([other]) => other.toLowerCase() === name.toLowerCase())
  return entry ? [entry[1]].flat().join(', ') : ''
}

function problemsOfCors(endpoint: string, response: HttpResponse): Problems {
  const origin = textOf(response, 'Access-Control-Allow-Origin')
  const allowed = originsOf(endpoint)
  return [
    ...check(allowed.includes(origin) || isLoopback(endpoint, origin), `readable by ${origin}`),
    ...check(textOf(response, 'Access-Control-Allow-Credentials') === '', 'readable with credentials'),
  ]
}

function originsOf(endpoint: string): readonly string[] {
  if (ANY_CORS.has(endpoint)) return ['*', '']
  if (CLIENT_CORS.has(endpoint)) return [...ORIGINS, '']
  return isApi(endpoint) ? [SHOP_ORIGIN, ''] : ['']
}

/** Returns whether an endpoint belongs to the sign-in API. */
const isApi = (endpoint: string): boolean => endpoint.startsWith('api ')

/** The native client has a loopback redirect URI. */
const isLoopback = (endpoint: string, origin: string): boolean =>
  CLIENT_CORS.has(endpoint) && /^http:\/\/127\.0\.0\.1(:\d+)?$/.test(origin)

function problemsOfChallenge(endpoint: string, message: Message, response: HttpResponse): Problems {
  const hadCredentials = endpoint === 'revocations' || headerOf(message, 'authorization') !== undefined
  const isMissing = response.status === 401 && hadCredentials && textOf(response, 'WWW-Authenticate') === ''
  return check(!isMissing, '401 without a challenge')
}

/** Redirects lead to the client with an authorization response, after a sign-out to the app, or to this server. */
function problemsOfRedirect(
  { redirectUris, server }: Fixture,
  endpoint: string,
  response: HttpResponse,
): Problems {
  const location = textOf(response, 'Location')
  const isToClient = [...redirectUris, ...loopbackOf(location)].some((uri) => {
    const rest = location.startsWith(uri) ? location.slice(uri.length) : ''
    return (
      AUTHORIZATION_RESPONSE.test(rest) && new URLSearchParams(rest.slice(1)).get('iss') === server.issuer
    )
  })
  return [
    ...check(
      OWN_ADDRESS.test(location) ||
        (isToClient && endpoint === 'authorize') ||
        (endpoint === 'logout' && location.startsWith(`${SHOP_ORIGIN}/`)),
      `redirects to ${location}`,
    ),
    ...check(response.body === '', 'a redirect with a body'),
    ...check(textOf(response, 'Cache-Control') === 'no-store', 'a redirect that can be cached'),
    ...check(textOf(response, 'Referrer-Policy') === 'no-referrer', 'a redirect that sends a referrer'),
  ]
}

/** Loopback redirect URIs may have any port (RFC 8252 section 7.3). */
const loopbackOf = (location: string): readonly string[] =>
  /^http:\/\/127\.0\.0\.1:\d{1,5}\/callback(?=[?#])/.exec(location) ?? []

function problemsOfBody(endpoint: string, message: Message, response: HttpResponse): Problems {
  const { status, body } = response
  const type = textOf(response, 'Content-Type')
  const mayBeEmpty = textOf(response, 'Allow') !== '' || DELETES.has(endpoint) || isApi(endpoint)
  if (status === 204) return check(body === '' && mayBeEmpty, 'an unexpected 204')
  const accept = headerOf(message, 'accept') ?? ''
  const isPage =
    PAGES.has(endpoint) &&
    (status === 200 || !accept.includes('application/json') || accept.includes('text/html'))
  const caching = status === 200 && ANY_CORS.has(endpoint) ? 'public, max-age=60' : 'no-store'
  const isForm = FORMS.has(endpoint) && type.startsWith('text/html')
  return [
    ...check(textOf(response, 'Cache-Control') === caching, 'the wrong Cache-Control'),
    ...(isPage || isForm ? problemsOfPage(response) : problemsOfJson(unsigned(endpoint, response))),
  ]
}

/** Returns a signed introspection response (RFC 9701) as the JSON in it. */
function unsigned(endpoint: string, response: HttpResponse): HttpResponse {
  const isSigned = textOf(response, 'Content-Type') === 'application/token-introspection+jwt'
  if (endpoint !== 'introspect' || !isSigned) return response
  const body = JSON.stringify(decodeJwt(response.body)['token_introspection'])
  return { ...response, headers: { 'Content-Type': 'application/json' }, body }
}

const POLICY =
  /^default-src 'none'; style-src 'sha256-[\w+/=]+'; (script-src( 'sha256-[\w+/=]+')+; )?img-src data:; form-action 'self'( (https?|com\.example\.app):)*; frame-ancestors 'none'; base-uri 'none'$/
const TAGS = new Set(
  (
    'a bdi body button circle code dd details div dl dt fieldset footer form h1 h2 h3 head header html img input label ' +
    'legend li link main meta nav option p path rect script section select span strong style summary svg table tbody td ' +
    'textarea th thead time title tr ul'
  ).split(' '),
)

/** Checks that a page contains only our elements, and no attribute that runs code. */
function problemsOfPage(response: HttpResponse): Problems {
  const { body } = response
  const tags = [...body.matchAll(/<\/?([a-z][^\s/>]*)((?:"[^"]*"|[^">])*)>/gi)]
  const unexpected = tags.map(([, name = '']) => name).find((name) => !TAGS.has(name))
  const attributes = tags.flatMap(([, , text = '']) => [...text.matchAll(/([^\s"=]+)="([^"]*)"/g)])
  const forbidden = attributes
    .filter(([, name = '', value = '']) => !(name === 'src' && value.startsWith('data:image/')))
    .map(([, name = '']) => name)
    .find((name) => /^on|^src|^srcdoc$|^formaction$/i.test(name))
  const targets = attributes.filter(
    ([, name, value = '']) =>
      name === 'action' || (name === 'href' && !value.startsWith('data:image/svg+xml')),
  )
  return [
    ...check(
      textOf(response, 'Content-Type') === 'text/html; charset=utf-8',
      'a page with another content type',
    ),
    ...check(POLICY.test(textOf(response, 'Content-Security-Policy')), 'a page with another policy'),
    ...check(textOf(response, 'X-Frame-Options') === 'DENY', 'a page that can be framed'),
    ...check(body.startsWith('<!doctype html>'), 'a page without a doctype'),
    ...check(unexpected === undefined, `an unexpected element <${unexpected}>`),
    ...check(forbidden === undefined, `a forbidden attribute ${forbidden}`),
    ...check(
      scriptsIn(body).every((source) => textOf(response, 'Content-Security-Policy').includes(source)),
      'a script that the policy does not list',
    ),
    ...check(
      targets.every(([, , value]) => OWN_TARGET.test(value ?? '')),
      'a form or a link to another site',
    ),
    ...check(!/[<>]/.test(textBetween(body)), 'unescaped markup'),
  ]
}

/** The scripts of a page as policy sources. */
const scriptsIn = (body: string): readonly string[] =>
  [...body.matchAll(/<script\b[^>]*>(.*?)<\/script>/gs)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  )

/** The text between the elements of a page, without its style sheet and script, which are constants. */
const textBetween = (body: string): string =>
  body.replaceAll(/<(style|script)\b[^>]*>.*?<\/\1>/gs, '').replaceAll(/<(?:"[^"]*"|[^">])*>/g, '')

/** Checks a JSON response. Errors have a code and a description of allowed characters (RFC 6749 section 5.2). */
export function problemsOfJson(response: HttpResponse): Problems {
  if (!textOf(response, 'Content-Type').startsWith('application/json')) return ['not JSON']
  const body = JSON.parse(response.body) as Readonly<Record<string, unknown>>
  if (response.status < 300) return check(!('error' in body), 'an error with status 200')
  const { error, error_description: description, ...rest } = body
  return [
    ...check(/^[a-z_]+$/.test(String(error)), 'no error code'),
    ...check(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(String(description)), 'no description'),
    ...check(!/[<>]/.test(response.body.replaceAll(FORBIDDEN, '')), 'markup in an error'),
    ...check(
      Object.keys(rest).every((name) => OTHER_MEMBERS[String(error)]?.includes(name)),
      `an error with other members: ${Object.keys(rest).join()}`,
    ),
  ]
}

/** The characters that a redirect URI must not contain, as the reason lists them. */
const FORBIDDEN = ' < > '

/** Where a caller that asked for JSON finds the page and what it asks, and what is wrong by field. */
const OTHER_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  login_required: ['login_uri'],
  consent_required: ['consent_uri', 'client_id', 'client_name', 'scopes', 'resources'],
  invalid_client_metadata: ['errors'],
  invalid_redirect_uri: ['errors'],
}
