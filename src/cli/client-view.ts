import type { ClientDeclaration } from '../clients/declaration.ts'
import type { Client } from '../model/client.ts'
import { DEVICE_GRANT } from '../model/device-code.ts'
import { formatScope } from '../model/scope.ts'
import { createFormats } from '../pages/messages/formats.ts'
import type { Project } from './project.ts'
import { dim, fields, relativeTime, table, timestamp } from './output.ts'

/** What the views need of a project. */
type DeclaringProject = Pick<Project, 'clientFields' | 'declaredClients' | 'providers' | 'source'>

/** Returns the declaration of a client in the configuration, if it has one. */
export const declarationOf = (
  { declaredClients }: Pick<Project, 'declaredClients'>,
  { id }: Client,
): ClientDeclaration | undefined => declaredClients.find(({ client }) => client.id === id)

/** Formats a client as JSON, with the names of client registration (RFC 7591 section 2) where it has one. */
export const clientJson = (client: Client, project: DeclaringProject): Readonly<Record<string, unknown>> => ({
  client_id: client.id,
  client_name: client.name,
  type: client.type,
  redirect_uris: client.redirectUris,
  grant_types: client.grantTypes,
  scope: client.scopes && formatScope(client.scopes),
  provider: client.provider,
  third_party: client.isThirdParty,
  declared: declarationOf(project, client) !== undefined,
  owner: client.ownerId,
  publisher: client.publisher,
  logo_uri: client.logo,
  client_uri: client.homepage,
  policy_uri: client.privacy,
  tos_uri: client.terms,
  requires_pkce: client.requiresPkce,
  skips_consent: client.skipsConsent,
  ends_with_session: client.endsWithSession,
  follows_revocations: client.followsRevocations,
  introspects: client.introspects,
  grace_window: inSeconds(client.graceWindow),
  access_token_lifetime: inSeconds(client.accessTokenLifetime),
  refresh_token_lifetime: inSeconds(client.refreshTokenLifetime),
  refresh_token_maximum_lifetime: inSeconds(client.refreshTokenMaximumLifetime),
  fields: project.clientFields.read(client.fields),
  created_at: new Date(client.createdAt).toISOString(),
  revoked_at: client.revokedAt && new Date(client.revokedAt).toISOString(),
})

const inSeconds = (milliseconds: number | null): number | null =>
  milliseconds === null ? null : milliseconds / 1000

/** Formats a client for a terminal. */
export const clientLines = (client: Client, project: DeclaringProject): readonly string[] =>
  fields([
    ['Client ID', client.id],
    ['Declared in', declarationOf(project, client) ? project.source : ''],
    ['Name', client.name],
    ['Type', kindOf(client)],
    ['Secret', describeSecrets(client)],
    ['Third-party', client.isThirdParty ? 'yes' : 'no'],
    ['Owner', client.ownerId ?? ''],
    ['Publisher', client.publisher ?? ''],
    ['Homepage', client.homepage ?? ''],
    ['Privacy', client.privacy ?? ''],
    ['Terms', client.terms ?? ''],
    ['Logo', client.logo === null ? '' : describeLogo(client.logo)],
    ['Grants', client.grantTypes.join(', ') || 'none'],
    ...client.redirectUris.map((uri) => ['Redirect URI', uri] as const),
    ['Scopes', describeScopes(client)],
    ['User provider', client.provider],
    ['Settings', settingsOf(client).join(', ')],
    ['Lifetimes', lifetimesOf(client).join(', ')],
    ...ownFields(client, project),
    ['Created', timestamp(client.createdAt)],
    ['Revoked', client.revokedAt === null ? '' : timestamp(client.revokedAt)],
  ])

/** Your own fields, as their schema reads them. */
const ownFields = (client: Client, { clientFields }: DeclaringProject): readonly [string, string][] =>
  Object.entries(clientFields.read(client.fields)).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ])

/** Formats clients as a table. Revoked ones are dim. */
export function clientTable(clients: readonly Client[], project: DeclaringProject): readonly string[] {
  const hasProviders = project.providers.length > 1
  const hasDeclared = project.declaredClients.length > 0
  const rows = clients.map((client) => [
    client.id,
    client.name,
    kindOf(client),
    ...(hasProviders ? [client.provider] : []),
    ...(hasDeclared ? [declarationOf(project, client) ? 'configuration' : 'database'] : []),
    client.revokedAt === null ? 'active' : `revoked ${relativeTime(client.revokedAt)}`,
  ])
  const head = [
    'Client ID',
    'Name',
    'Type',
    ...(hasProviders ? ['Users'] : []),
    ...(hasDeclared ? ['Source'] : []),
    'Status',
  ]
  return table(head, rows, (line, row) => (clients[row]?.revokedAt ? dim(line) : line))
}

/** Returns the kind of a client in the words of the flags of `consulate client create`. */
function kindOf({ type, grantTypes, followsRevocations, introspects }: Client): string {
  const kinds: Readonly<Record<string, string>> = {
    authorization_code: type === 'public' ? 'public app' : 'web app',
    client_credentials: 'machine',
    [DEVICE_GRANT]: 'device',
    password: 'password',
    implicit: 'implicit',
  }
  const found = grantTypes
    .filter((grant) => grant !== 'refresh_token')
    .map((grant) => kinds[grant] ?? 'custom')
  return [...new Set(found)].join(', ') || (followsRevocations || introspects ? 'service' : 'none')
}

function describeScopes({ scopes, grantTypes }: Client): string {
  if (scopes !== null) return scopes.join(', ') || 'none'
  const hasNone = grantTypes.length === 0 || grantTypes.includes('client_credentials')
  return hasNone ? 'none' : 'all scopes'
}

function describeSecrets({ type, secrets }: Client): string {
  if (type === 'public') return 'none (public client)'
  if (secrets.length === 0) return 'none yet: run `consulate client rotate-secret`'
  const oldEnd = Math.max(...secrets.map(({ expiresAt }) => expiresAt ?? 0))
  return oldEnd > Date.now() ? `set; the old one works until ${timestamp(oldEnd)}` : 'set'
}

const describeLogo = (logo: string): string =>
  logo.startsWith('data:') ? `embedded ${logo.slice('data:'.length, logo.indexOf(';'))}` : logo

/** Returns what differs from the defaults. */
function settingsOf(client: Client): readonly string[] {
  const settings: readonly (string | false)[] = [
    client.requiresPkce && 'requires PKCE',
    client.skipsConsent && 'skips consent',
    client.endsWithSession === client.isThirdParty &&
      (client.endsWithSession ? 'revoked at sign-out' : 'not revoked at sign-out'),
    client.followsRevocations && 'follows revocations',
    client.introspects && 'introspects tokens',
    client.graceWindow !== null && `grace window of ${client.graceWindow / 1000} seconds`,
  ]
  return settings.filter((setting) => setting !== false)
}

/** Returns the lifetimes that differ from those of the server. */
function lifetimesOf(client: Client): readonly string[] {
  const lifetimes: readonly (readonly [string, number | null])[] = [
    ['access tokens', client.accessTokenLifetime],
    ['refresh tokens', client.refreshTokenLifetime],
    ['refresh tokens at most', client.refreshTokenMaximumLifetime],
  ]
  return lifetimes.flatMap(([name, milliseconds]) =>
    milliseconds === null ? [] : [`${name} ${createFormats('en').lifetime(milliseconds / 1000)}`],
  )
}
