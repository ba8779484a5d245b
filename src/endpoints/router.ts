import type { Settings } from '../config/settings.ts'
import { ConfigError } from '../errors.ts'
import type { HttpRequest } from '../lib/http.ts'
import type { Endpoint } from './endpoint.ts'
import { findEndpoint } from './find.ts'
import { createPrefixWarning } from './prefix-warning.ts'
import { createProbes, type Probe } from './probes.ts'
import { createEndpoints } from './routes.ts'

/** The path of a request, and what the routers of the app have left of it. */
export type Location = Pick<HttpRequest, 'path' | 'routedPath'>

/** Finds the endpoints and probes of a server. */
export interface Router {
  /** Returns undefined if none has this path. If only a prefix prevents a match, logs the fix once. */
  find(location: Location): Endpoint | Probe | undefined
}

/** Creates the router. The path that the client sent comes first, then one that the app has rewritten. */
export function createRouter(settings: Settings): Router {
  const endpoints = endpointsByPath(settings)
  const probes = new Map(createProbes(settings).map((probe) => [probe.path, probe]))
  checkAppUrls(settings, (path) => findEndpoint(endpoints, path) !== undefined)
  const at = (path: string): Endpoint | Probe | undefined => findEndpoint(endpoints, path) ?? probes.get(path)
  const warn = createPrefixWarning(settings, (path) => at(path) !== undefined)
  return {
    find({ path, routedPath = path }) {
      const found = at(path)
      if (found) return found
      // Not answered if a router removed a prefix: every URL in our responses would lack it.
      if (!path.endsWith(routedPath)) return at(routedPath)
      warn(path.slice(0, path.length - routedPath.length), routedPath)
      return undefined
    },
  }
}

/** Throws if a page of the app is one of our endpoints: it would be unreachable, or redirect to itself. */
function checkAppUrls(settings: Settings, isEndpoint: (path: string) => boolean): void {
  const { origin } = new URL(settings.issuer)
  const problems = [...settings.appSessions].flatMap(([provider, { signInUrl, signOutUrl }]) =>
    Object.entries({ signInUrl, signOutUrl }).flatMap(([name, url]) => {
      const page = url === undefined ? undefined : new URL(url)
      if (page?.origin !== origin || !isEndpoint(page.pathname)) return []
      const path = `${provider === settings.provider ? 'users' : `providers.${provider}`}.appSession.${name}`
      return [
        { path, message: `is a page of the server: ${page.pathname}. Choose another path for your page` },
      ]
    }),
  )
  if (problems.length > 0) throw new ConfigError(problems)
}

/** Throws if two endpoints have one path, because of a prefix such as `/login`: one of them would be unreachable. */
function endpointsByPath(settings: Settings): ReadonlyMap<string, Endpoint> {
  const endpoints = createEndpoints(settings)
  const byPath = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]))
  const hidden = endpoints.find((endpoint) => byPath.get(endpoint.path) !== endpoint)
  if (!hidden) return byPath
  throw new ConfigError([
    { path: 'prefix', message: `gives two endpoints the path ${hidden.path}. Choose another prefix` },
  ])
}
