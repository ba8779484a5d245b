import { MAX_REDIRECT_URIS, type UserAppFields, type UserAppProblem } from '../../user-apps/fields.ts'
import type { ClientType } from '../../model/client.ts'
import { parseScope } from '../../model/scope.ts'
import type { JsonBody } from '../body.ts'

/** What a request says about an app, and the members that it used. */
export interface UserAppInput {
  readonly fields: UserAppFields
  /** Undefined if the request does not say it. */
  readonly type: ClientType | undefined
  /** By member, one message for each reason. */
  readonly errors: FieldErrors
  /** The member of each field, as it was sent. */
  readonly memberOf: (field: keyof UserAppFields) => string
}

/** By member of the body, why it is rejected. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>

/** The members of the body: those of RFC 7591, and after them those of Laravel Passport. */
const MEMBERS = {
  name: ['client_name', 'name'],
  redirectUris: ['redirect_uris', 'redirect'],
  logo: ['logo_uri'],
  homepage: ['client_uri'],
  privacy: ['policy_uri'],
  terms: ['tos_uri'],
  scopes: ['scope'],
  isDevice: ['device'],
} as const satisfies Record<keyof UserAppFields, readonly [string, string?]>

type Field = keyof typeof MEMBERS

/**
 * Reads the members of a body that an owner can set. All others are ignored (RFC 7591 section 2), so that no request can set
 * anything else of a client.
 */
export function readUserApp(body: JsonBody): UserAppInput {
  const errors: Record<string, string[]> = {}
  const reject = (member: string, message: string): undefined => {
    errors[member] = [...(errors[member] ?? []), `${member} ${message}`]
  }
  const memberOf = (field: Field): string =>
    MEMBERS[field].find((name) => body.has(name)) ?? MEMBERS[field][0]
  const value = (field: Field): unknown => {
    const sent = MEMBERS[field].filter((name) => body.has(name))
    if (sent.length > 1) reject(sent[1] ?? field, `must not be sent together with ${sent[0]}`)
    return body.get(sent[0] ?? '')
  }
  const text = (field: Field): string | undefined => {
    const given = value(field)
    if (given === undefined || typeof given === 'string') return given
    return reject(memberOf(field), 'must be a string')
  }
  const nullable = (field: Field): string | null | undefined => {
    const given = value(field)
    if (given === undefined || given === null || typeof given === 'string') return given
    return reject(memberOf(field), 'must be a string or null')
  }
  const link = (field: Field): string | null | undefined => {
    const given = nullable(field)
    return given === '' ? null : given
  }
  const flag = (field: Field): boolean | undefined => {
    const given = value(field)
    if (given === undefined || typeof given === 'boolean') return given
    return reject(memberOf(field), 'must be true or false')
  }
  const fields = {
    name: text('name'),
    redirectUris: readRedirectUris(value('redirectUris'), memberOf('redirectUris'), reject),
    logo: link('logo'),
    homepage: link('homepage'),
    privacy: link('privacy'),
    terms: link('terms'),
    scopes: scopesIn(nullable('scopes')),
    isDevice: flag('isDevice'),
  }
  return { fields, type: readType(body, reject), errors, memberOf }
}

type Reject = (member: string, message: string) => undefined

const scopesIn = (scope: string | null | undefined): readonly string[] | null | undefined =>
  typeof scope === 'string' ? parseScope(scope) : scope

/** An array as in RFC 7591, or a comma-separated list as in Passport. A comma in a URI is written `%2C` there. */
function readRedirectUris(given: unknown, member: string, reject: Reject): readonly string[] | undefined {
  if (given === undefined) return undefined
  if (member === 'redirect')
    return typeof given === 'string'
      ? given.split(',', MAX_REDIRECT_URIS + 1).flatMap((uri) => uri.trim() || [])
      : reject(member, 'must be a string: URIs, separated by commas')
  const isList = Array.isArray(given) && given.every((uri): uri is string => typeof uri === 'string')
  return isList ? given : reject(member, 'must be an array of strings')
}

const METHODS: Readonly<Record<string, ClientType>> = {
  none: 'public',
  client_secret_basic: 'confidential',
  client_secret_post: 'confidential',
}

/** `confidential` as in Passport, or `token_endpoint_auth_method` as in RFC 7591. */
function readType(body: JsonBody, reject: Reject): ClientType | undefined {
  const [method, confidential] = [body.get('token_endpoint_auth_method'), body.get('confidential')]
  if (confidential !== undefined && typeof confidential !== 'boolean')
    return reject('confidential', 'must be true or false')
  const byFlag = confidential === undefined ? undefined : confidential ? 'confidential' : 'public'
  if (method === undefined) return byFlag
  const known = typeof method === 'string' && Object.hasOwn(METHODS, method)
  if (!known)
    return reject('token_endpoint_auth_method', 'must be client_secret_basic, client_secret_post or none')
  const byMethod = METHODS[method]
  return byFlag === undefined || byFlag === byMethod
    ? byMethod
    : reject('token_endpoint_auth_method', 'contradicts confidential')
}

/** The most reasons in a response. */
const MAX_REASONS = 50

/** Adds the problems of the fields, under the members of the request. */
export function errorsOf(
  { errors, memberOf }: UserAppInput,
  problems: readonly UserAppProblem[],
): FieldErrors {
  const all: Record<string, readonly string[]> = { ...errors }
  for (const { field, index, message } of problems.slice(0, MAX_REASONS)) {
    const member = memberOf(field)
    const place = index === undefined || field === 'scopes' ? member : `${member}[${index}]`
    all[member] = [...new Set([...(all[member] ?? []), `${place} ${message}`])]
  }
  return all
}
