import type { ConfigProblem } from '../errors.ts'
import { parseDuration } from '../lib/duration.ts'
import { GRANT_TYPE_PROBLEM, isClientId, isGrantType, type GrantType } from '../model/client.ts'
import { redirectUriProblem } from '../model/redirect-uri.ts'
import { isScopeToken } from '../model/scope.ts'
import type { ClientRegistration } from './registration.ts'
import { typeProblemsOf } from './value-types.ts'

/** The grants of a client: those that were named, or what its registration makes plain. */
export function grantTypesOf(registration: ClientRegistration): readonly GrantType[] {
  const { grantTypes, redirectUris = [], followsRevocations } = registration
  if (grantTypes) return grantTypes
  if (redirectUris.length > 0) return ['authorization_code', 'refresh_token']
  return followsRevocations ? [] : ['client_credentials']
}

/** What is wrong with a registration. */
export function problemsOf(registration: ClientRegistration): readonly ConfigProblem[] {
  const problems = typeProblemsOf(registration)
  return problems.length > 0 ? problems : meaningProblemsOf(registration)
}

/** What is wrong with a registration in which each part is of the right type. */
function meaningProblemsOf(registration: ClientRegistration): readonly ConfigProblem[] {
  const { id, name, redirectUris = [], type = 'confidential', scopes = [], graceWindow } = registration
  const grantTypes = grantTypesOf(registration)
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
  const grantTypes = grantTypesOf(registration)
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
