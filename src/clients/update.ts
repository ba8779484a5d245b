import { isDeepStrictEqual } from 'node:util'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import { parseDuration, type Duration } from '../lib/duration.ts'
import type { Client, ClientChanges, GrantType } from '../model/client.ts'
import type { ClientStore } from '../store/clients.ts'
import { unknownOptionProblems, type OptionNames } from '../lib/validator.ts'
import { NO_CLIENT_FIELDS, type ClientFields } from './fields.ts'
import type { ClientPresentation, ClientRegistration } from './registration.ts'
import { registrationProblems } from './validation.ts'

/** Changes to a client. Omitted fields stay as they are. Type, provider, owner and `isThirdParty` never change. */
export interface ClientUpdate<Fields extends object = object> extends Nullable<ClientPresentation> {
  /** The name on the consent page: 1 to 255 characters. */
  readonly name?: string
  /** Replaces the whole list. */
  readonly redirectUris?: readonly string[]
  /** Replaces the whole list. Without `refresh_token` the client's refresh tokens are rejected from now on. */
  readonly grantTypes?: readonly GrantType[]
  /** Replaces the whole list; null allows all scopes. A refresh never returns a scope that is not in the list. */
  readonly scopes?: readonly string[] | null
  /** Requires PKCE of a confidential client. */
  readonly requiresPkce?: boolean
  /** Skips the consent page. First-party clients only. */
  readonly skipsConsent?: boolean
  /** Revokes new authorizations of the client when the user signs out. */
  readonly endsWithSession?: boolean
  /** Lets the client read the revocation feed. Confidential first-party clients only. */
  readonly followsRevocations?: boolean
  /** Lets the client introspect tokens. Confidential first-party clients only. */
  readonly introspects?: boolean
  /** How long a rotated refresh token may be repeated; null for the server's default. */
  readonly graceWindow?: Duration | null
  /** How long access tokens are valid from the next one on; null for the lifetime of the grant. */
  readonly accessTokenLifetime?: Duration | null
  /** How long refresh tokens are valid without use, from the next refresh on; null for the server's default. */
  readonly refreshTokenLifetime?: Duration | null
  /** How long after the sign-in they can be used at all, from the next refresh on; null for the server's default. */
  readonly refreshTokenMaximumLifetime?: Duration | null
  /** Replaces the fields that it names; null removes one. The others stay. */
  readonly fields?: Fields
}

/** The same fields; null removes a value. */
type Nullable<Fields> = { readonly [Name in keyof Fields]: Fields[Name] | null }

/** A client after an update. */
export interface UpdatedClient {
  readonly client: Client
  /** False if every value was the same before. */
  readonly hasChanged: boolean
}

/**
 * Changes a client. Access tokens that were issued before keep their scopes until they expire. Returns undefined if the
 * client does not exist. A function receives the client as it is when it is written, and may throw to refuse.
 *
 * @throws ConfigError with everything that would be wrong with the changed client, or if the client is revoked
 */
export async function updateClient(
  clients: Pick<ClientStore, 'update'>,
  id: string,
  given: ClientUpdate | ((current: Client) => ClientUpdate),
  fields = NO_CLIENT_FIELDS,
): Promise<UpdatedClient | undefined> {
  let hasChanged = false
  const client = await clients.update(id, (current) => {
    const update = typeof given === 'function' ? given(current) : given
    const problems = [
      ...updateProblems(current, update),
      ...fields.updateProblems(current.fields, update.fields),
    ]
    if (problems.length > 0) throw new ConfigError(problems)
    const changes = changesOf(current, update, fields)
    hasChanged = !isDeepStrictEqual({ ...current, ...changes }, current)
    return changes
  })
  return client && { client, hasChanged }
}

/** Applies the rules of registration to the updated client. Returns everything that is wrong with it. */
export function updateProblems(client: Client, changes: ClientUpdate): readonly ConfigProblem[] {
  if (client.revokedAt !== null) return [{ path: 'id', message: 'belongs to a revoked client' }]
  // The client's own times are in milliseconds, not durations, and valid: only new ones are checked.
  const current = Object.entries(client).filter(([field]) => !isDuration(field))
  const registration = { ...Object.fromEntries(current), ...withoutUndefined(changes) }
  return [
    ...unknownOptionProblems('', changes, OPTIONS),
    ...registrationProblems(withoutNull(registration) as unknown as ClientRegistration),
  ]
}

const OPTIONS: OptionNames<ClientUpdate> = {
  name: true,
  redirectUris: true,
  grantTypes: true,
  scopes: true,
  requiresPkce: true,
  skipsConsent: true,
  endsWithSession: true,
  followsRevocations: true,
  introspects: true,
  logo: true,
  homepage: true,
  privacy: true,
  terms: true,
  publisher: true,
  graceWindow: true,
  accessTokenLifetime: true,
  refreshTokenLifetime: true,
  refreshTokenMaximumLifetime: true,
  fields: true,
}

/** The fields of a client that are durations. */
export const DURATION_FIELDS = [
  'graceWindow',
  'accessTokenLifetime',
  'refreshTokenLifetime',
  'refreshTokenMaximumLifetime',
] as const

const isDuration = (field: string): boolean => (DURATION_FIELDS as readonly string[]).includes(field)

function changesOf(current: Client, { fields, ...update }: ClientUpdate, known: ClientFields): ClientChanges {
  const changes = Object.entries(withoutUndefined(update)).map(([field, value]) => [
    field,
    isDuration(field) ? (parseDuration(value) ?? null) : value,
  ])
  const merged = fields && { fields: known.merge(current.fields, fields) }
  return { ...(Object.fromEntries(changes) as ClientChanges), ...merged }
}

/** An undefined field would overwrite the current value. */
const withoutUndefined = <Fields extends object>(fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields

const NULLABLE: ReadonlySet<string> = new Set([
  ...DURATION_FIELDS,
  'ownerId',
  'scopes',
  'logo',
  'homepage',
  'privacy',
  'terms',
  'publisher',
])

/** These are left out of a registration instead. Null stays in all others, and is a problem there. */
const withoutNull = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([name, value]) => value !== null || !NULLABLE.has(name)))
