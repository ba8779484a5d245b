import type { Lease, LeaseStore } from '../store/leases.ts'

/** What a lease needs. */
export interface LeaseOptions {
  readonly store: LeaseStore
  readonly name: string
  /** Names this node. */
  readonly holder: string
  /** How long (ms) a lease is left to a holder that does not renew it. Default: a minute. */
  readonly patience?: number
}

/** A lease, as one node sees it. */
export interface NodeLease {
  look(): Promise<LeaseView>
  /** Takes the lease as it was last seen. Returns undefined if another node was faster. */
  take(): Promise<Turn | undefined>
}

/** What a node sees when it looks at a lease. */
export interface LeaseView {
  /** Whether this node may take it: nobody has it, or its holder has not renewed it for too long. */
  readonly isFree: boolean
  /** Whether another node has had it since this one last looked or held it. */
  readonly hasChanged: boolean
  /** What the last holder left; null if it has finished. */
  readonly state: string | null
}

/** A lease while this node holds it. */
export interface Turn {
  /**
   * Returns whether this node still holds it. Renews it from time to time, with what another node needs to continue. Call it
   * before each step.
   */
  keep(state: string): Promise<boolean>
  /** Gives it back; with a state if the job is not finished. Does nothing if another node has it. */
  end(state: string | null): Promise<void>
}

const PATIENCE = 60_000
/** A holder renews this many times before others lose patience. */
const RENEWALS = 3

/**
 * Creates the view that one node has of a lease. No clocks are compared, because those of nodes differ: a lease has a version
 * that increases with each change, and a node that has seen the same version for `patience`, by its own monotonic clock, takes
 * the lease over. Taking and renewing are conditional on the version, so a node that was frozen notices by its next renewal
 * that it has lost the lease. Until then, it can make one more step: steps must be harmless if two nodes make them.
 */
export function createLease({ store, name, holder, patience = PATIENCE }: LeaseOptions): NodeLease {
  let seen: Lease | undefined
  let seenSince = 0

  /** Returns whether the lease has changed since it was last seen. */
  function see(current: Lease): boolean {
    const hasChanged = seen !== undefined && seen.version !== current.version
    if (seen?.version !== current.version) seenSince = performance.now()
    seen = current
    return hasChanged
  }
  /** Changes the lease only if it still has a version. Returns what it then is. */
  async function change(from: number, next: Omit<Lease, 'version'>): Promise<Lease | undefined> {
    if (!(await store.change(name, { ...next, from }))) return undefined
    const current = { ...next, version: from + 1 }
    see(current)
    return current
  }
  function createTurn(taken: Lease): Turn {
    let held: Lease | undefined = taken
    let renewedAt = performance.now()
    return {
      async keep(state) {
        const startedAt = performance.now()
        if (!held || startedAt - renewedAt < patience / RENEWALS) return held !== undefined
        held = await change(held.version, { holder, state })
        renewedAt = startedAt
        return held !== undefined
      },
      async end(state) {
        if (held) await change(held.version, { holder: null, state })
        held = undefined
      },
    }
  }

  return {
    async look() {
      const current = (await store.find(name)) ?? NEVER_TAKEN
      const hasChanged = see(current)
      const isFree = current.holder === null || performance.now() - seenSince >= patience
      return { isFree, hasChanged, state: current.state }
    },
    async take() {
      const { version, state } = seen ?? NEVER_TAKEN
      const taken = await change(version, { holder, state })
      return taken && createTurn(taken)
    },
  }
}

const NEVER_TAKEN: Lease = { holder: null, version: 0, state: null }
