import { chooseScopes } from '../grants/permit.ts'
import type { Issuance } from '../issuance/issue.ts'
import type { AuthorizationPermission, SignInDevice } from '../issuance/permission.ts'
import type { TokenResponse } from '../issuance/response.ts'
import { randomId } from '../lib/hash.ts'
import { remainingScopes, type ScopeRules } from '../model/scope.ts'
import type { UserRef } from '../model/subject.ts'
import type { Revoker } from '../revocations/revoker.ts'
import type { DeviceTokens } from '../sessions/device-tokens.ts'
import type { LoadedUser } from '../users/directory.ts'
import type { AuthorizationStore } from '../store/authorizations.ts'
import { signInClient } from './client.ts'

/** The response to a sign-in, with the tokens of one device. */
export interface SignInTokens extends Required<TokenResponse> {
  /**
   * Recognizes this device at the user's next sign-in, for half a year. Store it even after a sign-out: with it, failed
   * sign-ins elsewhere cannot lock the user out on this device.
   */
  readonly device_token: string
}

/** A user who has just proved their identity, and the device they sign in on. */
export interface SignInRequest {
  /** Loaded before the proof was checked. */
  readonly user: LoadedUser
  readonly device: SignInDevice
  /** The `device_token` of an earlier sign-in on this device. */
  readonly deviceToken: string | undefined
  /** From `chooseScopes`. */
  readonly scopes: readonly string[]
  readonly requestId: string
}

/** Signs users in to the app itself, by its API or by its own code. */
export interface SignInService {
  /**
   * Returns the scopes of a request, or all scopes of the sign-in API if it names none.
   *
   * @throws OAuthError `invalid_scope`
   */
  chooseScopes(requested: string | undefined): readonly string[]
  /** Starts a session and issues its tokens. Returns undefined if the user was signed out everywhere in the meantime. */
  start(request: SignInRequest): Promise<SignInTokens | undefined>
  /**
   * Replaces the tokens of a device: revokes their authorization, and issues new ones in the same session, so that copies
   * of them stop working. Returns undefined if the device was signed out in the meantime.
   */
  replace(request: ReplacementRequest): Promise<Required<TokenResponse> | undefined>
}

/** The tokens of a device to replace. */
export interface ReplacementRequest {
  readonly authorizationId: string
  readonly user: UserRef
  /** The current epoch of the user. */
  readonly userEpoch: number
  readonly requestId: string
}

/** What the sign-in API needs. */
export interface SignInServiceOptions {
  /** The scopes that its tokens can have. */
  readonly allowed: readonly string[]
  readonly scopes: ScopeRules
  readonly issuance: Issuance
  readonly deviceTokens: () => DeviceTokens
  readonly authorizations: Pick<AuthorizationStore, 'find'>
  readonly revoker: Pick<Revoker, 'revoke'>
  readonly subjectOf: (user: UserRef) => string
}

/** Creates the sign-in service of one server. */
export function createSignIn(options: SignInServiceOptions): SignInService {
  const { allowed, scopes: rules, deviceTokens, authorizations, revoker, subjectOf } = options
  return {
    chooseScopes: (requested) =>
      requested === undefined ? allowed : chooseScopes(rules, requested, allowed),
    async start(request) {
      const { ref: user, epochs } = request.user
      const { device, deviceToken, scopes, requestId } = request
      const sub = subjectOf(user)
      const isNew = deviceTokens().find(deviceToken, sub) === undefined
      const start = { user, epochs, sessionId: null, device: { ...device, isNew }, scopes }
      const tokens = await issue(options, start, requestId)
      if (!tokens) return undefined
      return { ...tokens, device_token: deviceTokens().remember(deviceToken, sub) }
    },
    async replace({ authorizationId, user, userEpoch, requestId }) {
      const replaced = await authorizations.find(authorizationId)
      if (!replaced) return undefined
      await revoker.revoke(
        { kind: 'authorization', id: authorizationId },
        { by: 'user', reason: 'password_changed', requestId },
      )
      const { sessionId } = replaced
      const scopes = remainingScopes(rules, replaced.scopes, allowed)
      const epochs = { ...replaced.epochs, user: userEpoch }
      return issue(options, { user, epochs, sessionId, scopes }, requestId)
    },
  }
}

type NewAuthorization = Pick<AuthorizationPermission, 'user' | 'epochs' | 'sessionId' | 'device' | 'scopes'>

/** Issues tokens with a new authorization. Returns undefined if the user or the session was revoked in the meantime. */
async function issue(
  { allowed, issuance }: SignInServiceOptions,
  authorization: NewAuthorization,
  requestId: string,
): Promise<Required<TokenResponse> | undefined> {
  const permission = {
    kind: 'authorization',
    client: signInClient(authorization.user.provider, allowed),
    authorizationId: randomId(),
    resources: [],
    ...authorization,
  } as const
  const response = await issuance.issue(permission, { requestId, grantType: 'sign_in' })
  return response as Required<TokenResponse> | undefined
}
