import type { ListOptions } from '../store/contract.ts'
import { CommandError } from './errors.ts'

/** How many rows a list shows where nothing is said. */
export const DEFAULT_LIMIT = 100

/** Rows of a list, and whether there are more than were asked for. */
export interface Listing<Row> {
  readonly rows: readonly Row[]
  readonly isTruncated: boolean
}

/** The first rows of what was found. Give it one more than the limit: that tells whether there are more. */
export const limitRows = <Row>(found: readonly Row[], limit: number): Listing<Row> => ({
  rows: found.slice(0, limit),
  isTruncated: found.length > limit,
})

/** Says on standard error that a list is not whole, where it is not: scripts read the other. */
export function warnIfTruncated({ isTruncated }: Listing<unknown>, limit: number): void {
  if (isTruncated) process.stderr.write(`These are the first ${limit}: there are more (--limit <number>).\n`)
}

/** Every row of a list that the store gives page by page. */
export async function listAll<Row extends { readonly id: string }>(
  list: (page: ListOptions) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const all: Row[] = []
  for (let page = await list({}); page.length > 0; page = await list({ after: all.at(-1)?.id ?? '' }))
    all.push(...page)
  return all
}

/** What follows from an id that is nobody's. */
export const notFound = (what: string, id: string): CommandError =>
  new CommandError(`there is no ${what} ${id}`)
