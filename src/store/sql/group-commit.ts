import { CompiledQuery } from 'kysely'
import { afterTurn } from '../../lib/turn.ts'
import type { DirectConnection, SqlDialect } from './dialect.ts'
import { retryWhileBusy } from './retry.ts'

/** A write of an embedded database, without a transaction of its own. It may run again, so it must have no side effects. */
export type Write<Result> = (run: DirectConnection['run']) => Result

/** Runs a write and resolves when it is committed. */
export type GroupCommit = <Result>(write: Write<Result>) => Promise<Result>

interface WaitingWrite {
  readonly write: Write<unknown>
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

const COMMIT = CompiledQuery.raw('commit')
const ROLLBACK = CompiledQuery.raw('rollback')

/**
 * Commits the writes that arrive in one turn of the event loop with one `relaxed` transaction, so that a busy process takes
 * the lock of the file once for many requests. If one of them fails, each runs in a transaction of its own. `whenFree` runs
 * work when no other transaction is open.
 */
export function createGroupCommit(
  dialect: SqlDialect,
  { run }: DirectConnection,
  whenFree: <Result>(work: () => Result) => Promise<Result>,
): GroupCommit {
  const begin = dialect.transactions.relaxed.begin.map((sql) => CompiledQuery.raw(sql))
  let waiting: WaitingWrite[] = []

  function runTogether(group: readonly WaitingWrite[]): readonly unknown[] {
    for (const statement of begin) run(statement)
    try {
      const results = group.map(({ write }) => write(run))
      run(COMMIT)
      return results
    } catch (error) {
      rollBack()
      throw error
    }
  }

  function rollBack(): void {
    try {
      run(ROLLBACK)
    } catch {
      // The database has rolled back already. The earlier error matters more than this one.
    }
  }

  async function commit(group: readonly WaitingWrite[]): Promise<void> {
    try {
      const results = await whenFree(() => runTogether(group))
      for (const [index, { resolve }] of group.entries()) resolve(results[index])
    } catch (error) {
      const isOfAll = dialect.isRetryable(error) || dialect.isUnavailable(error)
      if (isOfAll || group.length === 1) for (const { reject } of group) reject(error)
      else for (const single of group) await commit([single])
    }
  }

  function commitWaiting(): void {
    const group = waiting
    waiting = []
    void commit(group)
  }

  const join = <Result>(write: Write<Result>): Promise<Result> =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) afterTurn(commitWaiting)
      waiting.push({ write, resolve: resolve as (result: unknown) => void, reject })
    })
  // While the database is busy, each request waits on its own, and joins a later group.
  return (write) => retryWhileBusy(dialect, () => join(write))
}
