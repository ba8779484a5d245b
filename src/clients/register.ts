import { randomUUID } from 'node:crypto'
import { ConfigError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { parseDuration } from '../lib/duration.ts'
import { randomBase64url, sha256 } from '../lib/hash.ts'
import type { Client } from '../model/client.ts'
import type { ClientInfo } from '../model/info.ts'
import type { ClientStore } from '../store/contract.ts'
import { unknownOptionProblems } from '../lib/validator.ts'
import { grantTypesOf, isThirdPartyOf, type ClientRegistration } from './registration.ts'
import { REGISTRATION_OPTIONS, registrationProblems } from './validation.ts'

/** A new client. */
export interface RegisteredClient<Record extends ClientInfo = ClientInfo> {
  readonly client: Record
  /** Available only here: the store keeps a hash. Undefined for public clients. */
  readonly secret: string | undefined
}

/**
 * Registers a client.
 *
 * @throws ConfigError with everything that is wrong with the registration
 */
export async function registerClient(
  clients: Pick<ClientStore, 'insert'>,
  clock: Clock,
  registration: ClientRegistration,
): Promise<RegisteredClient<Client>> {
  const problems = [
    ...unknownOptionProblems('', registration, REGISTRATION_OPTIONS),
    ...registrationProblems(registration),
  ]
  if (problems.length > 0) throw new ConfigError(problems)
  const secret = registration.type === 'public' ? undefined : randomBase64url(32)
  const client = toClient(registration, secret, clock.now())
  await clients.insert(client)
  return { client, secret }
}

function toClient(registration: ClientRegistration, secret: string | undefined, now: number): Client {
  const isThirdParty = isThirdPartyOf(registration)
  return {
    id: registration.id ?? randomUUID(),
    name: registration.name,
    type: registration.type ?? 'confidential',
    secrets: secret === undefined ? [] : [{ hash: sha256(secret), expiresAt: null }],
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
    epoch: 0,
    createdAt: now,
    revokedAt: null,
  }
}
