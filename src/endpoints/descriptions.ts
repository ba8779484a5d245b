import type { Settings } from '../config/settings.ts'
import type { ScopeView } from '../pages/props.ts'

/** Scopes as pages show them, and the JSON API tells them. */
export const describeScopes = (
  scopes: readonly string[],
  { scopeDescriptions }: Settings,
): readonly ScopeView[] => scopes.map((id) => ({ id, description: scopeDescriptions[id] ?? id }))

/** Where a client lives, as the consent page shows it: the host of its redirect URI, or the app's own scheme. */
export function hostOf(redirectUri: string): string {
  const { host, protocol } = new URL(redirectUri)
  return protocol === 'https:' || protocol === 'http:' ? host : protocol
}
