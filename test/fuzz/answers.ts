import { createHash } from 'node:crypto'
import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { HttpResponse } from '../../src/index.ts'
import type { World } from './world.ts'
import { headerOf, type Message } from './request.ts'

/** What is wrong with an answer; nothing, as it should be. */
export type Problems = readonly string[]

type EndpointName =
  | 'authorize'
  | 'device authorization'
  | 'device'
  | 'login'
  | 'logout'
  | 'token'
  | 'revocations'
  | 'personal tokens'
  | 'personal token'
  | 'tokens page'
  | 'metadata'
  | 'jwks'

const PAGES: ReadonlySet<string> = new Set<EndpointName>([
  'authorize',
  'device',
  'login',
  'logout',
  'tokens page',
])
/** A person makes a hundred a day, and is told to wait then. */
const METERED: ReadonlySet<string> = new Set<EndpointName>(['personal tokens', 'tokens page'])
/** What public clients ask for from the pages that they are. */
const SHARED: ReadonlySet<string> = new Set<EndpointName>(['token', 'device authorization'])
const PUBLIC: ReadonlySet<string> = new Set<EndpointName>(['metadata', 'jwks'])
/** Where public clients live that are web pages. */
const ORIGINS = ['https://spa.example', 'https://old.example']
/** Where our own pages and redirects lead. */
const OWN_PATH = '/(?:oauth/authorize|(?:oauth/device|login|logout|account/tokens)(?:/customers)?)'
const [OWN_ADDRESS, OWN_TARGET] = [new RegExp(`^${OWN_PATH}(?:\\?|$)`), new RegExp(`^${OWN_PATH}$`)]
/** An answer to a client: tokens stand in a fragment only, codes in a query only. */
const CLIENT_ANSWER = /^(?:[?&](?:code|error)|#(?:access_token|error))=/

/** What is wrong with the answer of an endpoint, whatever it was asked. */
export function problemsOf(world: World, endpoint: string, message: Message, answer: HttpResponse): Problems {
  const header = (name: string): string => textOf(answer, name)
  return [
    ...problemsOfHeaders(answer),
    ...check(isStatus(answer.status), `status ${answer.status}`),
    ...check(/^[0-9a-f-]{36}$/.test(header('X-Request-Id')), 'no request id'),
    ...check(answer.status !== 405 || header('Allow') !== '', '405 without Allow'),
    ...check(answer.status !== 429 || METERED.has(endpoint), 'throttled'),
    ...problemsOfSharing(endpoint, answer),
    ...problemsOfChallenge(endpoint, message, answer),
    ...(answer.status === 303
      ? problemsOfRedirect(world, endpoint, answer)
      : problemsOfBody(endpoint, message, answer)),
  ]
}

/** What is wrong with the headers: Node throws for names and values that cannot be sent. */
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

const check = (isGood: boolean, problem: string): Problems => (isGood ? [] : [problem])

const isStatus = (status: number): boolean =>
  [200, 201, 204, 303].includes(status) || (status >= 400 && status < 500)

const textOf = ({ headers }: Pick<HttpResponse, 'headers'>, name: string): string => {
  const entry = Object.entries(headers).find(([other]) => other.toLowerCase() === name.toLowerCase())
  return entry ? [entry[1]].flat().join(', ') : ''
}

function problemsOfSharing(endpoint: string, answer: HttpResponse): Problems {
  const origin = textOf(answer, 'Access-Control-Allow-Origin')
  const allowed = PUBLIC.has(endpoint) ? ['*', ''] : SHARED.has(endpoint) ? [...ORIGINS, ''] : ['']
  return [
    ...check(allowed.includes(origin) || isLoopback(endpoint, origin), `shared with ${origin}`),
    ...check(textOf(answer, 'Access-Control-Allow-Credentials') === '', 'shared with credentials'),
  ]
}

/** The native client has a loopback redirect URI. */
const isLoopback = (endpoint: string, origin: string): boolean =>
  SHARED.has(endpoint) && /^http:\/\/127\.0\.0\.1(:\d+)?$/.test(origin)

function problemsOfChallenge(endpoint: string, message: Message, answer: HttpResponse): Problems {
  const wasTried = endpoint === 'revocations' || headerOf(message, 'authorization') !== undefined
  const isMissing = answer.status === 401 && wasTried && textOf(answer, 'WWW-Authenticate') === ''
  return check(!isMissing, '401 without a challenge')
}

/** Redirects lead to the client with an answer, or stay at this server. */
function problemsOfRedirect(
  { redirectUris, server }: World,
  endpoint: string,
  answer: HttpResponse,
): Problems {
  const location = textOf(answer, 'Location')
  const isToClient = [...redirectUris, ...loopbackOf(location)].some((uri) => {
    const rest = location.startsWith(uri) ? location.slice(uri.length) : ''
    return CLIENT_ANSWER.test(rest) && new URLSearchParams(rest.slice(1)).get('iss') === server.issuer
  })
  return [
    ...check(
      OWN_ADDRESS.test(location) || (isToClient && endpoint === 'authorize'),
      `redirects to ${location}`,
    ),
    ...check(answer.body === '', 'a redirect with a body'),
    ...check(textOf(answer, 'Cache-Control') === 'no-store', 'a redirect that may be kept'),
    ...check(textOf(answer, 'Referrer-Policy') === 'no-referrer', 'a redirect that tells where from'),
  ]
}

/** Loopback redirect URIs may have any port (RFC 8252 section 7.3). */
const loopbackOf = (location: string): readonly string[] =>
  /^http:\/\/127\.0\.0\.1:\d{1,5}\/callback(?=[?#])/.exec(location) ?? []

function problemsOfBody(endpoint: string, message: Message, answer: HttpResponse): Problems {
  const { status, body } = answer
  const type = textOf(answer, 'Content-Type')
  const isToBeEmpty = textOf(answer, 'Allow') !== '' || endpoint === 'personal token'
  if (status === 204) return check(body === '' && isToBeEmpty, 'a strange 204')
  const accept = headerOf(message, 'accept') ?? ''
  const isPage =
    PAGES.has(endpoint) &&
    (status === 200 || !accept.includes('application/json') || accept.includes('text/html'))
  const keeps = status === 200 && PUBLIC.has(endpoint) ? 'public, max-age=60' : 'no-store'
  const isForm = ['login', 'device', 'tokens page'].includes(endpoint) && type.startsWith('text/html')
  return [
    ...check(textOf(answer, 'Cache-Control') === keeps, 'it may be kept'),
    ...(isPage || isForm ? problemsOfPage(answer) : problemsOfJson(answer)),
  ]
}

const POLICY =
  /^default-src 'none'; style-src 'sha256-[\w+/=]+'; (script-src 'sha256-[\w+/=]+'; )?img-src 'self'; form-action 'self'( (https?|com\.example\.app):)*; frame-ancestors 'none'; base-uri 'none'$/
const TAGS = new Set(
  (
    'a bdi body button code dd div dl dt fieldset form h1 h2 h3 head header html input label legend li main meta ' +
    'option p path script select span strong style svg time title ul'
  ).split(' '),
)

/** No element that our pages do not have, and no attribute that runs something. */
function problemsOfPage(answer: HttpResponse): Problems {
  const { body } = answer
  const tags = [...body.matchAll(/<\/?([a-z][^\s/>]*)((?:"[^"]*"|[^">])*)>/gi)]
  const strange = tags.map(([, name = '']) => name).find((name) => !TAGS.has(name))
  const attributes = tags.flatMap(([, , text = '']) => [...text.matchAll(/([^\s"=]+)="([^"]*)"/g)])
  const odd = attributes
    .map(([, name = '']) => name)
    .find((name) => /^on|^src|^srcdoc$|^formaction$/i.test(name))
  const targets = attributes.filter(([, name]) => name === 'href' || name === 'action')
  return [
    ...check(textOf(answer, 'Content-Type') === 'text/html; charset=utf-8', 'a page of another type'),
    ...check(POLICY.test(textOf(answer, 'Content-Security-Policy')), 'a page with another policy'),
    ...check(textOf(answer, 'X-Frame-Options') === 'DENY', 'a page that may be framed'),
    ...check(body.startsWith('<!doctype html>'), 'a page that is none'),
    ...check(strange === undefined, `an element <${strange}>`),
    ...check(odd === undefined, `an attribute ${odd}`),
    ...check(
      scriptsIn(body).every((source) => textOf(answer, 'Content-Security-Policy').includes(source)),
      'a script that the policy does not name',
    ),
    ...check(
      targets.every(([, , value]) => OWN_TARGET.test(value ?? '')),
      'a form or a link that leads elsewhere',
    ),
    ...check(!/[<>]/.test(textBetween(body)), 'markup that is none'),
  ]
}

/** The scripts of a page as sources of a policy. */
const scriptsIn = (body: string): readonly string[] =>
  [...body.matchAll(/<script\b[^>]*>(.*?)<\/script>/gs)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  )

/** What stands between the elements of a page; its style sheet and its script are constants of ours. */
const textBetween = (body: string): string =>
  body.replaceAll(/<(style|script)\b[^>]*>.*?<\/\1>/gs, '').replaceAll(/<(?:"[^"]*"|[^">])*>/g, '')

/** RFC 6749 section 5.2: an error, its description, and of both only what the section allows. */
export function problemsOfJson(answer: HttpResponse): Problems {
  if (!textOf(answer, 'Content-Type').startsWith('application/json')) return ['an answer that is no JSON']
  const body = JSON.parse(answer.body) as Readonly<Record<string, unknown>>
  if (answer.status < 300) return check(!('error' in body), 'an error with status 200')
  const { error, error_description: description, ...rest } = body
  return [
    ...check(/^[a-z_]+$/.test(String(error)), 'no error code'),
    ...check(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(String(description)), 'no description'),
    ...check(!/[<>]/.test(answer.body), 'markup in an error'),
    ...check(Object.keys(rest).length === 0, `an error that says more: ${Object.keys(rest).join()}`),
  ]
}
