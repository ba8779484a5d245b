import { isImportedHash } from '../../clients/imported-secret.ts'
import { registrationProblems } from '../../clients/validation.ts'
import { sha256 } from '../../lib/hash.ts'
import { toClient } from '../../clients/register.ts'
import type { ClientRegistration } from '../../clients/registration.ts'
import type { Client, ClientSecret, GrantType } from '../../model/client.ts'
import { DEVICE_GRANT } from '../../model/device-code.ts'
import { importedClientId } from '../../model/imported-token.ts'
import { redirectUriProblem } from '../../model/redirect-uri-problem.ts'
import { scopeRulesFor } from '../../model/scope.ts'
import type { ImportContext } from './context.ts'
import type { Row } from './rows.ts'
import { isTrue, jsonList, timeOf } from './values.ts'

/** What the tokens of a client become. */
export type ClientOutcome =
  | { readonly kind: 'client'; readonly client: Client }
  /** Passport issues personal access tokens to a client of their own. Ours have none. */
  | { readonly kind: 'personal'; readonly provider: string }

/** Imports a client. Returns undefined if it is skipped, so that its tokens are skipped too. */
export async function importClient(
  row: Row,
  usesClientCredentials: boolean,
  context: ImportContext,
): Promise<ClientOutcome | undefined> {
  const { log, settings, store, timeZone, now, isDryRun } = context
  const id = row['id'] ?? ''
  const skip = (reason: string): undefined => log.skip('clients', reason, id) as undefined
  const provider = row['provider'] || settings.provider
  if (!settings.providers.includes(provider)) return skip('its provider is not configured')
  if (isPersonal(row)) return { kind: 'personal', provider }
  const existing = await store.clients.find(importedClientId(id))
  if (isTrue(row['revoked'])) return existing ? revokeClient(existing, context) : skip('it is revoked')
  const registration = toRegistration(row, provider, usesClientCredentials, context)
  const createdAt = timeOf(row, 'created_at', timeZone) ?? now
  const problem = existing
    ? conflictOf(existing, createdAt)
    : registrationProblems(registration).map(({ path, message }) => `${path} ${message}`)[0]
  if (problem !== undefined) return skip(problem)
  const client = existing ?? toClient(registration, secretsOf(row), createdAt)
  if (client.secrets.some(({ hash }) => hash.startsWith('$2'))) log.hasLegacySecrets = true
  log.count('clients', existing ? 'existing' : 'imported')
  if (!existing && !isDryRun) await store.clients.insert(client)
  return { kind: 'client', client }
}

/** It was imported before, and Passport has revoked it since. */
async function revokeClient(
  client: Client,
  { log, store, now, isDryRun }: ImportContext,
): Promise<undefined> {
  log.count('clients', client.revokedAt === null ? 'revoked' : 'existing')
  if (client.revokedAt === null && !isDryRun)
    await store.revocations.revoke({ kind: 'client', id: client.id }, now)
}

/** A number can belong to a client of another Passport server. A UUID cannot. */
const conflictOf = ({ id, createdAt }: Client, expected: number): string | undefined =>
  id.startsWith('passport-') && createdAt !== expected
    ? 'another client has this ID: it was created at another time'
    : undefined

/** Passport 13 lists grants; Passport 12 has a column for each of two kinds. */
const isPersonal = (row: Row): boolean =>
  isTrue(row['personal_access_client']) || Boolean(jsonList(row['grant_types'])?.includes('personal_access'))

function toRegistration(
  row: Row,
  provider: string,
  usesClientCredentials: boolean,
  { settings, subjectOf, log }: ImportContext,
): ClientRegistration {
  const owner = row['owner_id'] ?? row['user_id'] ?? null
  const ownerId = owner === null ? null : subjectOf({ provider: settings.provider, userId: owner })
  const type = row['secret'] ? 'confidential' : 'public'
  const listed = redirectUrisOf(row)
  const redirectUris = [...new Set(listed)].filter((uri) => redirectUriProblem(uri, type) === undefined)
  if (redirectUris.length < listed.length)
    log.change('clients', 'imported without redirect URIs that are not allowed here', row['id'] ?? '')
  const isForItself = type === 'confidential' && ownerId === null
  const grantTypes = grantTypesOf(row, usesClientCredentials).filter(
    (grant) => isForItself || grant !== 'client_credentials',
  )
  const rules = scopeRulesFor(settings.scopes, { ownerId, isThirdParty: ownerId !== null })
  const scopes = scopesOf(row, grantTypes, [...rules.defined])
  return {
    id: importedClientId(row['id'] ?? ''),
    name: row['name']?.trim() || 'Client',
    type,
    redirectUris,
    grantTypes,
    provider,
    ...(ownerId !== null && { ownerId }),
    ...(scopes && { scopes }),
  }
}

const secretsOf = ({ secret }: Row): readonly ClientSecret[] =>
  secret ? [{ hash: hashOf(secret), expiresAt: null }] : []

/** Passport 12 stores secrets in plain text unless told otherwise. They have 40 random characters. */
const hashOf = (secret: string): string => (isImportedHash(secret) ? secret : sha256(secret))

const redirectUrisOf = (row: Row): readonly string[] =>
  jsonList(row['redirect_uris']) ?? (row['redirect'] ?? '').split(',').filter((uri) => uri !== '')

const SUPPORTED: ReadonlySet<string> = new Set([
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'password',
  'implicit',
  DEVICE_GRANT,
])

/**
 * Passport 12 lets every confidential client use client credentials. Here only those keep them that have no redirect URI, or
 * have a token that they got for themselves.
 */
function grantTypesOf(row: Row, usesClientCredentials: boolean): readonly GrantType[] {
  const listed = jsonList(row['grant_types'])
  if (listed) return listed.filter((grant) => SUPPORTED.has(grant))
  if (isTrue(row['password_client'])) return ['password', 'refresh_token']
  const hasRedirect = redirectUrisOf(row).length > 0
  return [
    ...(hasRedirect ? ['authorization_code', 'refresh_token'] : []),
    ...(!hasRedirect || usesClientCredentials ? ['client_credentials'] : []),
  ]
}

/** Passport gives machine tokens every defined scope. Here client credentials need a list. */
function scopesOf(
  row: Row,
  grantTypes: readonly GrantType[],
  defined: readonly string[],
): readonly string[] | null {
  const listed = jsonList(row['scopes'])?.filter((scope) => scope === '*' || defined.includes(scope))
  return listed ?? (grantTypes.includes('client_credentials') ? defined : null)
}
