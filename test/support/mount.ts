import type { Server } from 'node:http'
import type { AuthorizationServer } from '../../src/index.ts'
import type { TestScope } from './config.ts'

/**
 * Mounts a server on an HTTP server that already listens, together with the guarded API of `api.ts` behind the adapter's
 * own guards. Returns a function that stops the framework.
 */
export type Mount = (server: AuthorizationServer<TestScope>, http: Server) => Promise<() => Promise<void>>

/** Mounts a server in the framework that `FRAMEWORK` names: a file in `test/frameworks/mounts`. Default: `bare`. */
export const mount: Mount = async (server, http) => {
  const name = process.env['FRAMEWORK'] ?? 'bare'
  const framework = (await import(`../frameworks/mounts/${name}.ts`)) as { readonly mount: Mount }
  return framework.mount(server, http)
}
