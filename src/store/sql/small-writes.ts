import type { Database, QueryRunner, RowChange } from './database.ts'
import type { SqlDialect } from './dialect.ts'
import type { GroupCommit } from './group-commit.ts'

/** Writes of one or two statements, each in a `relaxed` transaction of its own. */
export type SmallWrites = Pick<Database, 'change' | 'changeBoth' | 'changeRow'>

/** Runs small writes in transactions of the store, one statement after another. */
export const createTransactionalWrites = (
  dialect: SqlDialect,
  transaction: Database['transaction'],
): SmallWrites => ({
  change: (query) => transaction('relaxed', async (queries) => (await queries.execute(query)) === 1),
  changeBoth: (first, then) =>
    transaction('relaxed', async (queries) => {
      if ((await queries.execute(first)) !== 1) return false
      await queries.execute(then)
      return true
    }),
  changeRow: (change) => transaction('relaxed', (queries) => changeRow(dialect, queries, change)),
})

/** Runs small writes on a database server: those that are one statement there on their own, others in `fallback`. */
export const createSingleWrites = (
  dialect: SqlDialect,
  queries: QueryRunner,
  fallback: SmallWrites,
): SmallWrites => ({
  change: async (query) => (await queries.execute(query)) === 1,
  async changeBoth(first, then) {
    const both = dialect.toTransaction?.(first, then)
    return both ? (await queries.execute(both)) > 0 : fallback.changeBoth(first, then)
  },
  changeRow: (change) => changeRow(dialect, queries, change),
})

/** Runs small writes in an embedded database that has `update … returning`, together with those of other requests. */
export const createGroupedWrites = (commit: GroupCommit): SmallWrites => ({
  change: (query) => commit((run) => countOf(run(query)) === 1),
  changeBoth: (first, then) =>
    commit((run) => {
      if (countOf(run(first)) !== 1) return false
      run(then)
      return true
    }),
  changeRow: ({ update, toResult }) => commit((run) => mapRow(run(update).rows[0], toResult)),
})

const countOf = ({ numAffectedRows = 0n }: { readonly numAffectedRows?: bigint }): number =>
  Number(numAffectedRows)

/** The update comes last, so that it has not happened if this fails earlier. */
async function changeRow<Row, Result>(
  { hasUpdateReturning, toReturning }: SqlDialect,
  queries: QueryRunner,
  { update, select, toResult }: RowChange<Row, Result>,
): Promise<Result | undefined> {
  const returning = hasUpdateReturning ? update : toReturning?.(update, select)
  if (returning) return mapRow(await queries.first(returning), toResult)
  const row = await queries.first(select)
  return row && (await queries.execute(update)) === 1 ? toResult(row) : undefined
}

const mapRow = <Row, Result>(
  row: Row | undefined,
  toResult: RowChange<Row, Result>['toResult'],
): Result | undefined => row && toResult(row)
