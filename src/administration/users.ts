import type { Services } from '../endpoints/services.ts'
import type { RevocationReason } from '../model/revocation.ts'
import type { UserRef } from '../model/subject.ts'
import type { RevocationTarget } from '../store/revocations.ts'
import { changePassword, type PasswordChange } from '../users/change-password.ts'
import { toUserRef, type UserLike } from './user.ts'

/** Signs users out, changes their passwords and forgets those that you delete. */
export interface UserAdministration {
  /** Revokes every session, authorization and token of a user, on all devices and in all apps. */
  signOutEverywhere(user: UserLike): Promise<void>
  /**
   * Sets a user's password through the `setPassword` of the user provider, and signs the user out everywhere. A sign-in
   * with the old password that is in progress fails. Third-party apps stay connected, but must refresh their tokens,
   * unless `revokeThirdParties` is true.
   *
   * @throws ConfigError if the user provider has no `setPassword`; whatever `setPassword` throws
   */
  setPassword(user: UserLike, password: string, change?: PasswordChange): Promise<void>
  /**
   * Forgets a user that you have deleted: revokes every session, authorization and token, deletes what the user has
   * allowed apps, and revokes the clients that the user owns, for all their users. Call it after your provider's `find`
   * has stopped returning the user. It can be called again, for example if it failed halfway.
   */
  forget(user: UserLike): Promise<void>
}

export function userAdministration(start: () => Promise<Services>): UserAdministration {
  return {
    async signOutEverywhere(user) {
      const services = await start()
      await revokeUser(services, toUserRef(services, user), 'signed_out_everywhere')
    },
    async setPassword(user, password, change) {
      const services = await start()
      const { userDirectory, revoker, subjectOf } = services
      const ref = toUserRef(services, user)
      const payload = { requestId: null, sub: subjectOf(ref), by: 'app' } as const
      const revoke = (target: RevocationTarget) =>
        revoker.revoke(target, { by: 'app', reason: 'password_changed' }, () => [
          ['password.changed', payload],
        ])
      const users = userDirectory.provider(ref.provider)
      await changePassword({ users, revoke, subjectOf }, ref, password, change)
    },
    async forget(user) {
      const services = await start()
      const ref = toUserRef(services, user)
      // First, because a signed-out user can no longer consent or register clients.
      await revokeUser(services, ref, 'user_forgotten')
      await services.store.consents.deleteAll(ref)
      const sub = services.subjectOf(ref)
      await revokeClientsOf(services, sub)
      services.events.emit('user.forgotten', { requestId: null, sub })
    },
  }
}

const revokeUser = (
  { revoker, subjectOf }: Services,
  user: UserRef,
  reason: RevocationReason,
): Promise<unknown> => revoker.revoke({ kind: 'user', user, subject: subjectOf(user) }, { by: 'app', reason })

async function revokeClientsOf({ store, clientRegistry }: Services, ownerId: string): Promise<void> {
  let page = await store.clients.list({ ownerId, isActive: true })
  while (page.length > 0) {
    for (const { id } of page) await clientRegistry.revoke(id, { by: 'app' })
    page = await store.clients.list({ ownerId, isActive: true, after: page.at(-1)?.id ?? '' })
  }
}
