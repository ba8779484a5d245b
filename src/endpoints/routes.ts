import type { Settings } from '../config/settings.ts'
import type { CorsPolicy } from './endpoint.ts'
import { probesOf } from './probes.ts'
import { endpointsOf } from './table.ts'

/** One route of the server, for listings. */
export interface Route {
  readonly name: string
  readonly path: string
  /** HEAD is answered wherever GET is, OPTIONS everywhere. */
  readonly methods: readonly string[]
  /** Which other origins may read the answers: everybody, those of public clients, nobody. */
  readonly cors: CorsPolicy
}

/** Every route that the settings turn on. */
export const routesOf = (settings: Settings): readonly Route[] => [
  ...endpointsOf(settings).map(({ name, path, methods, cors }) => ({
    name,
    path,
    methods: Object.keys(methods),
    cors,
  })),
  ...probesOf(settings).map(({ name, path }) => ({
    name,
    path,
    methods: ['GET'],
    cors: 'none' as const,
  })),
]
