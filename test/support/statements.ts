import { DatabaseSync } from 'node:sqlite'
import { onTestFinished, vi } from 'vitest'

/** The SQL that SQLite has run. */
export interface Statements {
  /** What an action makes it run, as `select consulate_clients`; beginnings and ends of transactions are left out. */
  during(action: () => Promise<unknown>): Promise<readonly string[]>
}

/** Watches every statement of this process until the test ends. Open the store afterwards. */
export function recordStatements(): Statements {
  let seen: string[] = []
  const prepare = DatabaseSync.prototype.prepare
  vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (this: DatabaseSync, sql: string) {
    const statement = prepare.call(this, sql)
    const [run, all] = [statement.run.bind(statement), statement.all.bind(statement)]
    statement.run = (...values: never[]) => (seen.push(sql), run(...values))
    statement.all = (...values: never[]) => (seen.push(sql), all(...values))
    return statement
  })
  onTestFinished(() => void vi.restoreAllMocks())
  return {
    async during(action) {
      seen = []
      await action()
      return seen.map(shorten).filter((text) => text !== undefined)
    },
  }
}

/** Verb and table; undefined for what is about transactions. */
function shorten(sql: string): string | undefined {
  const table = /"(consulate_\w+)"/.exec(sql)?.[1]
  return table === undefined ? undefined : `${sql.split(' ', 1)[0]} ${table.replace('consulate_', '')}`
}
