import type { ScopeView } from '../../pages/props.ts'
import type { Settings } from '../../config/settings.ts'
import type { AnswerTarget, AuthorizationRequest } from './authorization-request.ts'

/**
 * Whether earlier consent may be relied on. Not for a public client without an https redirect of its own: any program
 * on the device can pose as it (RFC 8252 section 8.6).
 */
export const canAssumeConsent = ({ client, redirectUri }: AnswerTarget): boolean =>
  client.type === 'confidential' || redirectUri.startsWith('https://')

/** The scopes of a request as the consent page shows them. */
export const describeScopes = (
  { scopes }: Pick<AuthorizationRequest, 'scopes'>,
  { scopeDescriptions }: Settings,
): readonly ScopeView[] => scopes.map((id) => ({ id, description: scopeDescriptions[id] ?? id }))

/** Where a client lives, as the consent page shows it: the host of its redirect URI, or the app's own scheme. */
export function hostOf(redirectUri: string): string {
  const { host, protocol } = new URL(redirectUri)
  return protocol === 'https:' || protocol === 'http:' ? host : protocol
}
