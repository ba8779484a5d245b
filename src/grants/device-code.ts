import { OAuthError } from '../errors.ts'
import type { Permission } from '../issuance/permission.ts'
import type { Duration } from '../lib/duration.ts'
import { sha256 } from '../lib/hash.ts'
import { DEVICE_GRANT, type DeviceClaim, type DeviceCode } from '../model/device-code.ts'
import { remainingScopes } from '../model/scope.ts'
import {
  canBeGuess,
  refuse,
  type BuiltInGrant,
  type BuiltInGrantContext,
  type GrantRequest,
  type Refusal,
} from './grant.ts'
import { narrowResources } from './resources.ts'

/** Options of the device grant. */
export interface DeviceCodeOptions {
  /** How long a device code is valid. Default: 10 minutes. */
  readonly lifetime?: Duration
  /** How long a device waits between two polls, at least a second. Default: 5 seconds. */
  readonly interval?: Duration
  /**
   * How long the first access token is valid. `refreshToken()` has an option of its own for the next ones. Default: the
   * server's `accessTokenLifetime`.
   */
  readonly accessTokenLifetime?: Duration
}

/** The device grant. */
export interface DeviceCodeGrant extends BuiltInGrant {
  readonly type: typeof DEVICE_GRANT
  readonly options: DeviceCodeOptions
}

/**
 * Creates the device grant (RFC 8628), for devices without a browser or keyboard: the user enters a code on another
 * device.
 */
export const deviceCode = (options: DeviceCodeOptions = {}): DeviceCodeGrant => ({
  type: DEVICE_GRANT,
  options,
  async decide(request, context) {
    const code = request.form.get('device_code')
    if (code === undefined) {
      return refuse(new OAuthError('invalid_request', 'The parameter device_code is missing'))
    }
    const found = await context.store.deviceCodes.find(sha256(code))
    if (!found) return refuse(invalidGrant('no such device code'), { isGuess: canBeGuess(request.client) })
    return problemOf(found, request, context) ?? pendingOrDenied(found) ?? permit(found, request, context)
  },
})

/**
 * Checks whose code it is first: another client's request must have no effect on it. A device waits for each response
 * before it polls again, so a poll after the tokens were issued comes from someone else: the authorization is revoked.
 */
function problemOf(
  code: DeviceCode,
  { client }: GrantRequest,
  { clock }: BuiltInGrantContext,
): Refusal | undefined {
  if (code.clientId !== client.id) {
    return refuse(invalidGrant(`the device code was issued to client ${code.clientId}`), {
      isGuess: canBeGuess(client),
    })
  }
  if (code.spentAt !== null) {
    const replay = { credential: 'device_code', authorizationId: code.authorizationId } as const
    return refuse(invalidGrant('the device code was used before'), { replay })
  }
  if (code.voidedAt !== null) return refuse(invalidGrant('the device code was revoked'))
  if (code.expiresAt > clock.now()) return undefined
  return refuse(new OAuthError('expired_token', 'The device code has expired. Request another one'))
}

/** Refuses a device that the user has not approved, or not yet (RFC 8628 section 3.5). Returns undefined if they approved it. */
function pendingOrDenied({ hash, decision }: DeviceCode): Refusal | undefined {
  if (decision === 'approved') return undefined
  if (decision === null) {
    return refuse(new OAuthError('authorization_pending', 'The user has not answered yet'), {
      recordedPoll: hash,
    })
  }
  // 400 at the token endpoint (RFC 6749 section 5.2).
  return refuse(new OAuthError('access_denied', 'The user denied the request', { status: 400 }))
}

/** The scopes are those of the device authorization request. A `scope` in the poll is ignored. */
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
    // Drops scopes that are no longer defined or no longer allowed for the client, as a refresh does.
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
