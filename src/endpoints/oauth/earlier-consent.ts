import { randomBase64url } from '../../lib/hash.ts'
import { isFirstParty } from '../../model/client.ts'
import { allowedScopes, coversAccess } from '../../model/consent.ts'
import type { Session } from '../../model/session.ts'
import type { BaseUser } from '../../users/provider.ts'
import type { Exchange } from '../endpoint.ts'
import type { AuthorizationRequest, ResponseTarget } from './authorization-request.ts'
import { createCode, type CreatedCode } from './code.ts'
import { skipsConsent } from './skips-consent.ts'

/** What the user has allowed this client before. */
export interface EarlierConsent {
  /** Whether it covers the request, so that the user need not be asked. */
  readonly isSufficient: boolean
  /** The requested scopes that it covers. */
  readonly allowed: readonly string[]
}

const NO_CONSENT: EarlierConsent = { isSufficient: false, allowed: [] }

/** Finds an earlier consent. With `prompt=consent`, it is never sufficient. */
export async function findEarlierConsent(
  { services: { store, settings } }: Exchange,
  request: AuthorizationRequest,
  session: Session,
): Promise<EarlierConsent> {
  if (!canAssumeConsent(request)) return NO_CONSENT
  const entries = await store.consents.find(session, request.client.id)
  if (entries === undefined) return NO_CONSENT
  const { scopes: rules, audience } = settings
  const isCovered = coversAccess(rules, entries, request, audience)
  return {
    isSufficient: isCovered && !request.prompts.has('consent'),
    allowed: allowedScopes(rules, entries, request, audience),
  }
}

/**
 * Returns whether consent can be assumed or remembered. Not for a public client without an https redirect URI: any app on
 * the device can impersonate it (RFC 8252 section 8.6).
 */
const canAssumeConsent = ({ client, redirectUri }: ResponseTarget): boolean =>
  client.type === 'confidential' || redirectUri.startsWith('https://')

/** A code, if the user need not be asked, or what the user has allowed before. */
export type SilentResult =
  | { readonly kind: 'created'; readonly created: CreatedCode | undefined }
  | { readonly kind: 'ask'; readonly allowed: readonly string[] }

/** Creates a code without asking: the client skips consent, or the user has allowed this before. */
export async function createCodeSilently(
  exchange: Exchange,
  request: AuthorizationRequest,
  session: Session,
  user: BaseUser,
): Promise<SilentResult> {
  const create = async (): Promise<SilentResult> => {
    const created = await createCode(exchange, request, session, randomBase64url(32))
    return { kind: 'created', created }
  }
  const canSkip = canAssumeConsent(request) && !request.prompts.has('consent')
  if (canSkip && request.client.skipsConsent && isFirstParty(request.client)) return create()
  const { isSufficient, allowed } = await findEarlierConsent(exchange, request, session)
  if (isSufficient) {
    const result = await create()
    // If the consent was revoked before the code was inserted, that revocation did not void the code.
    const again = await findEarlierConsent(exchange, request, session)
    if (again.isSufficient) return result
    return createCodeSilently(exchange, request, session, user)
  }
  const isSkipped = canSkip && (await skipsConsent(exchange, request, user))
  return isSkipped ? create() : { kind: 'ask', allowed }
}
