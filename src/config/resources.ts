import type { OptionNames, Validator } from '../lib/validator.ts'
import {
  isSameResource,
  MAX_RESOURCE_LENGTH,
  resourceMetadataUrl,
  resourceProblem,
  type ProtectedResource,
} from '../model/resource.ts'

/** A service that accepts the server's tokens, such as an MCP server or an API beside it. */
export interface ResourceConfig<Scope extends string = string> {
  /**
   * The identifier, which is the `aud` of its tokens: an absolute URI without a fragment (RFC 8707 section 2). For services
   * on the web, the URL that clients call.
   */
  readonly uri: string
  /** The name that users read on the consent page. Default: the URI. */
  readonly name?: string
  /**
   * The scopes that its routes require, for its metadata (RFC 9728): clients request these if they know no others. Guards
   * of the resource cannot require other scopes. Tokens may have more. Default: all scopes.
   */
  readonly scopes?: readonly Scope[]
}

export interface ResourceSettings {
  /** The `aud` of tokens that are requested without a `resource`. */
  readonly audience: string
  /** The identifiers of the resources, the default audience first. */
  readonly resources: readonly string[]
  /** The same resources, with their names and scopes. */
  readonly protectedResources: readonly ProtectedResource[]
  /** The resources whose metadata challenges name: those listed, and an `audience` that the server serves metadata of. */
  readonly namedResources: ReadonlySet<string>
}

interface ResourceOptions {
  readonly issuer: string
  readonly audience: string | undefined
  readonly resources: readonly (string | ResourceConfig)[]
  readonly scopes: ReadonlySet<string>
}

/** Checks the audience and the resources. The audience is always one of them. */
export function resolveResources(
  { issuer, audience: named, resources, scopes }: ResourceOptions,
  validator: Validator,
): ResourceSettings {
  const audience = named ?? issuer
  if (typeof audience !== 'string' || audience === '' || audience.length > MAX_RESOURCE_LENGTH)
    validator.problem('audience', `must be a string of 1 to ${MAX_RESOURCE_LENGTH} characters`)
  const listed = resources.map((resource, index) =>
    resolveResource(`resources[${index}]`, resource, scopes, validator),
  )
  rejectRepetitions(listed, validator)
  const main = listed.find(({ uri }) => isSameResource(uri, audience))
  const others = listed.filter((resource) => resource !== main)
  const first = { name: undefined, scopes: undefined, ...main, uri: audience }
  return {
    audience,
    resources: [audience, ...others.map(({ uri }) => uri)],
    protectedResources: [first, ...others],
    namedResources: new Set([
      ...(main || isServed(issuer, named) ? [audience] : []),
      ...others.map(({ uri }) => uri),
    ]),
  }
}

const isServed = (issuer: string, audience: string | undefined): boolean =>
  audience !== undefined && originOf(resourceMetadataUrl(audience)) === originOf(issuer)

const originOf = (url: string | undefined): string | undefined =>
  url !== undefined && URL.canParse(url) ? new URL(url).origin : undefined

function resolveResource(
  path: string,
  given: string | ResourceConfig,
  defined: ReadonlySet<string>,
  validator: Validator,
): ProtectedResource {
  if (typeof given === 'object') validator.knownOptions(path, given, RESOURCE)
  const { uri, name, scopes }: ResourceConfig = typeof given === 'string' ? { uri: given } : { ...given }
  const problem = resourceProblem(uri)
  if (problem !== undefined) validator.problem(typeof given === 'object' ? `${path}.uri` : path, problem)
  if (name !== undefined && (typeof name !== 'string' || name.trim() === ''))
    validator.problem(`${path}.name`, 'must be a name that users know')
  checkScopes(`${path}.scopes`, scopes ?? [], defined, validator)
  return { uri, name, scopes }
}

function checkScopes(
  path: string,
  scopes: readonly string[],
  defined: ReadonlySet<string>,
  validator: Validator,
): void {
  if (!Array.isArray(scopes)) return validator.problem(path, 'must be an array')
  for (const [index, scope] of (scopes as readonly string[]).entries()) {
    if (!defined.has(scope)) validator.problem(`${path}[${index}]`, 'is not defined in scopes')
  }
}

function rejectRepetitions(resources: readonly ProtectedResource[], validator: Validator): void {
  for (const [index, { uri }] of resources.entries()) {
    if (resources.slice(0, index).some((earlier) => isSameResource(earlier.uri, uri)))
      validator.problem(`resources[${index}]`, 'is listed twice')
  }
}

const RESOURCE: OptionNames<ResourceConfig> = { uri: true, name: true, scopes: true }
