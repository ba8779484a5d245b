import { DatabaseSync } from 'node:sqlite'
import { onTestFinished, vi } from 'vitest'

/** A recorder of SQL statements. */
export interface Statements {
  /** Returns the statements of an action as `select clients`, without those that begin and end transactions. */
  during(action: () => Promise<unknown>): Promise<readonly string[]>
}

/** Records the statements of this process until the test ends. Open the store afterwards. */
export function recordStatements(): Statements {
  let recorded: string[] = []
  const prepare = DatabaseSync.prototype.prepare
  vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (this: DatabaseSync, sql: string) {
    const statement = prepare.call(this, sql)
    const [run, all] = [statement.run.bind(statement), statement.all.bind(statement)]
    statement.run = (...values: never[]) => (recorded.push(sql), run(...values))
    statement.all = (...values: never[]) => (recorded.push(sql), all(...values))
    return statement
  })
  onTestFinished(() => void vi.restoreAllMocks())
  return {
    async during(action) {
      recorded = []
      await action()
      return recorded.map(shorten).filter((text) => text !== undefined)
    },
  }
}

/** Returns verb and table, or undefined for transaction statements. */
function shorten(sql: string): string | undefined {
  const table = /"(consulate_\w+)"/.exec(sql)?.[1]
  return table === undefined ? undefined : `${sql.split(' ', 1)[0]} ${table.replace('consulate_', '')}`
}
