import type { CompiledQuery } from 'kysely'

/** Longer (ms) than any migration waits for a lock. */
const LOCKED = 2_000
const GRACE = 1_000

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
    SLOW.has(query.kind) ? CHANGING : Math.max(busyTimeout, LOCKED) + GRACE
