import type { Settings } from '../config/settings.ts'
import type { Sharing } from './endpoint.ts'
import { probesOf } from './probes.ts'
import { endpointsOf } from './table.ts'

/** One route of the server, for listings. */
export interface Route {
  readonly name: string
  readonly path: string
  /** HEAD is answered wherever GET is, OPTIONS everywhere. */
  readonly methods: readonly string[]
  /** Which other origins may read the answers: everybody, those of public clients, nobody. */
  readonly sharing: Sharing
}

/** Every route that the settings turn on. */
export const routesOf = (settings: Settings): readonly Route[] => [
  ...endpointsOf(settings).map(({ name, path, methods, sharing }) => ({
    name,
    path,
    methods: Object.keys(methods),
    sharing,
  })),
  ...probesOf(settings).map(({ name, path }) => ({
    name,
    path,
    methods: ['GET'],
    sharing: 'nobody' as const,
  })),
]
