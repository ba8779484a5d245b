import { epochsOf, type AccessTokenClaims } from '../model/claims.ts'
import { hasCurrentEpochs, type Epochs } from '../model/epochs.ts'
import type { RevocationEntry } from '../model/revocation.ts'
import { createShardedMap, type ShardedMap } from './sharded-map.ts'

/** The fields of a session that decide whether it is revoked. */
export interface RevocableSession {
  readonly id: string
  readonly subject: string
  readonly issuerEpoch: number
  readonly userEpoch: number
}

/** The fields of an authorization that decide whether it is revoked. */
export interface RevocableAuthorization {
  readonly id: string
  readonly subject: string
  readonly clientId: string
  readonly sessionId: string | null
  readonly epochs: Epochs
}

/** The revocations in force, in memory. */
export interface RevocationSet {
  /** Increases with each new entry. A token that was not revoked at a version is not revoked while it stays the same. */
  readonly version: number
  readonly size: number
  /** Everything from an earlier issuer epoch is revoked. */
  readonly issuerEpoch: number
  /** Adds an entry. Adding it again has no effect, and an epoch is never lowered. Returns whether anything changed. */
  apply(entry: RevocationEntry): boolean
  hasRevokedToken(claims: AccessTokenClaims): boolean
  hasRevokedAuthorization(authorization: RevocableAuthorization): boolean
  hasRevokedSession(session: RevocableSession): boolean
  /** Drops entries whose tokens have all expired. Checks some of them per call, and continues there the next time. */
  sweep(now: number): void
}

/**
 * When each entry of a kind without epochs expires. In whole seconds: a Map stores a small integer in place, but needs an
 * object for a time in milliseconds.
 */
type Expiries = ShardedMap<number>

interface RaisedEpoch {
  readonly epoch: number
  /** In whole seconds. */
  readonly expiresAt: number
}

type RaisedEpochs = ShardedMap<RaisedEpoch>

/** The number of entries that a sweep checks. It takes about a millisecond, and requests wait meanwhile. */
const SWEEP_SIZE = 5_000

export function createRevocationSet(): RevocationSet {
  const revoked = {
    token: createShardedMap<number>(),
    authorization: createShardedMap<number>(),
    session: createShardedMap<number>(),
  }
  const raised = {
    user: createShardedMap<RaisedEpoch>(),
    client: createShardedMap<RaisedEpoch>(),
    issuer: createShardedMap<RaisedEpoch>(),
  }
  const maps = [...Object.values(revoked), ...Object.values(raised)]
  let version = 0
  let unswept = allEntries(maps)
  const issuerEpoch = (): number => raised.issuer.get('')?.epoch ?? 0
  const currentEpochs = (subject: string, clientId: string): Epochs => ({
    issuer: issuerEpoch(),
    client: raised.client.get(clientId)?.epoch ?? 0,
    user: raised.user.get(subject)?.epoch ?? 0,
  })
  return {
    get version() {
      return version
    },
    get size() {
      return maps.reduce((sum, map) => sum + map.size, 0)
    },
    get issuerEpoch() {
      return issuerEpoch()
    },
    apply(entry) {
      const { kind } = entry
      const isNew =
        kind === 'user' || kind === 'client' || kind === 'issuer'
          ? raise(raised[kind], entry)
          : extend(revoked[kind], entry)
      if (isNew) version += 1
      return isNew
    },
    hasRevokedToken(claims) {
      if (revoked.token.has(claims.jti)) return true
      if (claims.azn !== undefined && revoked.authorization.has(claims.azn)) return true
      if (claims.sid !== undefined && revoked.session.has(claims.sid)) return true
      const current = currentEpochs(claims.subject_type === 'user' ? claims.sub : '', claims.client_id)
      return !hasCurrentEpochs(epochsOf(claims), current)
    },
    hasRevokedAuthorization({ id, sessionId, epochs, subject, clientId }) {
      if (revoked.authorization.has(id)) return true
      if (sessionId !== null && revoked.session.has(sessionId)) return true
      return !hasCurrentEpochs(epochs, currentEpochs(subject, clientId))
    },
    hasRevokedSession({ id, subject, issuerEpoch: issuer, userEpoch: user }) {
      return (
        revoked.session.has(id) || !hasCurrentEpochs({ issuer, client: 0, user }, currentEpochs(subject, ''))
      )
    },
    sweep(now) {
      for (let checked = 0; checked < SWEEP_SIZE; checked += 1) {
        const { value, done } = unswept.next()
        if (done) {
          unswept = allEntries(maps)
          return
        }
        const [map, subject, entry] = value
        const expiresAt = typeof entry === 'number' ? entry : entry.expiresAt
        if (expiresAt * 1000 <= now) map.delete(subject)
      }
    },
  }
}

/** Returns whether the subject was new or now expires later. */
function extend(expiries: Expiries, { subject, expiresAt }: RevocationEntry): boolean {
  const [known, next] = [expiries.get(subject) ?? 0, toExpiry(expiresAt)]
  if (next <= known) return false
  expiries.set(subject, next)
  return true
}

/** Returns whether the epoch was raised or now expires later. */
function raise(epochs: RaisedEpochs, { subject, epoch, expiresAt }: RevocationEntry): boolean {
  const known = epochs.get(subject)
  const next = {
    epoch: Math.max(epoch, known?.epoch ?? 0),
    expiresAt: Math.max(toExpiry(expiresAt), known?.expiresAt ?? 0),
  }
  if (known?.epoch === next.epoch && known.expiresAt === next.expiresAt) return false
  epochs.set(subject, next)
  return true
}

/** Rounds up, so that no entry expires before its tokens. */
const toExpiry = (expiresAt: number | null): number =>
  expiresAt === null ? Number.POSITIVE_INFINITY : Math.ceil(expiresAt / 1000)

type AnyMap = Expiries | RaisedEpochs

/** Includes entries that are added during the iteration. */
function* allEntries(
  maps: readonly AnyMap[],
): Generator<readonly [AnyMap, string, number | RaisedEpoch], void> {
  for (const map of maps) for (const [subject, entry] of map.entries()) yield [map, subject, entry]
}
