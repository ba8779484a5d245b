import type { ClientPresentation, ClientRegistration } from '../clients/registration.ts'
import { DURATION_FIELDS, type ClientUpdate } from '../clients/update.ts'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import type { Duration } from '../lib/duration.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'
import { EVERY_SCOPE, parseScope } from '../model/scope.ts'
import { UsageError } from './errors.ts'
import { readLogo } from './logo.ts'
import type { Project } from './project.ts'

/** The flags that `consulate client create` and `update` share. */
export interface ClientFlags {
  readonly name?: string
  readonly redirectUri?: readonly string[]
  readonly scope?: readonly string[]
  /** A path on the server, a `data:` URI, or a local file; false removes it. */
  readonly logo?: string | false
  readonly homepage?: string | false
  readonly privacy?: string | false
  readonly terms?: string | false
  readonly publisher?: string | false
  readonly requirePkce?: boolean
  readonly skipConsent?: boolean
  readonly endWithSession?: boolean
  readonly followRevocations?: boolean
  readonly introspect?: boolean
  /** `default` returns to the server's. */
  /** `name=value`, or `name=` to remove it. */
  readonly field?: readonly string[]
  readonly graceWindow?: Duration | 'default'
  readonly accessTokenLifetime?: Duration | 'default'
  readonly refreshTokenLifetime?: Duration | 'default'
  readonly refreshTokenMaximumLifetime?: Duration | 'default'
  readonly json?: boolean
}

/** The flags of `consulate client create`. Without a kind it is a web application. */
export interface CreateFlags extends ClientFlags {
  readonly public?: boolean
  readonly machine?: boolean
  readonly device?: boolean
  readonly service?: boolean
  readonly password?: boolean
  readonly implicit?: boolean
  readonly thirdParty?: boolean
  /** An id or a user name. */
  readonly owner?: string
  readonly provider?: string
}

/** The flags of `consulate client update`. */
export interface UpdateFlags extends ClientFlags {
  readonly grant?: readonly string[]
  readonly allScopes?: boolean
}

/** Returns whether browsers are redirected to a client of this kind. */
export const hasRedirect = ({ machine, device, service, password }: CreateFlags): boolean =>
  !(machine || device || service || password)

/** Converts the flags of `consulate client create`, all but `--owner` and `--provider`. */
export function toRegistration(flags: CreateFlags): ClientRegistration {
  const { name = '', redirectUri: redirectUris = [] } = flags
  const scopes = flags.scope?.flatMap(parseScope) ?? []
  const grantTypes = toGrantTypes(flags)
  return {
    name,
    type: flags.public || flags.implicit ? 'public' : 'confidential',
    redirectUris,
    ...(grantTypes && { grantTypes }),
    ...(scopes.length > 0 && { scopes }),
    ...(flags.thirdParty && { isThirdParty: true }),
    ...toSettings(flags),
    ...(flags.service && { followsRevocations: flags.followRevocations ?? !flags.introspect }),
    ...withoutNull({ ...toDurations(flags), ...toPresentation(flags) }),
  }
}

/** Converts the flags of `consulate client update`. */
export function toUpdate(flags: UpdateFlags): ClientUpdate {
  const { name, redirectUri: redirectUris, grant: grantTypes, allScopes } = flags
  const scopes = allScopes ? null : flags.scope?.flatMap(parseScope)
  return {
    ...(name !== undefined && { name }),
    ...(redirectUris && { redirectUris }),
    ...(grantTypes && { grantTypes }),
    ...(scopes !== undefined && { scopes }),
    ...toDurations(flags),
    ...toSettings(flags),
    ...toPresentation(flags),
  }
}

/** Returns undefined for kinds whose grants follow from the rest of the registration. */
function toGrantTypes({
  device,
  password,
  implicit,
  redirectUri,
}: CreateFlags): readonly string[] | undefined {
  if (implicit) return ['implicit']
  const special = [...(device ? [DEVICE_GRANT] : []), ...(password ? ['password'] : [])]
  if (special.length === 0) return undefined
  return [...(redirectUri?.length ? ['authorization_code'] : []), ...special, 'refresh_token']
}

const toSettings = (flags: ClientFlags) => ({
  ...(flags.requirePkce !== undefined && { requiresPkce: flags.requirePkce }),
  ...(flags.skipConsent !== undefined && { skipsConsent: flags.skipConsent }),
  ...(flags.endWithSession !== undefined && { endsWithSession: flags.endWithSession }),
  ...(flags.followRevocations !== undefined && { followsRevocations: flags.followRevocations }),
  ...(flags.introspect !== undefined && { introspects: flags.introspect }),
})

type Durations = { readonly [Field in (typeof DURATION_FIELDS)[number]]?: Duration | null }

const toDurations = (flags: ClientFlags): Durations =>
  Object.fromEntries(
    DURATION_FIELDS.filter((field) => flags[field] !== undefined).map((field) => [
      field,
      flags[field] === 'default' ? null : flags[field],
    ]),
  )

type Presentation = { readonly [Field in keyof ClientPresentation]: string | null }

function toPresentation({ logo, homepage, privacy, terms, publisher }: ClientFlags): Presentation {
  const given = { logo: logo ? readLogo(logo) : logo, homepage, privacy, terms, publisher }
  return Object.fromEntries(
    Object.entries(given)
      .filter(([, value]) => value !== undefined)
      .map(([field, value]) => [field, value === false ? null : value]),
  )
}

const withoutNull = (given: Presentation & Durations): Partial<ClientRegistration> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))

const FLAGS: Readonly<Record<string, string>> = {
  name: '--name',
  redirectUris: '--redirect-uri',
  grantTypes: '--grant',
  scopes: '--scope',
  provider: '--provider',
  ownerId: '--owner',
  isThirdParty: '--third-party',
  requiresPkce: '--require-pkce',
  skipsConsent: '--skip-consent',
  endsWithSession: '--end-with-session',
  followsRevocations: '--follow-revocations',
  introspects: '--introspect',
  graceWindow: '--grace-window',
  accessTokenLifetime: '--access-token-lifetime',
  refreshTokenLifetime: '--refresh-token-lifetime',
  refreshTokenMaximumLifetime: '--refresh-token-maximum-lifetime',
  logo: '--logo',
  homepage: '--homepage',
  privacy: '--privacy',
  terms: '--terms',
  publisher: '--publisher',
}

/** Runs `work` on a client record. Turns the problems of a `ConfigError` into a `UsageError` that names the flags. */
export async function withFlagNames<Result>(
  record: ClientRegistration | ClientUpdate,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new UsageError(error.problems.map((problem) => describeProblem(problem, record)).join('\n'))
  }
}

/** Describes a problem by its flag: `--redirect-uri http://example.com/cb: must use https`. */
function describeProblem({ path, message }: ConfigProblem, record: object): string {
  const [, ownField] = /^fields\.?(.*)$/.exec(path) ?? []
  if (ownField !== undefined) return `${`--field ${ownField}`.trim()}: ${message}`
  const [, field = '', index] = /^(\w+)(?:\[(\d+)\])?$/.exec(path) ?? []
  const value = (record as Readonly<Record<string, unknown>>)[field]
  const shown = index === undefined ? value : (value as readonly unknown[])[Number(index)]
  const flag = FLAGS[field] ?? path
  return typeof shown === 'string' && shown.length <= 200
    ? `${flag} ${shown}: ${message}`
    : `${flag}: ${message}`
}

/** Throws `UsageError` for scopes that the client could not have: its first request would fail. */
export function checkScopes(
  { scopes: defined, firstPartyScopes, source }: Project,
  scopes: readonly string[],
  isThirdParty: boolean,
): void {
  if (defined === undefined) return
  const closed = isThirdParty ? scopes.filter((scope) => firstPartyScopes.has(scope)) : []
  if (closed.length > 0) throw new UsageError(`--scope ${closed.join(' ')}: for first-party clients only`)
  const unknown = scopes.filter((scope) => scope !== EVERY_SCOPE && !defined.has(scope))
  if (unknown.length === 0) return
  const known = defined.size > 0 ? `Defined: ${[...defined].join(', ')}.` : 'No scopes are defined.'
  throw new UsageError(`--scope ${unknown.join(' ')}: not defined in ${source}. ${known}`)
}

/** Throws `UsageError` if the project has no such user provider. */
export function checkProvider({ providers }: Project, provider: string | undefined): void {
  if (provider === undefined || providers.includes(provider)) return
  throw new UsageError(`--provider ${provider}: must be one of ${providers.join(', ')}`)
}
