import { ConfigError } from '../errors.ts'
import type { UserRef } from '../model/subject.ts'
import type { RevocationTarget } from '../store/revocations.ts'
import type { UserProvider } from './provider.ts'

/** What ends with a password. */
export interface PasswordChange {
  /** Whether apps of third parties end too, which did not get the password; default false. */
  readonly revokeThirdParties?: boolean
}

/** What changing a password needs. */
export interface PasswordChangeServices {
  readonly users: UserProvider
  revoke(order: RevocationTarget): Promise<unknown>
  readonly subjectOf: (user: UserRef) => string
}

/**
 * Replaces a person's password and ends every session of theirs, and every authorization but those of third parties.
 * Where it fails half-way, do it again.
 *
 * @throws ConfigError where the provider has no `setPassword`; whatever that throws
 */
export async function changePassword(
  { users, revoke, subjectOf }: PasswordChangeServices,
  user: UserRef,
  password: string,
  { revokeThirdParties = false }: PasswordChange = {},
): Promise<void> {
  if (!users.setPassword) {
    throw new ConfigError([
      {
        path: 'setPassword',
        message: `is missing of ${user.provider}: their passwords are changed elsewhere`,
      },
    ])
  }
  // In this order: a sign-in that reads the new epoch finds the new password, and one that read the old epoch is void.
  await users.setPassword(user.userId, password)
  await revoke({ kind: 'user', user, subject: subjectOf(user), keepThirdParties: !revokeThirdParties })
}
