import { updateProblems, type ClientUpdate } from '../clients/update.ts'
import { registrationProblems } from '../clients/validation.ts'
import type { ConfigProblem } from '../errors.ts'
import type { Client, ClientType, GrantType } from '../model/client.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'
import { isVisibleName, VISIBLE_NAME_PROBLEM } from '../model/name.ts'
import { REDIRECT_URI_PROBLEMS, redirectUriMessage } from '../model/redirect-uri-problem.ts'
import { coversScope, type ScopeRules } from '../model/scope.ts'

/**
 * What an owner says about an app. Omitted fields stay as they are; null removes a value. Nothing else about a client can be
 * set by its owner.
 */
export interface UserAppFields {
  readonly name?: string | undefined
  readonly redirectUris?: readonly string[] | undefined
  readonly logo?: string | null | undefined
  readonly homepage?: string | null | undefined
  readonly privacy?: string | null | undefined
  readonly terms?: string | null | undefined
  /** Null for the default: every scope that the server allows such apps. */
  readonly scopes?: readonly string[] | null | undefined
  /** Whether the app may use the device flow. */
  readonly isDevice?: boolean | undefined
}

/** Something wrong with a field. */
export interface UserAppProblem {
  readonly field: keyof UserAppFields
  /** The position in a list. */
  readonly index?: number
  readonly message: string
}

/** What the server allows the apps of users. */
export interface UserAppRules {
  /** Undefined for every scope that third-party clients may request. */
  readonly scopes: readonly string[] | undefined
  /** The rules for third-party clients. */
  readonly scopeRules: ScopeRules
  /** The grants of the server. */
  readonly grants: { has(grant: GrantType): boolean }
}

/** The most redirect URIs of an app. */
export const MAX_REDIRECT_URIS = 20

/** The registration of a new app. */
export const registrationOf = (
  { name = '', redirectUris = [], scopes, isDevice = false, ...links }: UserAppFields,
  type: ClientType,
  rules: UserAppRules,
) => ({
  ...withoutMissing(links),
  name: name.trim(),
  type,
  redirectUris: unique(redirectUris),
  grantTypes: grantTypesFor(redirectUris, isDevice),
  ...withoutMissing({ scopes: scopesFor(scopes, rules) }),
})

/** The update of an app. */
export function updateOf(
  { name, redirectUris, scopes, isDevice, ...links }: UserAppFields,
  app: Client,
  rules: UserAppRules,
): ClientUpdate {
  const update = {
    ...links,
    name: name?.trim(),
    redirectUris: redirectUris && unique(redirectUris),
    ...((redirectUris !== undefined || isDevice !== undefined) && {
      grantTypes: updatedGrantTypes(app, redirectUris ?? app.redirectUris, isDevice ?? isDeviceApp(app)),
    }),
    ...(scopes !== undefined && { scopes: scopesFor(scopes, rules) }),
  }
  return Object.fromEntries(Object.entries(update).filter(([, value]) => value !== undefined))
}

/** Returns whether an app may use the device flow. */
export const isDeviceApp = ({ grantTypes }: Pick<Client, 'grantTypes'>): boolean =>
  grantTypes.includes(DEVICE_GRANT)

/** Never client credentials or passwords: those are for the issuer's own clients. */
const grantTypesFor = (redirectUris: readonly string[], isDevice: boolean): readonly GrantType[] => [
  ...(redirectUris.length > 0 ? ['authorization_code'] : []),
  ...(isDevice ? [DEVICE_GRANT] : []),
  'refresh_token',
]

/** Keeps the grants that the server's operator has added. */
function updatedGrantTypes(
  { grantTypes }: Client,
  redirectUris: readonly string[],
  isDevice: boolean,
): readonly GrantType[] {
  const own = grantTypesFor(redirectUris, isDevice)
  const managed = new Set<GrantType>(['authorization_code', DEVICE_GRANT, 'refresh_token'])
  return [...own, ...grantTypes.filter((grantType) => !managed.has(grantType))]
}

const scopesFor = (scopes: readonly string[] | null | undefined, rules: UserAppRules) =>
  scopes ?? rules.scopes ?? null

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)]

/** Null means the same as missing in a registration. */
const withoutMissing = <Fields extends object>(
  fields: Fields,
): { readonly [Name in keyof Fields]?: NonNullable<Fields[Name]> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)) as {
    readonly [Name in keyof Fields]?: NonNullable<Fields[Name]>
  }

/** Returns what is wrong with the fields of a new app. */
export const newAppProblems = (
  fields: UserAppFields,
  type: ClientType,
  rules: UserAppRules,
): readonly UserAppProblem[] =>
  merge(
    ownProblems(fields, undefined, rules),
    toProblems(registrationProblems(registrationOf(fields, type, rules))),
  )

/** Returns what is wrong with the changed fields of an app. */
export const changedAppProblems = (
  fields: UserAppFields,
  app: Client,
  rules: UserAppRules,
): readonly UserAppProblem[] =>
  merge(ownProblems(fields, app, rules), toProblems(updateProblems(app, updateOf(fields, app, rules))))

/** A logo has one reason: other clients can have more kinds of logos. */
const merge = (
  own: readonly UserAppProblem[],
  others: readonly UserAppProblem[],
): readonly UserAppProblem[] => {
  const hasLogo = own.some(({ field }) => field === 'logo')
  return [...own, ...others.filter(({ field }) => field !== 'logo' || !hasLogo)]
}

/** Converts the problems of a client, and drops what an owner cannot set. */
const toProblems = (problems: readonly ConfigProblem[]): readonly UserAppProblem[] =>
  problems.flatMap(({ path, message }) => {
    const [, name = '', index] = /^(\w+)(?:\[(\d+)\])?$/.exec(path) ?? []
    if (!isField(name)) return []
    return [{ field: name, message, ...(index !== undefined && { index: Number(index) }) }]
  })

/** The name has a stricter check. */
const FIELDS = ['redirectUris', 'logo', 'homepage', 'privacy', 'terms', 'scopes'] as const

const isField = (name: string): name is (typeof FIELDS)[number] =>
  (FIELDS as readonly string[]).includes(name)

function ownProblems(
  fields: UserAppFields,
  app: Client | undefined,
  rules: UserAppRules,
): readonly UserAppProblem[] {
  const { name = app?.name, logo } = fields
  return [
    ...(isVisibleName(name) ? [] : [{ field: 'name', message: VISIBLE_NAME_PROBLEM } as const]),
    ...redirectUriProblems(fields, app, rules),
    ...(typeof logo === 'string' && logo !== app?.logo && !isLogo(logo)
      ? [{ field: 'logo', message: LOGO_PROBLEM } as const]
      : []),
    ...scopeProblems(fields, app, rules),
    ...(fields.isDevice === true && !rules.grants.has(DEVICE_GRANT)
      ? [{ field: 'isDevice', message: 'must be false, because this server has no device flow' } as const]
      : []),
  ]
}

/**
 * A path of our own origin could be one with effects, such as `/logout`. An SVG of 2 kB can keep a browser from ever finishing
 * the page where users disconnect the app. The operator may set both.
 */
const isLogo = (logo: string): boolean =>
  logo.length <= 32_768 && /^data:image\/(?:png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/]+={0,2}$/.test(logo)

const LOGO_PROBLEM =
  'must be a data: URI of a PNG, JPEG, GIF, WebP or AVIF image of at most 32,768 characters'

function redirectUriProblems(
  { redirectUris: given, isDevice }: UserAppFields,
  app: Client | undefined,
  { grants }: UserAppRules,
): readonly UserAppProblem[] {
  const field = 'redirectUris'
  const uris = given ?? app?.redirectUris ?? []
  const needsOne = !(isDevice ?? (app && isDeviceApp(app)) ?? false)
  if (uris.length === 0 && needsOne) return [{ field, message: REDIRECT_URI_PROBLEMS.none }]
  if (uris.length > 0 && !grants.has('authorization_code'))
    return [{ field, message: REDIRECT_URI_PROBLEMS.onlyDevices }]
  return uris.length > MAX_REDIRECT_URIS
    ? [{ field, message: redirectUriMessage('tooMany', MAX_REDIRECT_URIS) }]
    : []
}

/** A scope that the app already has may stay, for example one that the operator has added. */
function scopeProblems(
  { scopes }: UserAppFields,
  app: Client | undefined,
  { scopes: listed, scopeRules }: UserAppRules,
): readonly UserAppProblem[] {
  const allowed = [...(listed ?? scopeRules.defined), ...(app?.scopes ?? [])]
  const isAllowed = (scope: string): boolean =>
    scopeRules.defined.has(scope) && coversScope(scopeRules, allowed, scope)
  return (scopes ?? []).flatMap((scope, index) =>
    isAllowed(scope)
      ? []
      : [{ field: 'scopes', index, message: 'is not a scope that this app may request' } as const],
  )
}
