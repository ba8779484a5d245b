import { createRevocationSet, type RevocationSet } from './revocation-set.ts'

/**
 * The revocations in force, also where the store went back to a backup. What it has forgotten by that stays in force
 * here, until the issuer's epoch is raised: that ends all that the forgotten ones stop.
 */
export interface RevocationHistory extends RevocationSet {
  /** The store went back: what is applied from now on is another present. `epoch`: the issuer's, as it was known before. */
  archive(epoch: number): void
  /** Lets go of pasts that the issuer's epoch has made irrelevant. */
  dropSuperseded(): void
}

interface ArchivedSet {
  readonly set: RevocationSet
  /** The issuer's epoch when it ended. */
  readonly epoch: number
}

/** Begins with an empty present and no past. */
export function createRevocationHistory(): RevocationHistory {
  let present = createRevocationSet()
  let pasts: readonly ArchivedSet[] = []
  let versionBefore = 0
  const sets = (): readonly RevocationSet[] => [present, ...pasts.map(({ set }) => set)]
  const inAny = (has: (set: RevocationSet) => boolean): boolean =>
    has(present) || pasts.some(({ set }) => has(set))
  return {
    get version() {
      return versionBefore + present.version
    },
    get size() {
      return sets().reduce((sum, { size }) => sum + size, 0)
    },
    get issuerEpoch() {
      return Math.max(...sets().map(({ issuerEpoch }) => issuerEpoch))
    },
    apply: (entry) => present.apply(entry),
    hasRevokedToken: (claims) => inAny((set) => set.hasRevokedToken(claims)),
    hasRevokedAuthorization: (authorization) => inAny((set) => set.hasRevokedAuthorization(authorization)),
    hasRevokedSession: (session) => inAny((set) => set.hasRevokedSession(session)),
    sweep(now) {
      for (const set of sets()) set.sweep(now)
      pasts = pasts.filter(({ set }) => set.size > 0)
    },
    archive(epoch) {
      versionBefore += present.version
      pasts = [...pasts, { set: present, epoch }]
      present = createRevocationSet()
    },
    dropSuperseded() {
      pasts = pasts.filter(({ epoch }) => epoch >= present.issuerEpoch)
    },
  }
}
