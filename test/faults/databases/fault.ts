import { execFileSync } from 'node:child_process'
import type { World } from './world.ts'

/** Something that goes wrong, and how it ends. */
export interface Fault {
  /** What happens: `killed, restarted after 3 s`. */
  readonly name: string
  /** How long it lasts (ms). */
  readonly duration: number
  readonly begin: (world: World) => Promise<void> | void
  /** Undoes it, as an operator or the fault itself would. Nobody helps the nodes. */
  readonly end: (world: World) => Promise<void> | void
  /** Refusals that are right during this fault, by their label: an expired token if a clock is an hour ahead. */
  readonly expected?: RegExp
  /** How much (ms) of what was acknowledged just before the fault it destroys: the lag of a replica. */
  readonly loses?: number
}

/** A database under two nodes, and what can go wrong with it. */
export interface Place {
  readonly world: World
  readonly faults: readonly Fault[]
  close(): Promise<void>
}

/** A kind of place. */
export interface Setting {
  readonly name: string
  readonly isAvailable: boolean
  /** Returns the name and version of its program. */
  readonly version?: () => string
  readonly open: () => Promise<Place>
}

/** Returns what a program says about its version, in short: `PostgreSQL 15.9`. */
export function versionOf(program: string): string {
  const text = execFileSync(program, ['--version'], { encoding: 'utf8' })
  const [version = ''] = /\d+\.\d+(\.\d+)?/.exec(text) ?? []
  return `${NAMES[program.split('/').at(-1) ?? ''] ?? program} ${version}`
}

const NAMES: Readonly<Record<string, string>> = {
  postgres: 'PostgreSQL',
  mariadbd: 'MariaDB',
  mysqld: 'MySQL',
  pgbouncer: 'PgBouncer',
  'redis-server': 'Redis',
}
