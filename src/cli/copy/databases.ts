import { StoreUnavailableError } from '../../errors.ts'
import type { Store } from '../../store/contract.ts'
import { readApplied, UNFINISHED_COPY } from '../../store/sql/applied-migrations.ts'
import type { Database } from '../../store/sql/database.ts'
import { databaseOf } from '../../store/sql/store.ts'
import { listTables } from '../../store/sql/table-list.ts'
import { countRows } from '../../store/sql/table-rows.ts'
import { openStore } from '../../store/url.ts'
import { CommandError, messageOf, UsageError } from '../errors.ts'
import { databaseExists } from '../project.ts'

/** The two databases of a copy, both with the tables of this version. */
export interface CopyDatabases {
  readonly source: Database
  readonly target: Database
  /** Whether the target has rows of an earlier copy that was interrupted. */
  readonly isUnfinished: boolean
}

/** Where to copy from and to, as flags or environment variables have it. No message repeats it: it may contain a password. */
export interface CopyUrls {
  readonly from: string | undefined
  readonly to: string | undefined
}

/**
 * Opens both databases for `work` and closes them afterwards. Creates the tables of the target.
 *
 * @throws CommandError if the source has no data that this version can read, or the target has some
 */
export async function withDatabases<Result>(
  { from, to }: CopyUrls,
  work: (databases: CopyDatabases) => Promise<Result>,
): Promise<Result> {
  const stores: Store[] = []
  const open = (url: string | undefined, flag: string, variable: string): Store => {
    if (!url) throw new UsageError(`Pass ${flag}, or set ${variable}.`)
    const store = openStore(url, flag)
    stores.push(store)
    return store
  }
  try {
    const source = open(from, '--from', 'CONSULATE_COPY_FROM')
    const target = open(to, '--to', 'CONSULATE_COPY_TO')
    await naming('--from', () => checkSource(source))
    const isUnfinished = await naming('--to', () => prepareTarget(target))
    await rejectDifference(databaseOf(source), databaseOf(target))
    return await work({ source: databaseOf(source), target: databaseOf(target), isUnfinished })
  } finally {
    await Promise.all(stores.map((store) => store.close()))
  }
}

/** Says which of the two databases cannot be used. */
async function naming<Result>(flag: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw new CommandError(`${flag}: ${messageOf(error)}`)
    throw error
  }
}

async function checkSource(source: Store): Promise<void> {
  if (!databaseExists({ store: source })) throw new CommandError('The database to copy from does not exist.')
  const pending = await source.pendingMigrations()
  if (pending.length > 0)
    throw new CommandError(
      `The database to copy from has pending migrations (${pending.join(', ')}). Run \`consulate migrate\` on it first.`,
    )
}

/** Returns whether the target has the rows of an interrupted copy. */
async function prepareTarget(target: Store): Promise<boolean> {
  const database = databaseOf(target)
  const isUnfinished = (await readApplied(database)).includes(UNFINISHED_COPY)
  if (!isUnfinished) {
    await target.migrate()
    await rejectRows(database)
  }
  return isUnfinished
}

async function rejectRows(target: Database): Promise<void> {
  const counts: string[] = []
  for (const table of listTables()) {
    const count = await countRows(target, table)
    // Migrations insert epochs, which were never raised.
    if (count > 0 && !(table.name === 'consulate_epochs' && !(await hasEpochs(target))))
      counts.push(`${table.name} (${count})`)
  }
  if (counts.length > 0)
    throw new CommandError(
      `The database to copy to is not empty: ${counts.join(', ')}. Nothing was changed. Use an empty database, another schema or another table prefix.`,
    )
}

async function hasEpochs({ db, first }: Database): Promise<boolean> {
  const raised = db.selectFrom('consulate_epochs').select('epoch').where('epoch', '>', 0).limit(1)
  return (await first(raised.compile())) !== undefined
}

/** Rows of a later version may mean what this one does not know, so they belong with its tables. */
async function rejectDifference(source: Database, target: Database): Promise<void> {
  const [before, after] = await Promise.all([source, target].map(readApplied))
  const differing = new Set(before).symmetricDifference(new Set(after))
  differing.delete(UNFINISHED_COPY)
  if (differing.size > 0)
    throw new CommandError(
      `The two databases have different migrations (${[...differing].join(', ')}). Run the later version of Consulate to copy.`,
    )
}
