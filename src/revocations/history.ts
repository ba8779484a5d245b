import { createRevocationSet, type RevocationSet } from './revocation-set.ts'

/**
 * The revocations in force, even if the database was restored from a backup. Those that the backup lacks stay in force
 * until the issuer epoch is raised, which revokes everything that they revoke.
 */
export interface RevocationHistory extends RevocationSet {
  /** Keeps the current entries and starts an empty set. `issuerEpoch` is the one before the restored backup was read. */
  archive(issuerEpoch: number): void
  /** Drops archived sets once the issuer epoch is higher than theirs. */
  dropSuperseded(): void
}

interface ArchivedSet {
  readonly set: RevocationSet
  readonly issuerEpoch: number
}

export function createRevocationHistory(): RevocationHistory {
  let current = createRevocationSet()
  let archived: readonly ArchivedSet[] = []
  let archivedVersions = 0
  const sets = (): readonly RevocationSet[] => [current, ...archived.map(({ set }) => set)]
  const isInAny = (isIn: (set: RevocationSet) => boolean): boolean =>
    isIn(current) || archived.some(({ set }) => isIn(set))
  return {
    get version() {
      return archivedVersions + current.version
    },
    get size() {
      return sets().reduce((sum, { size }) => sum + size, 0)
    },
    get issuerEpoch() {
      return Math.max(...sets().map(({ issuerEpoch }) => issuerEpoch))
    },
    apply: (entry) => current.apply(entry),
    hasRevokedToken: (claims) => isInAny((set) => set.hasRevokedToken(claims)),
    hasRevokedAuthorization: (authorization) => isInAny((set) => set.hasRevokedAuthorization(authorization)),
    hasRevokedSession: (session) => isInAny((set) => set.hasRevokedSession(session)),
    sweep(now) {
      for (const set of sets()) set.sweep(now)
      archived = archived.filter(({ set }) => set.size > 0)
    },
    archive(issuerEpoch) {
      archivedVersions += current.version
      archived = [...archived, { set: current, issuerEpoch }]
      current = createRevocationSet()
    },
    dropSuperseded() {
      archived = archived.filter(({ issuerEpoch }) => issuerEpoch >= current.issuerEpoch)
    },
  }
}
