import type { Settings } from '../config/settings.ts'
import { isFirstParty, type Client } from '../model/client.ts'
import { createTextLookup } from '../lib/language.ts'
import type { ClientView, ResourceView, ScopeView } from '../pages/props.ts'

/** Scopes with their descriptions in the first of these languages that each has. `languages` is from `languagesOf`. */
export function describeScopes<Scope extends string>(
  scopes: readonly Scope[],
  { scopeDescriptions }: Pick<Settings, 'scopeDescriptions'>,
  languages: readonly string[],
): readonly (ScopeView & { readonly id: Scope })[] {
  const choose = createTextLookup(languages)
  return scopes.map((id) => {
    const texts = scopeDescriptions.get(id)
    const { text, lang } = texts ? choose(texts) : { text: id, lang: undefined }
    return { id, description: text, ...(lang !== undefined && { lang }) }
  })
}

/** The resources that a token would be for. Empty for the default audience, which needs no explanation. */
export function describeResources(
  resources: readonly string[],
  { audience, protectedResources }: Settings,
): readonly ResourceView[] {
  if (resources.every((uri) => uri === audience)) return []
  return resources.map((uri) => {
    const name = protectedResources.find((resource) => resource.uri === uri)?.name ?? null
    return { uri, name, host: hostOf(uri) }
  })
}

/** What pages show of a client; a device has no redirect URI. */
export function describeClient(client: Client, redirectUri?: string): ClientView {
  const { name, logo, homepage, privacy, terms, publisher } = client
  const host = redirectUri === undefined ? null : hostOf(redirectUri)
  return { name, host, logo, homepage, privacy, terms, publisher, isThirdParty: !isFirstParty(client) }
}

/** The audience need not be a URL. */
function hostOf(uri: string): string | null {
  if (!URL.canParse(uri)) return null
  const { host, protocol } = new URL(uri)
  return protocol === 'https:' || protocol === 'http:' ? host : null
}
