import { epochsOf, type AccessTokenClaims } from '../model/claims.ts'
import { hasCurrentEpochs, type Epochs } from '../model/epochs.ts'
import type { RevocationEntry, RevocationKind } from '../model/revocation.ts'

/** A session as far as its revocation is concerned. */
export interface RevocableSession {
  readonly id: string
  readonly subject: string
  readonly issuerEpoch: number
  readonly userEpoch: number
}

/** An authorization as far as its revocation is concerned. */
export interface RevocableAuthorization {
  readonly id: string
  readonly subject: string
  readonly clientId: string
  readonly sessionId: string | null
  readonly epochs: Epochs
}

/** The revocations in force, in memory: a look-up each, no query. */
export interface RevocationSet {
  /** Grows whenever an entry comes in that was not known. What was checked at this version need not be checked again. */
  readonly version: number
  readonly size: number
  /** The least epoch of the issuer that lives. */
  readonly issuerEpoch: number
  /** Takes an entry in; knowing it already is harmless, and an epoch is never lowered. */
  apply(entry: RevocationEntry): void
  hasRevokedToken(claims: AccessTokenClaims): boolean
  hasRevokedAuthorization(authorization: RevocableAuthorization): boolean
  hasRevokedSession(session: RevocableSession): boolean
  /** Drops entries whose tokens have all expired: looks at 50,000, and goes on from there when it is called again. */
  sweep(now: number): void
}

interface Kept {
  readonly epoch: number
  readonly expiresAt: number
}

type Maps = Readonly<Record<RevocationKind, Map<string, Kept>>>

/** How many entries one sweep looks at: a few milliseconds' worth, since requests wait meanwhile. */
const SWEPT_AT_ONCE = 50_000

/** Makes an empty live set. */
export function createRevocationSet(): RevocationSet {
  const kept: Maps = {
    token: new Map(),
    authorization: new Map(),
    session: new Map(),
    user: new Map(),
    client: new Map(),
    issuer: new Map(),
  }
  let version = 0
  let round = everyEntry(kept)
  const epochs = (subject: string, clientId: string): Epochs => ({
    issuer: kept.issuer.get('')?.epoch ?? 0,
    client: kept.client.get(clientId)?.epoch ?? 0,
    user: kept.user.get(subject)?.epoch ?? 0,
  })
  return {
    get version() {
      return version
    },
    get size() {
      return Object.values(kept).reduce((sum, map) => sum + map.size, 0)
    },
    get issuerEpoch() {
      return kept.issuer.get('')?.epoch ?? 0
    },
    apply({ kind, subject, epoch, expiresAt }) {
      const known = kept[kind].get(subject)
      const next = {
        epoch: Math.max(epoch, known?.epoch ?? 0),
        expiresAt: latest(expiresAt, known?.expiresAt),
      }
      if (known && known.epoch === next.epoch && known.expiresAt === next.expiresAt) return
      kept[kind].set(subject, next)
      version += 1
    },
    hasRevokedToken(claims) {
      if (kept.token.has(claims.jti)) return true
      if (claims.azn !== undefined && kept.authorization.has(claims.azn)) return true
      if (claims.sid !== undefined && kept.session.has(claims.sid)) return true
      const current = epochs(claims.subject_type === 'user' ? claims.sub : '', claims.client_id)
      return !hasCurrentEpochs(epochsOf(claims), current)
    },
    hasRevokedAuthorization({ id, sessionId, epochs: born, subject, clientId }) {
      if (kept.authorization.has(id) || (sessionId !== null && kept.session.has(sessionId))) return true
      return !hasCurrentEpochs(born, epochs(subject, clientId))
    },
    hasRevokedSession({ id, subject, issuerEpoch, userEpoch }) {
      return (
        kept.session.has(id) ||
        !hasCurrentEpochs({ issuer: issuerEpoch, client: 0, user: userEpoch }, epochs(subject, ''))
      )
    },
    sweep(now) {
      for (let looked = 0; looked < SWEPT_AT_ONCE; looked += 1) {
        const { value, done } = round.next()
        if (done) {
          round = everyEntry(kept)
          return
        }
        const [map, subject, { expiresAt }] = value
        if (expiresAt <= now) map.delete(subject)
      }
    },
  }
}

/** Goes through all entries, those included that come in meanwhile. */
function* everyEntry(kept: Maps): Generator<readonly [Map<string, Kept>, string, Kept], void> {
  for (const map of Object.values(kept)) for (const [subject, entry] of map) yield [map, subject, entry]
}

const latest = (expiresAt: number | null, known = 0): number =>
  Math.max(expiresAt ?? Number.POSITIVE_INFINITY, known)
