import type { ConfigProblem } from '../errors.ts'
import { parseDuration, type Duration } from '../lib/duration.ts'
import { unknownOptionProblems, type OptionNames } from '../lib/validator.ts'
import {
  GRANT_TYPE_PROBLEM,
  isClientId,
  isGrantType,
  type ClientType,
  type GrantType,
} from '../model/client.ts'
import { redirectUriProblem } from '../model/redirect-uri.ts'
import { isScopeToken } from '../model/scope.ts'

/** What is told of a client when it is registered. */
export interface ClientRegistration {
  /** What people see on the consent page: 1 to 255 characters. */
  readonly name: string
  /** Default `confidential`: it gets a secret. */
  readonly type?: ClientType
  /** Exact URIs, no wildcards. */
  readonly redirectUris?: readonly string[]
  /**
   * Default: `authorization_code` and `refresh_token` where there is a redirect URI, none for a client that follows
   * revocations, else `client_credentials`.
   */
  readonly grantTypes?: readonly GrantType[]
  /** The scopes it may ask for; default: every defined one, and for client credentials none. */
  readonly scopes?: readonly string[]
  /** Default: a UUID. */
  readonly id?: string
  /** The `sub` of the person who registers it; default: a first-party client. */
  readonly ownerId?: string
  /** The provider whose people it signs in; default: the server's own. One that it does not have is a `ConfigError`. */
  readonly provider?: string
  /** Require PKCE although it is confidential; default false. */
  readonly requiresPkce?: boolean
  /** Never ask people for consent; default false. Never with an owner. */
  readonly skipsConsent?: boolean
  /** Default: true for first-party clients, false for others. */
  readonly endsWithSession?: boolean
  /** Let it follow the feed of revocations, for the guard of another service; default false. Never with an owner. */
  readonly followsRevocations?: boolean
  /** How long a rotated refresh token may be repeated; default: the server's. */
  readonly graceWindow?: Duration
}

/** What a registration says that nobody reads: a misspelled `requiresPkce` would require nothing. */
export const unknownOptionsOf = (registration: ClientRegistration): readonly ConfigProblem[] =>
  unknownOptionProblems('', registration, OPTIONS)

const OPTIONS: OptionNames<ClientRegistration> = {
  name: true,
  type: true,
  redirectUris: true,
  grantTypes: true,
  scopes: true,
  id: true,
  ownerId: true,
  provider: true,
  requiresPkce: true,
  skipsConsent: true,
  endsWithSession: true,
  followsRevocations: true,
  graceWindow: true,
}

/** The grants of a client: those that were named, or what its registration makes plain. */
export function defaultGrantTypes(registration: ClientRegistration): readonly GrantType[] {
  const { grantTypes, redirectUris = [], followsRevocations } = registration
  if (grantTypes) return grantTypes
  if (redirectUris.length > 0) return ['authorization_code', 'refresh_token']
  return followsRevocations ? [] : ['client_credentials']
}

/** What is wrong with a registration. */
export function registrationProblems(registration: ClientRegistration): readonly ConfigProblem[] {
  const problems = typeProblemsOf(registration)
  return problems.length > 0 ? problems : meaningProblemsOf(registration)
}

/** What is wrong with a registration in which each part is of the right type. */
function meaningProblemsOf(registration: ClientRegistration): readonly ConfigProblem[] {
  const { id, name, redirectUris = [], type = 'confidential', scopes = [], graceWindow } = registration
  const grantTypes = defaultGrantTypes(registration)
  const problems: (ConfigProblem | false)[] = [
    (name.trim() === '' || name.length > 255) && { path: 'name', message: 'must have 1 to 255 characters' },
    /\p{Cc}/u.test(name) && { path: 'name', message: 'must hold no control characters' },
    id !== undefined &&
      !isClientId(id) && {
        path: 'id',
        message: 'must be visible ASCII, not only digits, and not personal-access',
      },
    grantTypes.includes('authorization_code') &&
      redirectUris.length === 0 && {
        path: 'redirectUris',
        message: 'must name at least one URI for the authorization code grant',
      },
    ...legacyProblemsOf(registration),
    type === 'public' &&
      grantTypes.includes('client_credentials') && {
        path: 'grantTypes',
        message: 'a public client has no secret and cannot use client_credentials',
      },
    registration.followsRevocations === true &&
      (type === 'public' || registration.ownerId !== undefined) && {
        path: 'followsRevocations',
        message: "is for the issuer's own clients, and for confidential ones",
      },
    registration.skipsConsent === true &&
      registration.ownerId !== undefined && {
        path: 'skipsConsent',
        message: "is for the issuer's own clients: people are asked about those of others",
      },
    graceWindow !== undefined &&
      parseDuration(graceWindow) === undefined && {
        path: 'graceWindow',
        message: 'must be a duration; 0 turns it off',
      },
  ]
  return [
    ...problems.filter((problem) => problem !== false),
    ...redirectUris.flatMap((uri, index) =>
      problemAt(`redirectUris[${index}]`, redirectUriProblem(uri, type)),
    ),
    ...grantTypes.flatMap((grantType, index) =>
      problemAt(`grantTypes[${index}]`, isGrantType(grantType) ? undefined : GRANT_TYPE_PROBLEM),
    ),
    ...scopes.flatMap((scope, index) =>
      problemAt(
        `scopes[${index}]`,
        isScopeToken(scope) ? undefined : 'is no scope: visible ASCII without space, " and \\',
      ),
    ),
  ]
}

/** Who holds passwords, or gets tokens in an address, must be whom the issuer knows, and reached where nobody listens in. */
function legacyProblemsOf(registration: ClientRegistration): readonly (ConfigProblem | false)[] {
  const { type, redirectUris = [], ownerId, requiresPkce = false } = registration
  const grantTypes = defaultGrantTypes(registration)
  const isImplicit = grantTypes.includes('implicit')
  const isWeb = (uri: string): boolean =>
    uri.startsWith('https://') || (type === 'public' && uri.startsWith('http://'))
  return [
    grantTypes.includes('password') &&
      ownerId !== undefined && {
        path: 'grantTypes',
        message: "password is for the issuer's own clients: no app of somebody else sees passwords",
      },
    isImplicit &&
      (redirectUris.length === 0 || !redirectUris.every(isWeb)) && {
        path: 'redirectUris',
        message: 'must all use https for the implicit grant, or http on loopback for a public client',
      },
    isImplicit &&
      requiresPkce && {
        path: 'requiresPkce',
        message: 'cannot be asked of a client with the implicit grant, which knows no PKCE',
      },
  ]
}

const problemAt = (path: string, message: string | undefined): readonly ConfigProblem[] =>
  message === undefined ? [] : [{ path, message }]

interface ValueType {
  readonly message: string
  is(value: unknown): boolean
}

const TEXT: ValueType = { is: (value) => typeof value === 'string', message: 'must be a text' }
const FLAG: ValueType = { is: (value) => typeof value === 'boolean', message: 'must be true or false' }
const TEXTS: ValueType = {
  is: (value) => Array.isArray(value) && value.every(TEXT.is),
  message: 'must be a list of texts',
}
const TYPE: ValueType = {
  is: (value) => value === 'confidential' || value === 'public',
  message: 'must be confidential or public',
}

const TYPES: { readonly [Name in keyof Omit<Required<ClientRegistration>, 'graceWindow'>]: ValueType } = {
  name: TEXT,
  type: TYPE,
  redirectUris: TEXTS,
  grantTypes: TEXTS,
  scopes: TEXTS,
  id: TEXT,
  ownerId: TEXT,
  provider: TEXT,
  requiresPkce: FLAG,
  skipsConsent: FLAG,
  endsWithSession: FLAG,
  followsRevocations: FLAG,
}

/**
 * What is of another type than it must be. Registrations come from forms and JSON too: `"false"` would be taken for true,
 * and a type that is neither for neither.
 */
export function typeProblemsOf(registration: ClientRegistration): readonly ConfigProblem[] {
  const given: Readonly<Record<string, unknown>> = { ...registration }
  return Object.entries(TYPES)
    .filter(([path, { is }]) => (given[path] !== undefined || path === 'name') && !is(given[path]))
    .map(([path, { message }]) => ({ path, message }))
}
