import { findResource, resourceMetadataUrl, type ProtectedResource } from '../model/resource.ts'

/** The audiences that a guard knows. Routes can require one by `resource`. */
export interface Audiences {
  /** The requirement of routes without a resource. */
  readonly defaults: AudienceRequirement
  /** Returns the requirement of a route with these resources, or a problem if one of them is unknown. */
  require(resources: readonly string[]): AudienceRequirement | { readonly problem: string }
}

/** Which tokens a route accepts by their audience. */
export interface AudienceRequirement {
  /** One of these must be in `aud`. Undefined for the guard's own audience. */
  readonly audiences: readonly string[] | undefined
  /** Where clients find the resource's metadata. For the challenge (RFC 9728 section 5.1). */
  readonly metadataUrl: string | undefined
  /** The scopes of the first resource. Undefined for any. */
  readonly scopes: readonly string[] | undefined
}

export interface AudienceOptions {
  /** The audiences, the default ones first. */
  readonly resources: readonly ProtectedResource[]
  /** Returns the metadata URL to send to clients of a resource. */
  readonly metadataUrlOf: (uri: string) => string | undefined
}

/** Creates the lookup for resources of routes. */
export function createAudiences({ resources, metadataUrlOf }: AudienceOptions): Audiences {
  const uris = resources.map(({ uri }) => uri)
  const [main] = uris
  return {
    defaults: {
      audiences: undefined,
      metadataUrl: main === undefined ? undefined : metadataUrlOf(main),
      scopes: undefined,
    },
    require(wanted) {
      const found = wanted.map((resource) => findResource(uris, resource))
      const unknown = wanted.find((_, index) => found[index] === undefined)
      if (unknown !== undefined) return { problem: unknownResource(unknown, uris) }
      const audiences = found.filter((uri) => uri !== undefined)
      const [first = ''] = audiences
      const scopes = audiences.map((uri) => resources.find((resource) => resource.uri === uri)?.scopes)
      return {
        audiences,
        metadataUrl: metadataUrlOf(first),
        scopes: scopes.includes(undefined) ? undefined : scopes.flatMap((list) => list ?? []),
      }
    },
  }
}

const unknownResource = (unknown: string, known: readonly string[]): string =>
  `unknown resource ${JSON.stringify(unknown)}. Use one of: ${known.join(', ')}`

/** Accepts the same tokens for every resource, for guards in tests. Without a list, routes can name any resource. */
export const createTestAudiences = (resources?: readonly string[]): Audiences => ({
  defaults: ANY,
  require(wanted) {
    const unknown = wanted.find((uri) => resources && findResource(resources, uri) === undefined)
    if (unknown !== undefined) return { problem: unknownResource(unknown, resources ?? []) }
    return { ...ANY, metadataUrl: resourceMetadataUrl(wanted[0] ?? '') }
  },
})

const ANY: AudienceRequirement = { audiences: undefined, metadataUrl: undefined, scopes: undefined }
