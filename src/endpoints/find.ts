import type { Endpoint } from './endpoint.ts'

/** What stands in the path of an endpoint for the id of one thing, at its end. */
export const ID = '{id}'

/** The endpoint of a path: the one with this very path, else the one of a single thing there. */
export const endpointAt = (table: ReadonlyMap<string, Endpoint>, path: string): Endpoint | undefined =>
  table.get(path) ?? table.get(path.slice(0, path.lastIndexOf('/') + 1) + ID)

/** The id at the end of a path, as it was sent. */
export const idIn = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
