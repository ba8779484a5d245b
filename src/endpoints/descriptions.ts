import type { Settings } from '../config/settings.ts'
import { isFirstParty, type Client } from '../model/client.ts'
import type { ClientView, ScopeView } from '../pages/props.ts'

/** Scopes with their descriptions, for pages and the JSON API. */
export const describeScopes = (
  scopes: readonly string[],
  { scopeDescriptions }: Settings,
): readonly ScopeView[] => scopes.map((id) => ({ id, description: scopeDescriptions[id] ?? id }))

/** What pages show of a client; a device has no redirect URI. */
export function describeClient(client: Client, redirectUri?: string): ClientView {
  const { name, logo, homepage, privacy, terms, publisher } = client
  const host = redirectUri === undefined ? null : hostOf(redirectUri)
  return { name, host, logo, homepage, privacy, terms, publisher, isThirdParty: !isFirstParty(client) }
}

function hostOf(redirectUri: string): string | null {
  const { host, protocol } = new URL(redirectUri)
  return protocol === 'https:' || protocol === 'http:' ? host : null
}
