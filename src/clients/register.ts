import { randomUUID } from 'node:crypto'
import { ConfigError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { parseDuration } from '../lib/duration.ts'
import { randomBase64url, sha256 } from '../lib/hash.ts'
import type { Client, ClientSecret } from '../model/client.ts'
import type { ClientInfo } from '../model/info.ts'
import type { ClientStore } from '../store/clients.ts'
import { unknownOptionProblems } from '../lib/validator.ts'
import { NO_CLIENT_FIELDS, type ClientFields } from './fields.ts'
import {
  grantTypesOf,
  isThirdPartyOf,
  type ClientRegistration,
  type OwnedClientRegistration,
} from './registration.ts'
import { REGISTRATION_OPTIONS, registrationProblems } from './validation.ts'

/** A new client. */
export interface RegisteredClient<Record extends ClientInfo<object> = ClientInfo> {
  readonly client: Record
  /** Available only here: the store keeps a hash. Undefined for public clients. */
  readonly secret: string | undefined
}

/** The result of the registration of a client by a user. */
export type OwnedClientOutcome =
  | ({ readonly kind: 'created' } & RegisteredClient<Client>)
  /** The user has too many clients. */
  | { readonly kind: 'full' }
  /** The user registered too many in the last 24 hours. */
  | { readonly kind: 'throttled' }
  /** The user was signed out everywhere in the meantime. */
  | { readonly kind: 'revoked' }

/** What the registration of a user depends on. */
export interface OwnerRules {
  /** The most unrevoked clients. */
  readonly limit: number
  /** The user's epoch when they signed in. */
  readonly userEpoch: number
}

const DAY = 86_400_000

/**
 * Registers a client.
 *
 * @throws ConfigError with everything that is wrong with the registration
 */
export async function registerClient(
  clients: Pick<ClientStore, 'insert'>,
  clock: Clock,
  registration: ClientRegistration,
  fields = NO_CLIENT_FIELDS,
): Promise<RegisteredClient<Client>> {
  const registered = prepareClient(registration, clock.now(), fields)
  await clients.insert(registered.client)
  return registered
}

/**
 * Registers a client of a user, unless the user has `limit` unrevoked clients, registered twice as many in a day, or was
 * signed out everywhere.
 *
 * @throws ConfigError with everything that is wrong with the registration
 */
export async function registerOwnedClient(
  clients: Pick<ClientStore, 'insert'>,
  clock: Clock,
  registration: OwnedClientRegistration,
  { limit, userEpoch }: OwnerRules,
): Promise<OwnedClientOutcome> {
  const now = clock.now()
  const registered = prepareClient(registration, now, NO_CLIENT_FIELDS)
  const limits = { active: limit, recent: 2 * limit, since: now - DAY, userEpoch }
  const kind = await clients.insert(registered.client, limits)
  return kind === 'inserted' ? { kind: 'created', ...registered } : { kind }
}

function prepareClient(
  registration: ClientRegistration,
  now: number,
  fields: ClientFields,
): RegisteredClient<Client> {
  const problems = [
    ...unknownOptionProblems('', registration, REGISTRATION_OPTIONS),
    ...registrationProblems(registration),
    ...fields.problems(registration.fields),
  ]
  if (problems.length > 0) throw new ConfigError(problems)
  const secret = registration.type === 'public' ? undefined : randomBase64url(32)
  const secrets = secret === undefined ? [] : [{ hash: sha256(secret), expiresAt: null }]
  return { client: toClient(registration, secrets, now, fields), secret }
}

/** Returns the record of a valid registration. */
export function toClient(
  registration: ClientRegistration,
  secrets: readonly ClientSecret[],
  now: number,
  fields = NO_CLIENT_FIELDS,
): Client {
  const isThirdParty = isThirdPartyOf(registration)
  return {
    id: registration.id ?? randomUUID(),
    name: registration.name,
    type: registration.type ?? 'confidential',
    secrets,
    redirectUris: registration.redirectUris ?? [],
    grantTypes: grantTypesOf(registration),
    scopes: registration.scopes ?? null,
    provider: registration.provider ?? 'users',
    logo: registration.logo ?? null,
    homepage: registration.homepage ?? null,
    privacy: registration.privacy ?? null,
    terms: registration.terms ?? null,
    publisher: registration.publisher ?? null,
    ownerId: registration.ownerId ?? null,
    isThirdParty,
    requiresPkce: registration.requiresPkce ?? false,
    skipsConsent: registration.skipsConsent ?? false,
    endsWithSession: registration.endsWithSession ?? !isThirdParty,
    followsRevocations: registration.followsRevocations ?? false,
    introspects: registration.introspects ?? false,
    graceWindow: parseDuration(registration.graceWindow) ?? null,
    accessTokenLifetime: parseDuration(registration.accessTokenLifetime) ?? null,
    refreshTokenLifetime: parseDuration(registration.refreshTokenLifetime) ?? null,
    refreshTokenMaximumLifetime: parseDuration(registration.refreshTokenMaximumLifetime) ?? null,
    fields: fields.merge({}, registration.fields ?? {}),
    epoch: 0,
    createdAt: now,
    revokedAt: null,
  }
}
