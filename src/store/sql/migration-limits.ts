import type { CompiledQuery } from 'kysely'
import { callLimit } from './retry.ts'

/** The longest (ms) that a migration waits for a lock. */
const LOCK_TIMEOUT = 2_000

/** How long (ms) to wait for a large table to change. */
const CHANGING = 3_600_000

/** Kinds of statements that can change many rows. */
const SLOW: ReadonlySet<string> = new Set([
  'CreateTableNode',
  'AlterTableNode',
  'CreateIndexNode',
  'InsertQueryNode',
  'UpdateQueryNode',
  'DeleteQueryNode',
])

/** Returns how long (ms) a statement of a migration may take. All but a few take milliseconds, unless the server is frozen. */
export const migrationLimit =
  (busyTimeout: number) =>
  ({ query }: CompiledQuery): number =>
    SLOW.has(query.kind) ? CHANGING : callLimit(Math.max(busyTimeout, LOCK_TIMEOUT))
