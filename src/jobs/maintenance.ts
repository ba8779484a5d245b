import type { Logger } from '../lib/log.ts'
import type { LeaseStore } from '../store/leases.ts'
import { measureLoad } from './load.ts'
import { createLease, type NodeLease, type Turn } from './lease.ts'
import { purge, trimAudit, type PurgeContext, type PurgeCourse } from './purge.ts'
import { repeat } from './repeat.ts'

/** The dependencies of the maintenance. */
export interface MaintenanceOptions extends PurgeContext {
  readonly leases: LeaseStore
  /** Names this node in leases. */
  readonly nodeId: string
  /** Milliseconds; 0 turns purging off. */
  readonly purgeInterval: number
  readonly logger: Logger
}

/** The maintenance that a running server does by itself. */
export interface Maintenance {
  /** Stops it, between two batches. */
  close(): Promise<void>
}

/** A job that one node does at a time, in short steps. */
interface Job {
  /** Names it in the log. */
  readonly title: string
  /** Names its lease. */
  readonly name: string
  /** Milliseconds between two runs, on any node. */
  readonly interval: number
  /** Returns whether it finished. */
  readonly run: (course: PurgeCourse) => Promise<boolean>
}

const MINUTE = 60_000

/**
 * Purges at the interval, and trims the audit log every minute, each on one node at a time. What a node could not finish,
 * because it was stopped or killed, another one continues within two minutes.
 */
export function startMaintenance(options: MaintenanceOptions): Maintenance {
  const { purgeInterval, auditRetention, leases, nodeId, logger } = options
  const abort = new AbortController()
  const { signal } = abort
  const context = { ...options, load: measureLoad() }
  const jobs: readonly Job[] = [
    {
      title: 'Purge',
      name: 'purge',
      interval: purgeInterval,
      run: async (course) => (await purge(context, { signal }, course)).isComplete,
    },
    {
      title: 'Trimming the audit log',
      name: 'trim-audit',
      interval: auditRetention > 0 ? MINUTE : 0,
      run: async (course) => (await trimAudit(context, signal, course)).isComplete,
    },
  ]
  const stops = jobs
    .filter(({ interval }) => interval > 0)
    .map((job) => {
      const work = takeTurns(job, createLease({ store: leases, name: job.name, holder: nodeId }))
      const wait = (): number => jittered(Math.min(job.interval, MINUTE))
      return repeat({ name: job.title, wait, work, logger })
    })
  return {
    async close() {
      abort.abort()
      await Promise.all(stops.map((stop) => stop()))
    },
  }
}

/** Spreads the nodes. */
const jittered = (interval: number): number => interval * (0.75 + Math.random() / 2)

/**
 * Returns what a node does every minute: it continues what another one left, or runs the job if no other one has for an
 * interval.
 */
function takeTurns({ interval, run }: Job, lease: NodeLease): () => Promise<void> {
  // A job that runs as often as a node looks is due each time.
  const pause = (): number => (interval > MINUTE ? jittered(interval) : 0.75 * interval)
  let dueAt = performance.now() + pause()
  return async () => {
    const { isFree, hasChanged, state } = await lease.look()
    if (hasChanged) dueAt = performance.now() + pause()
    const isDue = state !== null || performance.now() >= dueAt
    const turn = isFree && isDue ? await lease.take() : undefined
    if (!turn) return
    await work(turn, state, run)
    dueAt = performance.now() + pause()
  }
}

/** Runs a job from where it was left, and leaves where it stopped. */
async function work(turn: Turn, from: string | null, run: Job['run']): Promise<void> {
  let position = from
  let isFinished = false
  const mayContinue = (next: string): Promise<boolean> => {
    position = next
    return turn.keep(next)
  }
  try {
    isFinished = await run({ from, mayContinue })
  } finally {
    await turn.end(isFinished ? null : position)
  }
}
