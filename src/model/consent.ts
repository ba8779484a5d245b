import { coversScopes, type ScopeInheritance } from './scope.ts'

/** What a client requests: scopes, at resources. No resources stand for the default audience. */
interface Access {
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
}

/**
 * Returns what a consent covers, as it is stored: a scope at the default audience is itself, at another resource it follows
 * the resource and a space, which neither can contain. `resource ` alone stands for no scopes at all.
 */
export const consentEntries = (access: Access, audience: string): readonly string[] =>
  resourcesOf(access, audience).flatMap((resource) =>
    resource === audience && access.scopes.length > 0
      ? access.scopes
      : ['', ...access.scopes].map((scope) => prefixOf(resource) + scope),
  )

/**
 * Returns whether a consent covers a request. What the user has allowed at one resource says nothing about another: the
 * same scope can do more there.
 */
export const coversAccess = (
  rules: ScopeInheritance,
  entries: readonly string[],
  access: Access,
  audience: string,
): boolean =>
  resourcesOf(access, audience).every((resource) => {
    const prefix = prefixOf(resource)
    const atResource = entries
      .filter((entry) => entry.startsWith(prefix))
      .map((entry) => entry.slice(prefix.length))
    const scopes = resource === audience ? [...atResource, ...entries.filter(isScope)] : atResource
    return scopes.length > 0 && coversScopes(rules, scopes, access.scopes)
  })

/**
 * Returns the access that authorizations and a consent allow together: all scopes, and all resources. The resources are
 * empty if they are the default audience alone. `consent` is undefined if there is none.
 */
export function allowedAccess(
  grants: readonly Access[],
  consent: readonly string[] | undefined,
  audience: string,
): Access {
  const consented = (consent ?? []).map((entry) => accessOf(entry, audience))
  const all = [...grants, ...consented]
  const resources = new Set(all.flatMap((access) => resourcesOf(access, audience)))
  return {
    scopes: [...new Set(all.flatMap(({ scopes }) => scopes))].toSorted(),
    resources: [...resources].every((resource) => resource === audience) ? [] : [...resources].toSorted(),
  }
}

/** Returns what an entry allows. */
function accessOf(entry: string, audience: string): Access {
  const [scope = '', resource = audience] = entry.split(' ').toReversed()
  return { scopes: scope === '' ? [] : [scope], resources: [resource] }
}

/** Returns the requested scopes that a consent covers at every requested resource. */
export const allowedScopes = (
  rules: ScopeInheritance,
  entries: readonly string[],
  { scopes, resources }: Access,
  audience: string,
): readonly string[] =>
  scopes.filter((scope) => coversAccess(rules, entries, { scopes: [scope], resources }, audience))

const resourcesOf = ({ resources }: Access, audience: string): readonly string[] =>
  resources.length === 0 ? [audience] : resources

const prefixOf = (resource: string): string => `${resource} `

const isScope = (entry: string): boolean => !entry.includes(' ')
