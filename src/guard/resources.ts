import type { OptionNames, Validator } from '../lib/validator.ts'
import { resourceMetadataUrl, resourceProblem, type ProtectedResource } from '../model/resource.ts'

/** The metadata of the resource that a guard protects. */
export interface ResourceMetadataOptions<Scope extends string = string> {
  /** The name that users read. Default: none. */
  readonly name?: string
  /** The scopes that clients request if they know no others. Default: the guard's `scopes`. */
  readonly scopes?: readonly Scope[]
  /**
   * Where the service serves the metadata. Default: `/.well-known/oauth-protected-resource` on the audience's origin,
   * followed by its path.
   */
  readonly url?: string
}

export interface GuardResources {
  /** At least one. */
  readonly resources: readonly ProtectedResource[]
  /** Where the metadata of the first resource is. Undefined if there is none. */
  readonly metadataUrl: string | undefined
}

interface Given {
  readonly issuer: string
  readonly audience?: string | readonly string[]
  readonly resourceMetadata?: ResourceMetadataOptions
  readonly scopes?: readonly string[]
}

/** Checks the audiences of a standalone guard, and the metadata of the first one. */
export function resolveGuardResources(
  { issuer, audience = issuer, resourceMetadata, scopes }: Given,
  validator: Validator,
): GuardResources {
  const audiences = [audience].flat()
  const isMissing = audiences.length === 0 || audiences.some((one) => typeof one !== 'string' || one === '')
  if (isMissing && audience !== issuer) validator.problem('audience', 'is required')
  validator.knownOptions('resourceMetadata', resourceMetadata, METADATA)
  const shared = { name: resourceMetadata?.name, scopes: resourceMetadata?.scopes ?? scopes }
  return {
    resources: audiences.map((uri, index) => ({
      uri,
      ...(index === 0 ? shared : { name: undefined, scopes: undefined }),
    })),
    metadataUrl: resourceMetadata && metadataUrlOf(audiences[0] ?? '', resourceMetadata, validator),
  }
}

function metadataUrlOf(
  audience: string,
  { url }: ResourceMetadataOptions,
  validator: Validator,
): string | undefined {
  if (url !== undefined) {
    const problem = resourceProblem(url)
    if (problem !== undefined) validator.problem('resourceMetadata.url', problem)
    return url
  }
  const derived = resourceMetadataUrl(audience)
  if (derived === undefined)
    validator.problem('resourceMetadata', 'needs an audience that is the https URL of the service, or a url')
  return derived
}

const METADATA: OptionNames<ResourceMetadataOptions> = { name: true, scopes: true, url: true }
