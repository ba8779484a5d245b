import type { UserRef } from '../model/subject.ts'
import type { RevocationTarget } from '../store/revocations.ts'
import { missingFunction, type AnyUserProvider } from './provider.ts'

/** The options of `users.setPassword`. */
export interface PasswordChange {
  /** Revokes third-party apps too, which never saw the password. Default false. */
  readonly revokeThirdParties?: boolean
}

/** What `changePassword` needs. */
export interface PasswordChangeServices {
  readonly users: AnyUserProvider
  revoke(target: RevocationTarget): Promise<unknown>
  readonly subjectOf: (user: UserRef) => string
}

/**
 * Changes a user's password, and revokes their sessions and the authorizations of first-party apps. If it fails halfway,
 * call it again.
 *
 * @throws ConfigError if the provider has no `setPassword`; also whatever `setPassword` throws
 */
export async function changePassword(
  { users, revoke, subjectOf }: PasswordChangeServices,
  user: UserRef,
  password: string,
  { revokeThirdParties = false }: PasswordChange = {},
): Promise<void> {
  // In this order, a sign-in that reads the new epoch finds the new password, and one that read the old epoch is void.
  await storePassword(users, user, password)
  await revoke({ kind: 'user', user, subject: subjectOf(user), keepThirdParties: !revokeThirdParties })
}

/**
 * Stores a user's password, and revokes nothing.
 *
 * @throws ConfigError if the provider has no `setPassword`; also whatever `setPassword` throws
 */
export async function storePassword(users: AnyUserProvider, user: UserRef, password: string): Promise<void> {
  if (users.setPassword) return users.setPassword(user.userId, password)
  throw missingFunction(user.provider, 'setPassword')
}
