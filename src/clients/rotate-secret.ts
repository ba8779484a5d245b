import { ConfigError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { parseDuration, type Duration } from '../lib/duration.ts'
import { randomBase64url, sha256 } from '../lib/hash.ts'
import type { Client, ClientSecret } from '../model/client.ts'
import type { ClientInfo } from '../model/info.ts'
import type { ClientStore } from '../store/clients.ts'

/** The options of a secret rotation. */
export interface SecretRotation {
  /** How long the old secrets keep working, at most nine of them. Default 24 hours; 0 revokes them immediately. */
  readonly overlap?: Duration
}

/** A client with a new secret. */
export interface RotatedSecret<Record extends ClientInfo<object> = ClientInfo> {
  readonly client: Record
  /** Available only here: the store keeps a hash. */
  readonly secret: string
  /** When the old secrets stop working, in milliseconds, if they do not expire sooner. */
  readonly oldSecretsExpireAt: number
}

/**
 * Creates a new secret for a client. Returns undefined if the client does not exist. `check` receives the client as it is when
 * it is written, and may throw to refuse.
 *
 * @throws ConfigError if the overlap is not a duration, or if the client is public or revoked
 */
export async function rotateSecret(
  clients: Pick<ClientStore, 'update'>,
  clock: Clock,
  id: string,
  { overlap = '24h' }: SecretRotation = {},
  check: (current: Client) => void = () => undefined,
): Promise<RotatedSecret<Client> | undefined> {
  const overlapMs =
    parseDuration(overlap) ?? fail('overlap', 'must be a duration; 0 revokes the old secret immediately')
  const secret = randomBase64url(32)
  const now = clock.now()
  // Of two concurrent rotations, the second sees the secrets of the first. Otherwise it would restore what that one revoked.
  const client = await clients.update(id, (current) => {
    check(current)
    checkCanRotate(current)
    const secrets = keepSecrets(current.secrets, now, now + overlapMs)
    return { secrets: [{ hash: sha256(secret), expiresAt: null }, ...secrets] }
  })
  return client && { client, secret, oldSecretsExpireAt: now + overlapMs }
}

/** Each is compared when the client authenticates, so there cannot be any number of them. */
const MAX_OLD_SECRETS = 9

/** Returns the secrets that still work, none longer than before: the newest ones. */
export const keepSecrets = (
  secrets: readonly ClientSecret[],
  now: number,
  latest: number,
): readonly ClientSecret[] =>
  secrets
    .map(({ hash, expiresAt }) => ({ hash, expiresAt: Math.min(expiresAt ?? latest, latest) }))
    .filter(({ expiresAt }) => expiresAt > now)
    .slice(0, MAX_OLD_SECRETS)

function checkCanRotate({ type, revokedAt }: Client): void {
  if (type === 'public') fail('type', 'a public client has no secret')
  if (revokedAt !== null) fail('id', 'belongs to a revoked client')
}

function fail(path: string, message: string): never {
  throw new ConfigError([{ path, message }])
}
