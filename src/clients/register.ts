import { randomUUID } from 'node:crypto'
import { ConfigError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { parseDuration } from '../lib/duration.ts'
import { randomBase64url, sha256 } from '../lib/hash.ts'
import type { Client } from '../model/client.ts'
import type { ClientStore } from '../store/contract.ts'
import {
  defaultGrantTypes,
  registrationProblems,
  unknownOptionsOf,
  type ClientRegistration,
} from './registration.ts'

/** A client that has just been registered. */
export interface RegisteredClient {
  readonly client: Client
  /** Shown this once; the store keeps its hash. Undefined for public clients. */
  readonly secret: string | undefined
}

/**
 * Registers a client.
 *
 * @throws ConfigError with every problem of the registration
 */
export async function registerClient(
  clients: Pick<ClientStore, 'insert'>,
  clock: Clock,
  registration: ClientRegistration,
): Promise<RegisteredClient> {
  const problems = [...unknownOptionsOf(registration), ...registrationProblems(registration)]
  if (problems.length > 0) throw new ConfigError(problems)
  const secret = registration.type === 'public' ? undefined : randomBase64url(32)
  const client = clientOf(registration, secret, clock.now())
  await clients.insert(client)
  return { client, secret }
}

function clientOf(registration: ClientRegistration, secret: string | undefined, now: number): Client {
  const { redirectUris = [], ownerId = null, graceWindow, scopes = null } = registration
  return {
    id: registration.id ?? randomUUID(),
    name: registration.name,
    type: registration.type ?? 'confidential',
    secrets: secret === undefined ? [] : [{ hash: sha256(secret), expiresAt: null }],
    redirectUris,
    grantTypes: defaultGrantTypes(registration),
    scopes,
    provider: registration.provider ?? 'users',
    ownerId,
    requiresPkce: registration.requiresPkce ?? false,
    skipsConsent: registration.skipsConsent ?? false,
    endsWithSession: registration.endsWithSession ?? ownerId === null,
    followsRevocations: registration.followsRevocations ?? false,
    graceWindow: parseDuration(graceWindow) ?? null,
    epoch: 0,
    createdAt: now,
    revokedAt: null,
  }
}
