/** What a purge goes through, one kind after the other. */
export type PurgeKind = 'codes' | 'deviceCodes' | 'authorizations' | 'sessions' | 'revocations' | 'audit'

/** What is over. What ended at the very bound is over too; a bound of 0 spares all that ended in this way. */
export interface PurgeCutoffs {
  readonly now: number
  /** Codes of both sorts that were spent or voided, authorizations and sessions that were revoked, up to then. */
  readonly revokedUntil: number
  /** Codes, authorizations, sessions and revocation entries that expired up to then. */
  readonly expiredUntil: number
  /** Audit entries of up to then. */
  readonly auditUntil: number
  /** How many audit entries are left at the most; of more, the oldest are over, whatever their age. */
  readonly maxAuditEntries: number
}

/** One step of a purge. */
export interface PurgeStep {
  readonly kind: PurgeKind
  readonly cutoffs: PurgeCutoffs
  /** The `next` of the step before; undefined to begin. */
  readonly after: string | undefined
  /** How many rows to look at: of so many are deleted at the most. */
  readonly limit: number
  /** Whether rows are only counted. */
  readonly isDryRun: boolean
}

/** Deletes what is over, in steps that are short however many rows there are. */
export interface PurgeStore {
  /** How many rows of a kind there are, over or not. */
  count(kind: PurgeKind): Promise<number>
  /**
   * Looks at the next rows of a kind, by key, and deletes those that are over and that nothing alive depends on: never
   * a code that has not expired; an authorization with an access token that has not; a session with an authorization or
   * a code that can still be used; a revocation entry that stops a token, or the newest of them. How many were `over`, and where to go on;
   * `next` is undefined where nothing can be left. Several purges at once are harmless.
   */
  step(step: PurgeStep): Promise<{ readonly count: number; readonly next: string | undefined }>
}
