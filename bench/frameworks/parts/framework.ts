import type { AuthorizationServer } from '../../../src/index.ts'
import type { SCOPE } from '../../targets/parts/mint.ts'
import { prepareGuard } from '../../targets/parts/prepare-guard.ts'
import { startConsulate } from '../../targets/consulate.ts'
import type { Start } from '../../target.ts'

/** An HTTP server on a free port. */
export interface Served {
  readonly port: number
  stop(): Promise<unknown>
}

/** What is in front of the route. */
export interface Guarded {
  readonly server: AuthorizationServer<typeof SCOPE>
  /** Whether the routes of the server are mounted too: every request passes them. */
  readonly isMounted: boolean
}

/** Serves `GET /orders` with `ORDERS` in a framework: behind the guard of its adapter, or bare. */
export type Serve = (guarded: Guarded | undefined) => Promise<Served>

/** The entrants of a framework, by the name after the colon. */
export type Variants = Readonly<Record<'bare' | 'guarded' | 'mounted', Start>>

/** The response, which the framework encodes. */
export const ORDERS = { orders: ['tea', 'rice'] } as const

/** Creates the entrants of a framework. */
export const variantsOf = (serve: Serve): Variants => ({
  bare: async () => {
    const { port, stop } = await serve(undefined)
    return { port, prepare: prepareGuard, stop: async () => void (await stop()) }
  },
  guarded: () => startConsulate({ serve: (server) => serve({ server, isMounted: false }) }),
  mounted: () => startConsulate({ serve: (server) => serve({ server, isMounted: true }) }),
})
