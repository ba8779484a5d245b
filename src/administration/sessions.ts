import type { Services } from '../endpoints/services.ts'
import { toSessionInfo, type SessionInfo } from '../model/info.ts'
import { signInUser, type DeviceSignIn } from '../sign-in/sign-in-user.ts'
import type { SignInTokens } from '../sign-in/sign-in.ts'
import { toUserRef, type UserLike } from './user.ts'

/** Manages the devices on which users are signed in. */
export interface SessionAdministration<Scope extends string = string> {
  /**
   * Lists the devices on which a user is signed in, last seen first. `lastSeenAt` is the last visit of a page or the last
   * refresh of a token of an app that is signed out with the device.
   */
  list(user: UserLike): Promise<readonly SessionInfo[]>
  /**
   * Signs out one device, and revokes the authorizations of clients with `endsWithSession` that were granted on it.
   * Returns whether the session exists, revoked or not.
   */
  revoke(id: string): Promise<boolean>
  /**
   * Signs a user in on a device, after your app has verified who they are: by a passkey, or a link in an email. Returns
   * the response of `POST /auth/login`, to pass on to the device.
   *
   * @throws ConfigError if `signIn()` is not in `grants`, or if the user is unknown or disabled
   */
  signIn(user: UserLike, device?: DeviceSignIn<Scope>): Promise<SignInTokens>
}

export function sessionAdministration(start: () => Promise<Services>): SessionAdministration {
  return {
    async list(user) {
      const services = await start()
      return (await services.devices.list(toUserRef(services, user))).map(toSessionInfo)
    },
    revoke: async (id) => (await (await start()).revoker.revoke({ kind: 'session', id })) !== undefined,
    async signIn(user, device = {}) {
      const services = await start()
      return signInUser(services, toUserRef(services, user), device)
    },
  }
}
