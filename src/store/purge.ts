import type { PurgeKind } from '../model/purge-kind.ts'

/** How old a row must be to be deleted. A time that equals its cutoff is old enough; a cutoff of 0 keeps everything. */
export interface PurgeCutoffs {
  readonly now: number
  /** For spent and voided codes, device codes and password resets, and for revoked authorizations and sessions. */
  readonly revokedUntil: number
  /** For expired codes, device codes, password resets, authorizations, sessions, imported tokens and revocation entries. */
  readonly expiredUntil: number
  readonly auditUntil: number
  /** The number of audit entries to keep. Older ones are deleted whatever their age. */
  readonly maxAuditEntries: number
  /** For webhook deliveries that were delivered. */
  readonly deliveredUntil: number
  /** For webhook deliveries that failed, and for pending ones that were due by then. */
  readonly failedUntil: number
  /** The number of webhook deliveries to keep. Older ones are deleted whatever their age. */
  readonly maxDeliveries: number
}

/** One step of a purge. */
export interface PurgeStep {
  readonly kind: PurgeKind
  readonly cutoffs: PurgeCutoffs
  /** The `next` of the previous step; undefined for the first step. */
  readonly after: string | undefined
  /** The number of rows to look at, and so the most that the step deletes. */
  readonly limit: number
  /** Counts the rows without deleting them. */
  readonly isDryRun: boolean
}

/** What a step of a purge did. */
export interface PurgeStepResult {
  /** How many rows it deleted. */
  readonly count: number
  /** Where the next step starts; undefined after the last one. */
  readonly next: string | undefined
  /** For how long (ms) the cutoffs have allowed to delete the last row that it looked at; 0 if unknown. */
  readonly delay: number
  /** How long (ms) the database worked on it. */
  readonly duration: number
}

/** How large steps should be, because requests may have to wait for one. */
export interface PurgeStepSize {
  /** Milliseconds. */
  readonly time: number
  /** Rows of the smallest step, even if it takes longer. */
  readonly least: number
}

/** Deletes old rows in short steps, however many there are. */
export interface PurgeStore {
  readonly stepSize: PurgeStepSize
  /** Counts all rows of a kind, old or not; with cutoffs, only those that a purge looks at. */
  count(kind: PurgeKind, cutoffs?: PurgeCutoffs): Promise<number>
  /**
   * Looks at the next rows of a kind that may be old enough, and deletes those that are and that are not needed.
   * Still needed are:
   *
   * - a code or device code that has not expired, even if it is spent, to detect a replay;
   * - a password reset that has not expired, because it counts towards the limit of its user;
   * - an authorization whose last access token has not expired;
   * - a session with a code that can be spent, an unexpired access token, or an authorization that can be refreshed;
   * - a session that was revoked less than 400 days ago and has an app session and a user;
   * - a revocation entry that has not expired, and the newest entry.
   *
   * Several purges may run at the same time.
   */
  step(step: PurgeStep): Promise<PurgeStepResult>
}
