import { OAuthError } from '../errors.ts'
import type { Permission } from '../issuance/permission.ts'
import type { Duration } from '../lib/duration.ts'
import { sha256 } from '../lib/hash.ts'
import { DEVICE_GRANT, type DeviceClaim, type DeviceCode } from '../model/device-code.ts'
import { remainingScopes } from '../model/scope.ts'
import {
  guessBy,
  refuse,
  type BuiltInGrant,
  type BuiltInGrantContext,
  type GrantRequest,
  type Refusal,
} from './grant.ts'
import { narrowResources } from './resources.ts'

/** Options of the device grant. */
export interface DeviceCodeOptions {
  /** How long a device waits for its person, and its codes work; default 10 minutes. */
  readonly lifetime?: Duration
  /** How long a device waits between two polls, at least a second; default 5 seconds. */
  readonly interval?: Duration
}

/** The device grant. */
export interface DeviceCodeGrant extends BuiltInGrant {
  readonly type: typeof DEVICE_GRANT
  readonly options: DeviceCodeOptions
}

/** A person allows a device something that has no browser, or no keyboard, on another device that has (RFC 8628). */
export const deviceCode = (options: DeviceCodeOptions = {}): DeviceCodeGrant => ({
  type: DEVICE_GRANT,
  options,
  async decide(request, context) {
    const code = request.form.get('device_code')
    if (code === undefined) {
      return refuse(new OAuthError('invalid_request', 'The parameter device_code is missing'))
    }
    const found = await context.store.deviceCodes.find(sha256(code))
    if (!found) return refuse(invalidGrant('no such device code'), guessBy(request.client))
    return problemOf(found, request, context) ?? answerOf(found) ?? permit(found, request, context)
  },
})

/**
 * In this order: whose code it is, before anything is done because of it; then whether it may still be spent. A device
 * polls for one answer after the other, so one that comes after the tokens is another's: what the code gave is revoked.
 */
function problemOf(
  code: DeviceCode,
  { client }: GrantRequest,
  { clock }: BuiltInGrantContext,
): Refusal | undefined {
  if (code.clientId !== client.id) {
    return refuse(invalidGrant(`the device code was given to client ${code.clientId}`), guessBy(client))
  }
  if (code.spentAt !== null) {
    const replay = { credential: 'device_code', authorizationId: code.authorizationId } as const
    return refuse(invalidGrant('the device code was used before'), { replay })
  }
  if (code.voidedAt !== null) return refuse(invalidGrant('the device code was revoked'))
  if (code.expiresAt > clock.now()) return undefined
  return refuse(new OAuthError('expired_token', 'The device code has expired: ask for another one'))
}

/** What a device hears that gets no tokens (RFC 8628 section 3.5); undefined where it gets some. */
function answerOf({ hash, decision }: DeviceCode): Refusal | undefined {
  if (decision === 'approved') return undefined
  if (decision === null) {
    return refuse(new OAuthError('authorization_pending', 'The person has not answered yet'), { polls: hash })
  }
  // At the token endpoint it travels with 400 (RFC 6749 section 5.2).
  return refuse(new OAuthError('access_denied', 'The person denied the request', { status: 400 }))
}

/** What is granted was fixed by the device's request: a scope that comes with the poll counts for nothing. */
async function permit(
  code: DeviceCode,
  { client, form, address, userAgent }: GrantRequest,
  { audience, userDirectory, scopes }: BuiltInGrantContext,
): Promise<Permission | Refusal> {
  const { hash, claim, authorizationId } = code
  const tokenResources = narrowResources({ audience }, code.resources, form.getAll('resource'))
  if (!claim || !(await userDirectory.find(claim))) {
    return refuse(invalidGrant(`user ${claim?.userId} is deleted or disabled`))
  }
  return {
    kind: 'authorization',
    client,
    user: { provider: claim.provider, userId: claim.userId },
    authorizationId,
    sessionId: null,
    device: { userAgent, address },
    // As at a refresh: what is no longer defined, or the client may no longer have, is left out.
    scopes: remainingScopes(scopes, code.scopes, client.scopes),
    resources: code.resources,
    tokenResources,
    epochs: epochsOf(code, claim),
    redeems: { kind: 'device_code', hash },
  }
}

const epochsOf = ({ issuerEpoch, clientEpoch }: DeviceCode, { userEpoch }: DeviceClaim) => ({
  issuer: issuerEpoch,
  client: clientEpoch,
  user: userEpoch,
})

const invalidGrant = (detail: string): OAuthError =>
  new OAuthError('invalid_grant', 'The device code is invalid', { detail })
