import { DatabaseSync } from 'node:sqlite'
import { onTestFinished, vi } from 'vitest'

/** A recorder of SQL statements. */
export interface Statements {
  /**
   * Returns the statements of an action in this database as `select clients`, without those that begin and end
   * transactions, and without messages between nodes, which are exchanged in the background. Other servers of the process may
   * write their audit logs in the meantime.
   */
  during(database: { readonly file: string }, action: () => Promise<unknown>): Promise<readonly string[]>
  /** Returns the statements that begin and end the transactions of an action in this database. */
  transactionsDuring(
    database: { readonly file: string },
    action: () => Promise<unknown>,
  ): Promise<readonly string[]>
}

/** Records the statements of this process until the test ends. Open the store afterwards. */
export function recordStatements(): Statements {
  let recorded: { readonly file: string; readonly sql: string }[] = []
  const prepare = DatabaseSync.prototype.prepare
  vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (this: DatabaseSync, sql: string) {
    const statement = prepare.call(this, sql)
    const [run, all] = [statement.run.bind(statement), statement.all.bind(statement)]
    const record = () => recorded.push({ file: this.location() ?? ':memory:', sql })
    statement.run = (...values: never[]) => (record(), run(...values))
    statement.all = (...values: never[]) => (record(), all(...values))
    return statement
  })
  onTestFinished(() => void vi.restoreAllMocks())
  const recordedDuring = async (file: string, action: () => Promise<unknown>): Promise<readonly string[]> => {
    recorded = []
    await action()
    return recorded.filter((statement) => statement.file === file).map(({ sql }) => sql)
  }
  return {
    async during({ file }, action) {
      const statements = await recordedDuring(file, action)
      return statements.map(shorten).filter((text) => text !== undefined)
    },
    async transactionsDuring({ file }, action) {
      const statements = await recordedDuring(file, action)
      return statements.filter((sql) => /^(?:begin|commit|rollback)\b/.test(sql))
    },
  }
}

/** Returns verb and table, or undefined for transaction statements and messages between nodes. */
function shorten(sql: string): string | undefined {
  const table = /"(consulate_\w+)"/.exec(sql)?.[1]
  const isLeftOut = table === undefined || table === 'consulate_messages'
  return isLeftOut ? undefined : `${sql.split(' ', 1)[0]} ${table.replace('consulate_', '')}`
}
