import { isHttpsUrl, isPath } from '../lib/web-address.ts'
import type { ConfigProblem } from '../errors.ts'
import { parseDuration } from '../lib/duration.ts'
import { FIRST_PARTY_GRANTS, GRANT_TYPE_PROBLEM, isClientId, isGrantType } from '../model/client.ts'
import { redirectUriProblem } from '../model/redirect-uri-problem.ts'
import { isScopeToken } from '../model/scope.ts'
import {
  grantTypesOf,
  isThirdPartyOf,
  type ClientPresentation,
  type ClientRegistration,
} from './registration.ts'

/** Returns everything that is wrong with a registration. */
export function registrationProblems(registration: ClientRegistration): readonly ConfigProblem[] {
  const problems = typeProblems(registration)
  if (problems.length > 0) return problems
  return [
    ...basicProblems(registration),
    ...legacyGrantProblems(registration),
    ...thirdPartyProblems(registration),
    ...presentationProblems(registration),
    ...listProblems(registration),
  ]
}

const problemIf = (isWrong: boolean, path: string, message: string): readonly ConfigProblem[] =>
  isWrong ? [{ path, message }] : []

function basicProblems(registration: ClientRegistration): readonly ConfigProblem[] {
  const { id, name, redirectUris = [], type = 'confidential', graceWindow } = registration
  const grantTypes = grantTypesOf(registration)
  return [
    ...labelProblems('name', name),
    ...problemIf(
      id !== undefined && !isClientId(id),
      'id',
      'must be visible ASCII, not only digits, and not personal-access or sign-in',
    ),
    ...problemIf(
      grantTypes.includes('authorization_code') && redirectUris.length === 0,
      'redirectUris',
      'must contain at least one URI for the authorization code grant',
    ),
    ...problemIf(
      type === 'public' && grantTypes.includes('client_credentials'),
      'grantTypes',
      'a public client has no secret and cannot use client_credentials',
    ),
    ...problemIf(
      graceWindow !== undefined && parseDuration(graceWindow) === undefined,
      'graceWindow',
      'must be a duration; 0 turns it off',
    ),
    ...LIFETIMES.flatMap((field) =>
      problemIf(
        registration[field] !== undefined && !isLifetime(registration[field]),
        field,
        "must be a duration such as '5m' or '30d', from 1 second to 100 years",
      ),
    ),
  ]
}

const LIFETIMES = ['accessTokenLifetime', 'refreshTokenLifetime', 'refreshTokenMaximumLifetime'] as const

/** In milliseconds. */
const [MIN_LIFETIME, MAX_LIFETIME] = [1000, 3_153_600_000_000]

function isLifetime(value: unknown): boolean {
  const lifetime = parseDuration(value) ?? 0
  return lifetime >= MIN_LIFETIME && lifetime <= MAX_LIFETIME
}

/** The implicit grant sends tokens in a URL, which must not be readable on the network. It has no PKCE. */
function legacyGrantProblems(registration: ClientRegistration): readonly ConfigProblem[] {
  const { type, redirectUris = [], requiresPkce = false } = registration
  if (!grantTypesOf(registration).includes('implicit')) return []
  const isWeb = (uri: string): boolean =>
    uri.startsWith('https://') || (type === 'public' && uri.startsWith('http://'))
  return [
    ...problemIf(
      redirectUris.length === 0 || !redirectUris.every(isWeb),
      'redirectUris',
      'must all use https for the implicit grant, or http on loopback for a public client',
    ),
    ...problemIf(requiresPkce, 'requiresPkce', 'the implicit grant does not support PKCE'),
  ]
}

/** Passwords, consent-free access, the revocation feed and introspection are for clients that the issuer itself runs. */
function thirdPartyProblems(registration: ClientRegistration): readonly ConfigProblem[] {
  const { type, ownerId, isThirdParty, skipsConsent } = registration
  const isTheirs = isThirdPartyOf(registration)
  return [
    ...problemIf(
      isThirdParty === false && ownerId !== undefined,
      'isThirdParty',
      'a client with an owner is always third-party',
    ),
    ...FIRST_PARTY_GRANTS.flatMap((grantType) =>
      problemIf(
        isTheirs && grantTypesOf(registration).includes(grantType),
        'grantTypes',
        `${grantType} is for first-party clients only`,
      ),
    ),
    ...problemIf(isTheirs && skipsConsent === true, 'skipsConsent', 'is for first-party clients only'),
    ...(['followsRevocations', 'introspects'] as const).flatMap((field) =>
      problemIf(
        (isTheirs || type === 'public') && registration[field] === true,
        field,
        'is for confidential first-party clients only',
      ),
    ),
  ]
}

function presentationProblems(registration: ClientPresentation): readonly ConfigProblem[] {
  const { logo, publisher } = registration
  return [
    ...problemIf(
      logo !== undefined && !isLogo(logo),
      'logo',
      'must be a path on this server, such as /logos/shop.png, or a data: URI of an image of at most 32,768 characters',
    ),
    ...(['homepage', 'privacy', 'terms'] as const).flatMap((field) =>
      problemIf(
        registration[field] !== undefined && !isLink(registration[field]),
        field,
        'must be an https URL without a user name or password, of at most 2,048 characters',
      ),
    ),
    ...(publisher === undefined ? [] : labelProblems('publisher', publisher)),
  ]
}

/** Labels are shown on pages, in logs and on terminals. */
const labelProblems = (path: string, text: string): readonly ConfigProblem[] => [
  ...problemIf(text.trim() === '' || text.length > 255, path, 'must be 1 to 255 characters'),
  ...problemIf(/\p{Cc}/u.test(text) || !text.isWellFormed(), path, 'must not contain control characters'),
]

const MAX_URL_LENGTH = 2048
const MAX_LOGO_LENGTH = 32_768
const DATA_IMAGE = /^data:image\/(?:png|jpeg|gif|webp|avif|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}$/

/** Only a path or an embedded image: a request to another origin would tell it who opens the page. */
function isLogo(logo: string): boolean {
  if (logo.startsWith('data:')) return logo.length <= MAX_LOGO_LENGTH && DATA_IMAGE.test(logo)
  return logo.length <= MAX_URL_LENGTH && isPath(logo)
}

const isLink = (text: string): boolean => text.length <= MAX_URL_LENGTH && isHttpsUrl(text)

/** The whole list is read with each client. */
const MAX_REDIRECT_URIS = 50

function listProblems(registration: ClientRegistration): readonly ConfigProblem[] {
  const { redirectUris = [], type = 'confidential', scopes = [] } = registration
  const each = (
    path: string,
    values: readonly string[],
    problemOf: (value: string, index: number) => string | undefined,
  ) =>
    values.flatMap((value, index) => {
      const message = problemOf(value, index)
      return message === undefined ? [] : [{ path: `${path}[${index}]`, message }]
    })
  return [
    ...problemIf(
      redirectUris.length > MAX_REDIRECT_URIS,
      'redirectUris',
      `must contain at most ${MAX_REDIRECT_URIS} URIs`,
    ),
    ...each('redirectUris', redirectUris.slice(0, MAX_REDIRECT_URIS), (uri, index) =>
      redirectUris.indexOf(uri) < index ? 'is listed twice' : redirectUriProblem(uri, type),
    ),
    ...each('grantTypes', grantTypesOf(registration), (grantType) =>
      isGrantType(grantType) ? undefined : GRANT_TYPE_PROBLEM,
    ),
    ...each('scopes', scopes, (scope) =>
      isScopeToken(scope) ? undefined : 'must be visible ASCII without space, " and \\',
    ),
  ]
}

interface ValueType {
  readonly message: string
  is(value: unknown): boolean
}

const STRING: ValueType = { is: (value) => typeof value === 'string', message: 'must be a string' }
const BOOLEAN: ValueType = { is: (value) => typeof value === 'boolean', message: 'must be true or false' }
const STRINGS: ValueType = {
  is: (value) => Array.isArray(value) && value.every(STRING.is),
  message: 'must be an array of strings',
}
const TYPE: ValueType = {
  is: (value) => value === 'confidential' || value === 'public',
  message: 'must be confidential or public',
}

type Others = 'fields' | 'graceWindow' | (typeof LIFETIMES)[number]

const TYPES: { readonly [Name in keyof Omit<Required<ClientRegistration>, Others>]: ValueType } = {
  name: STRING,
  type: TYPE,
  redirectUris: STRINGS,
  grantTypes: STRINGS,
  scopes: STRINGS,
  id: STRING,
  ownerId: STRING,
  isThirdParty: BOOLEAN,
  provider: STRING,
  requiresPkce: BOOLEAN,
  skipsConsent: BOOLEAN,
  endsWithSession: BOOLEAN,
  followsRevocations: BOOLEAN,
  introspects: BOOLEAN,
  logo: STRING,
  homepage: STRING,
  privacy: STRING,
  terms: STRING,
  publisher: STRING,
}

/** The options of a registration. Unknown ones are rejected: a misspelled `requiresPkce` would require nothing. */
export const REGISTRATION_OPTIONS = {
  ...TYPES,
  graceWindow: true,
  accessTokenLifetime: true,
  refreshTokenLifetime: true,
  refreshTokenMaximumLifetime: true,
  fields: true,
} as const

/** Registrations also come from forms and JSON: the string `"false"` would count as true, and an unknown type as neither. */
function typeProblems(registration: ClientRegistration): readonly ConfigProblem[] {
  const values: Readonly<Record<string, unknown>> = { ...registration }
  return Object.entries(TYPES)
    .filter(([path, { is }]) => (values[path] !== undefined || path === 'name') && !is(values[path]))
    .map(([path, { message }]) => ({ path, message }))
}
