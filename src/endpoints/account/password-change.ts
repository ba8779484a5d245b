import type { Emission } from '../../events.ts'
import { OAuthError } from '../../errors.ts'
import { storePassword } from '../../users/change-password.ts'
import type { Exchange } from '../endpoint.ts'
import type { SignedInUser } from './signed-in-user.ts'

/** A new password. */
export interface NewPassword {
  readonly password: string
  /** True to revoke nothing. */
  readonly keepsOtherDevices: boolean
}

/**
 * Changes the password of a signed-in user. This session stays signed in. Unless other devices are kept, all other
 * sessions, the authorizations of first-party apps elsewhere and the personal access tokens are revoked. Returns the
 * user's epoch.
 *
 * `beforeRevocation` is called once the password is stored: whatever fails later, a copy of the session's cookie must not
 * survive.
 *
 * @throws whatever the provider's `setPassword` throws
 */
export async function changeOwnPassword(
  { services, requestId }: Exchange,
  { session }: SignedInUser,
  { password, keepsOtherDevices }: NewPassword,
  beforeRevocation: () => Promise<unknown> = async () => undefined,
): Promise<number> {
  const { userDirectory, revoker, store, settings, events, subjectOf } = services
  const { provider, userId } = session
  const [user, subject] = [{ provider, userId }, subjectOf(session)]
  await storePassword(userDirectory.provider(provider), user, password)
  await beforeRevocation()
  const target = { kind: 'user', user, subject, keepThirdParties: true, keepSession: session.id } as const
  const changed = (): readonly Emission[] => [['password.changed', { requestId, sub: subject, by: 'user' }]]
  if (keepsOtherDevices) {
    await events.commit(() => store.passwordResets.voidByUser(user, settings.clock.now()), changed)
    return session.userEpoch
  }
  const cause = { by: 'user', reason: 'password_changed', requestId } as const
  const entry = await revoker.revoke(target, cause, changed)
  return entry?.epoch ?? session.userEpoch
}

/** Returns why a provider rejected a new password, in its own words. Rethrows anything else. */
export function rejectionOf(thrown: unknown): string {
  if (thrown instanceof OAuthError && thrown.code === 'invalid_request') return thrown.description
  throw thrown
}
