import { epochsOf, type AccessTokenClaims } from '../model/claims.ts'
import { hasCurrentEpochs, type Epochs } from '../model/epochs.ts'
import type { RevocationEntry, RevocationKind } from '../model/revocation.ts'

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
  /** Drops entries whose tokens have all expired. Checks 50,000 entries per call, and continues there the next time. */
  sweep(now: number): void
}

interface StoredEntry {
  readonly epoch: number
  readonly expiresAt: number
}

type EntriesByKind = Readonly<Record<RevocationKind, Map<string, StoredEntry>>>

/** The number of entries that a sweep checks. It takes a few milliseconds, and requests wait meanwhile. */
const SWEEP_SIZE = 50_000

export function createRevocationSet(): RevocationSet {
  const entries: EntriesByKind = {
    token: new Map(),
    authorization: new Map(),
    session: new Map(),
    user: new Map(),
    client: new Map(),
    issuer: new Map(),
  }
  let version = 0
  let unswept = allEntries(entries)
  const issuerEpoch = (): number => entries.issuer.get('')?.epoch ?? 0
  const currentEpochs = (subject: string, clientId: string): Epochs => ({
    issuer: issuerEpoch(),
    client: entries.client.get(clientId)?.epoch ?? 0,
    user: entries.user.get(subject)?.epoch ?? 0,
  })
  return {
    get version() {
      return version
    },
    get size() {
      return Object.values(entries).reduce((sum, map) => sum + map.size, 0)
    },
    get issuerEpoch() {
      return issuerEpoch()
    },
    apply({ kind, subject, epoch, expiresAt }) {
      const known = entries[kind].get(subject)
      const next = {
        epoch: Math.max(epoch, known?.epoch ?? 0),
        expiresAt: latest(expiresAt, known?.expiresAt),
      }
      if (known && known.epoch === next.epoch && known.expiresAt === next.expiresAt) return false
      entries[kind].set(subject, next)
      version += 1
      return true
    },
    hasRevokedToken(claims) {
      if (entries.token.has(claims.jti)) return true
      if (claims.azn !== undefined && entries.authorization.has(claims.azn)) return true
      if (claims.sid !== undefined && entries.session.has(claims.sid)) return true
      const current = currentEpochs(claims.subject_type === 'user' ? claims.sub : '', claims.client_id)
      return !hasCurrentEpochs(epochsOf(claims), current)
    },
    hasRevokedAuthorization({ id, sessionId, epochs, subject, clientId }) {
      if (entries.authorization.has(id)) return true
      if (sessionId !== null && entries.session.has(sessionId)) return true
      return !hasCurrentEpochs(epochs, currentEpochs(subject, clientId))
    },
    hasRevokedSession({ id, subject, issuerEpoch: issuer, userEpoch: user }) {
      return (
        entries.session.has(id) || !hasCurrentEpochs({ issuer, client: 0, user }, currentEpochs(subject, ''))
      )
    },
    sweep(now) {
      for (let checked = 0; checked < SWEEP_SIZE; checked += 1) {
        const { value, done } = unswept.next()
        if (done) {
          unswept = allEntries(entries)
          return
        }
        const [map, subject, { expiresAt }] = value
        if (expiresAt <= now) map.delete(subject)
      }
    },
  }
}

/** Includes entries that are added during the iteration. */
function* allEntries(
  entries: EntriesByKind,
): Generator<readonly [Map<string, StoredEntry>, string, StoredEntry], void> {
  for (const map of Object.values(entries)) for (const [subject, entry] of map) yield [map, subject, entry]
}

const latest = (expiresAt: number | null, known = 0): number =>
  Math.max(expiresAt ?? Number.POSITIVE_INFINITY, known)
