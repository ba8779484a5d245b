import { ConfigError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { parseDuration, type Duration } from '../lib/duration.ts'
import { randomBase64url, sha256 } from '../lib/hash.ts'
import type { Client, ClientSecret } from '../model/client.ts'
import type { ClientInfo } from '../model/info.ts'
import type { ClientStore } from '../store/contract.ts'

/** How a secret is replaced. */
export interface SecretRotation {
  /** How long those before still work; default 24 hours, 0 ends them at once. */
  readonly overlap?: Duration
}

/** A client whose secret has just been replaced. */
export interface RotatedSecret<Record extends ClientInfo = ClientInfo> {
  readonly client: Record
  /** Shown this once; the store keeps its hash. */
  readonly secret: string
  /** When those before stop working (ms), unless they would sooner. */
  readonly oldSecretsExpireAt: number
}

/**
 * Gives a client another secret. Undefined where there is no such client.
 *
 * @throws ConfigError where the overlap is no duration, where the client is public, and where it is revoked
 */
export async function rotateSecret(
  clients: Pick<ClientStore, 'update'>,
  clock: Clock,
  id: string,
  { overlap = '24h' }: SecretRotation = {},
): Promise<RotatedSecret<Client> | undefined> {
  const kept = parseDuration(overlap) ?? fail('overlap', 'must be a duration; 0 ends the old secret at once')
  const secret = randomBase64url(32)
  const now = clock.now()
  // Of two rotations at once the later one sees the former's secret, or it would bring back what that one ended.
  const client = await clients.update(id, (current) => {
    checkCanRotate(current)
    const secrets = remaining(current.secrets, now, now + kept)
    return { secrets: [{ hash: sha256(secret), expiresAt: null }, ...secrets] }
  })
  return client && { client, secret, oldSecretsExpireAt: now + kept }
}

/** The secrets that work now and still will; none longer than it would have. */
const remaining = (secrets: readonly ClientSecret[], now: number, endsAt: number): readonly ClientSecret[] =>
  secrets
    .map(({ hash, expiresAt }) => ({ hash, expiresAt: Math.min(expiresAt ?? endsAt, endsAt) }))
    .filter(({ expiresAt }) => expiresAt > now)

function checkCanRotate({ type, revokedAt }: Client): void {
  if (type === 'public') fail('type', 'a public client has no secret')
  if (revokedAt !== null) fail('id', 'is that of a revoked client')
}

function fail(path: string, message: string): never {
  throw new ConfigError([{ path, message }])
}
