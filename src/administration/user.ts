import type { Services } from '../endpoints/services.ts'
import type { UserRef } from '../model/subject.ts'
import { toUserId, type BaseUser } from '../users/provider.ts'

/**
 * A user: the ID, or any object with an `id`, such as `auth.user` or your own database row.
 *
 * `provider` is the name of a user provider; default: that of `users`. A name that the configuration does not have throws
 * `ConfigError`, because the default provider may have another user with the same ID. So pass the ID alone if `provider`
 * means something else in your rows (`google`).
 */
export type UserLike = string | { readonly id: BaseUser['id']; readonly provider?: string }

/** Throws `ConfigError` for a missing user or ID: from JavaScript, undefined would revoke nothing, silently. */
export function toUserRef({ settings, userDirectory }: Services, user: UserLike | undefined): UserRef {
  const { id = '', provider = settings.provider } = typeof user === 'object' ? (user ?? {}) : { id: user }
  userDirectory.provider(provider)
  return { provider, userId: toUserId({ id }, provider) }
}
