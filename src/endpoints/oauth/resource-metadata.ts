import type { Settings } from '../../config/settings.ts'
import { json, type HttpResponse } from '../../lib/http.ts'
import {
  describeResource,
  resourceMetadataUrl,
  type ProtectedResource,
  type ResourceMetadata,
} from '../../model/resource.ts'
import type { RouteName } from '../../model/route-name.ts'
import { openScopes } from '../../model/scope.ts'
import type { Endpoint, Handler } from '../endpoint.ts'

/** Returns the endpoints with the metadata of the resources on the issuer's own origin (RFC 9728 section 3). */
export function resourceEndpoints(settings: Settings): readonly Endpoint[] {
  const { origin } = new URL(settings.issuer)
  return settings.protectedResources.flatMap((resource) => {
    const url = resourceMetadataUrl(resource.uri)
    if (url === undefined || new URL(url).origin !== origin) return []
    const name = routeNameOf(resource.uri)
    const methods = { GET: show(resource) }
    return [{ name, path: new URL(url).pathname, methods, cors: 'any' as const, errors: 'json' as const }]
  })
}

function routeNameOf(resource: string): RouteName {
  const { pathname } = new URL(resource)
  return pathname === '/' ? 'resource metadata' : `resource metadata (${pathname})`
}

/** GET: returns the metadata of a resource. Nothing in it depends on the request. */
const show =
  (resource: ProtectedResource): Handler =>
  ({ services }): HttpResponse =>
    json(200, metadataOf(services.settings, resource), { 'Cache-Control': 'public, max-age=60' })

/** Returns the metadata of a resource, also of one on another origin. */
export function metadataOf({ issuer, scopes }: Settings, resource: ProtectedResource): ResourceMetadata {
  const open = openScopes(scopes)
  const listed = resource.scopes?.filter((scope) => open.includes(scope))
  return describeResource({ ...resource, scopes: listed }, { issuer, scopes: open })
}

/** Returns the metadata URL for challenges, if the configuration names the resource and its route is not off. */
export function challengeMetadataUrl(
  { namedResources, routesOff }: Settings,
  uri: string,
): string | undefined {
  const url = namedResources.has(uri) ? resourceMetadataUrl(uri) : undefined
  return url === undefined || routesOff.has(routeNameOf(uri)) ? undefined : url
}
