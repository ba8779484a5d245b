/** Who does a job, and how far it has come. */
export interface Lease {
  /** The node that has the lease; null if none has. */
  readonly holder: string | null
  /** Increases with each change. */
  readonly version: number
  /** What the job left for its next run; null if nothing. */
  readonly state: string | null
}

/** A change of a lease. */
export interface LeaseChange extends Omit<Lease, 'version'> {
  /** The version that the lease must have; 0 if it was never taken. */
  readonly from: number
}

/** Leases, by name: jobs that one node does at a time. They contain no times, because the clocks of nodes differ. */
export interface LeaseStore {
  /** Returns undefined if the lease was never taken. */
  find(name: string): Promise<Lease | undefined>
  /** Changes a lease only if it has the version `from`, and increases the version by 1. Returns whether it did. */
  change(name: string, change: LeaseChange): Promise<boolean>
}
