import { isDeepStrictEqual } from 'node:util'
import type { ConfigProblem } from '../errors.ts'
import type { Client, ClientChanges, ClientSecret } from '../model/client.ts'
import { keepSecrets } from './rotate-secret.ts'

/** A client of the configuration. */
export interface ClientDeclaration {
  /** Its place: `clients[0]`. */
  readonly path: string
  /** The client as it must be stored, with at most one secret. Its epoch and times do not count. */
  readonly client: Client
}

/** What a start does with a declared client. */
export interface ClientPlan {
  readonly client: Client
  /** `revoked` clients stay revoked. */
  readonly action: 'create' | 'update' | 'keep' | 'revoked'
  /** What an update changes. */
  readonly fields: readonly string[]
}

const FIXED = ['type', 'provider', 'isThirdParty'] as const

const CHANGEABLE = [
  'name',
  'redirectUris',
  'grantTypes',
  'scopes',
  'requiresPkce',
  'skipsConsent',
  'endsWithSession',
  'followsRevocations',
  'introspects',
  'logo',
  'homepage',
  'privacy',
  'terms',
  'publisher',
  'graceWindow',
  'accessTokenLifetime',
  'refreshTokenLifetime',
  'refreshTokenMaximumLifetime',
  'fields',
] as const satisfies readonly (keyof ClientChanges)[]

/** Returns why a stored client cannot become the declared one. A revoked client is not changed, so it has no problem. */
export function declarationProblems(
  current: Client | undefined,
  { path, client }: ClientDeclaration,
): readonly ConfigProblem[] {
  if (!current || current.revokedAt !== null) return []
  if (current.ownerId !== null)
    return [{ path: `${path}.id`, message: 'belongs to a client that a user registered. Choose another one' }]
  return FIXED.filter((field) => current[field] !== client[field]).map((field) => ({
    path: `${path}.${field}`,
    message: `cannot change from ${current[field]} to ${client[field]}. Declare another client with another id`,
  }))
}

/** Returns what a start does with a declared client. */
export function planClient(current: Client | undefined, { client }: ClientDeclaration): ClientPlan {
  if (!current) return { client, action: 'create', fields: [] }
  if (current.revokedAt !== null) return { client, action: 'revoked', fields: [] }
  const fields = changedFields(current, client)
  return { client, action: fields.length > 0 ? 'update' : 'keep', fields }
}

function changedFields(current: Client, declared: Client): readonly (keyof ClientChanges)[] {
  const fields = CHANGEABLE.filter((field) => !isDeepStrictEqual(current[field], declared[field]))
  return hasSecret(current, declared.secrets[0]) ? fields : [...fields, 'secrets']
}

/** A client whose declaration has no secret keeps those that it has. */
const hasSecret = ({ secrets: [newest] }: Client, declared: ClientSecret | undefined): boolean =>
  declared === undefined || isDeepStrictEqual(newest, declared)

/** How long the secrets before a declared one keep working, in milliseconds. */
const OVERLAP = 86_400_000

/** Returns the changes that turn a stored client into the declared one. */
export function changesTo(current: Client, { client }: ClientDeclaration, now: number): ClientChanges {
  const changes = changedFields(current, client).map((field) =>
    field === 'secrets'
      ? [field, secretsAfter(current.secrets, client.secrets, now)]
      : [field, client[field]],
  )
  return Object.fromEntries(changes) as ClientChanges
}

function secretsAfter(
  current: readonly ClientSecret[],
  declared: readonly ClientSecret[],
  now: number,
): readonly ClientSecret[] {
  const others = current.filter(({ hash }) => hash !== declared[0]?.hash)
  return [...declared, ...keepSecrets(others, now, now + OVERLAP)]
}
