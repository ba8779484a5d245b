import { listTables } from '../../store/sql/table-list.ts'
import { countRows } from '../../store/sql/table-rows.ts'
import { CommandError } from '../errors.ts'
import { print, printJson, table, wrap } from '../output.ts'
import { createProgressBar } from '../progress.ts'
import { compareRows, isIdentical, type TableComparison } from './compare.ts'
import { withDatabases, type CopyDatabases } from './databases.ts'
import { copyRows, finishCopy } from './rows.ts'

/** The flags of `consulate copy`. */
export interface CopyOptions {
  readonly from?: string
  readonly to?: string
  readonly json?: boolean
}

/**
 * `consulate copy`: copies a database into an empty one, and compares both row by row. Servers do not start on the target before
 * the comparison is finished without a difference.
 */
export function copyDatabase({ from, to, json = false }: CopyOptions): Promise<void> {
  const { CONSULATE_COPY_FROM, CONSULATE_COPY_TO } = process.env
  return withDatabases(
    { from: from ?? CONSULATE_COPY_FROM, to: to ?? CONSULATE_COPY_TO },
    async (databases) => {
      if (databases.isUnfinished)
        console.error('An earlier copy was interrupted. Copying again from the start.')
      const tables = await copyAndCompare(databases, !json)
      const isComplete = tables.every(isIdentical)
      if (isComplete) await finishCopy(databases.target)
      if (json) printJson({ isComplete, tables })
      else printTables(tables)
      if (!isComplete) throw new CommandError(DIFFERENT)
      if (!json) print('', ...wrap(NEXT))
    },
  )
}

const DIFFERENT =
  'The copy differs from the database, so servers will not start on it. Something wrote to one of them meanwhile. ' +
  'Stop all servers and run `consulate copy` again.'

const NEXT =
  'Start the servers with the new database. It lacks anything that was written to the old one after the comparison began.'

/** Copying and comparing each take a part of the progress. */
async function copyAndCompare(
  databases: CopyDatabases,
  showsProgress: boolean,
): Promise<readonly TableComparison[]> {
  const bar = createProgressBar(showsProgress)
  let total = 0
  for (const each of listTables()) total += 2 * (await countRows(databases.source, each))
  let done = 0
  const onRows = (count: number): void => bar.show((done += count), total)
  try {
    await copyRows(databases, onRows)
    return await compareRows(databases, onRows)
  } finally {
    bar.clear()
  }
}

function printTables(tables: readonly TableComparison[]): void {
  print(
    ...table(
      ['Table', 'Rows', 'SHA-256', 'Check'],
      tables.map((each) => [each.table, String(each.rows), each.digest.slice(0, 16), checkOf(each)]),
    ),
  )
}

const checkOf = ({ missing, extra, different }: TableComparison): string => {
  const parts = [
    ...(missing > 0 ? [`${missing} missing`] : []),
    ...(extra > 0 ? [`${extra} extra`] : []),
    ...(different > 0 ? [`${different} different`] : []),
  ]
  return parts.join(', ') || 'identical'
}
