import type { ListOptions } from '../store/list-options.ts'
import { CommandError } from './errors.ts'

/** How many rows a list shows by default. */
export const DEFAULT_LIMIT = 100

/** The rows to show, and whether there are more. */
export interface Listing<Row> {
  readonly rows: readonly Row[]
  readonly isTruncated: boolean
}

/** Cuts rows off at a limit. Pass one row more than the limit, if there is one, to learn whether there are more. */
export const limitRows = <Row>(found: readonly Row[], limit: number): Listing<Row> => ({
  rows: found.slice(0, limit),
  isTruncated: found.length > limit,
})

/** Warns on standard error if there are more rows. Standard output is for scripts. */
export function warnIfTruncated({ isTruncated }: Listing<unknown>, limit: number): void {
  if (isTruncated) process.stderr.write(`Showing the first ${limit}. Use --limit <number> to see more.\n`)
}

/** Reads all pages of a list. */
export async function listAll<Row extends { readonly id: string }>(
  list: (page: ListOptions) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const all: Row[] = []
  for (let page = await list({}); page.length > 0; page = await list({ after: all.at(-1)?.id ?? '' }))
    all.push(...page)
  return all
}

/** Returns the error for an unknown id. */
export const notFound = (kind: string, id: string): CommandError =>
  new CommandError(`No ${kind} with the ID "${id}".`)
