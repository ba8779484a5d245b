import type { Endpoint } from './endpoint.ts'
import { ID } from './paths.ts'

/** Finds the endpoint of a path: an exact match first, then one with an id as its last or second-last segment. */
export function findEndpoint(endpoints: ReadonlyMap<string, Endpoint>, path: string): Endpoint | undefined {
  const last = path.lastIndexOf('/')
  const before = path.lastIndexOf('/', last - 1)
  return (
    endpoints.get(path) ??
    endpoints.get(path.slice(0, last + 1) + ID) ??
    endpoints.get(path.slice(0, before + 1) + ID + path.slice(last))
  )
}
