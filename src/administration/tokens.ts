import type { Services } from '../endpoints/services.ts'
import { MIN_MILLISECONDS } from '../lib/clock.ts'
import { createValidator } from '../lib/validator.ts'

/** Revokes single access tokens. */
export interface TokenAdministration {
  /**
   * Revokes a single access token by its `jti` claim. `expiresAt` (milliseconds since 1970) is the token's expiration:
   * the revocation is kept until then. `sub`, its `sub` claim, is looked up for users' tokens. Pass it for machine tokens
   * if readers in other languages check revocations in Redis.
   *
   * @throws ConfigError if `tokenId` is not a non-empty string, or if `expiresAt` is not in milliseconds, such as an `exp`
   * claim, which is in seconds
   */
  revoke(token: {
    readonly tokenId: string
    readonly expiresAt: number
    readonly sub?: string
  }): Promise<void>
}

export const tokenAdministration = (start: () => Promise<Services>): TokenAdministration => ({
  async revoke({ tokenId, expiresAt, sub }) {
    requireToken(tokenId, expiresAt)
    const { revoker } = await start()
    const target = { kind: 'token', jti: tokenId, expiresAt } as const
    const cause = { by: 'app', reason: 'token_revoked' } as const
    await revoker.revoke({ ...target, ...(sub !== undefined && { sub }) }, cause)
  },
})

/** A time in seconds is in January 1970: the revocation would expire immediately, and the token would stay valid. */
function requireToken(tokenId: unknown, expiresAt: unknown): void {
  const validator = createValidator()
  if (typeof tokenId !== 'string' || tokenId === '')
    validator.problem('tokenId', 'must be a non-empty string')
  if (!Number.isSafeInteger(expiresAt) || Number(expiresAt) < MIN_MILLISECONDS)
    validator.problem('expiresAt', 'must be a time in milliseconds, such as exp * 1000')
  validator.throwIfInvalid()
}
