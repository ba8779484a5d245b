import type { ConnectedApp } from '../clients/connections.ts'
import type { Services } from '../endpoints/services.ts'
import { toUserRef, type UserLike } from './user.ts'

/** Manages the apps that are connected to users' accounts. */
export interface ConnectionAdministration {
  /**
   * Lists the apps that have access to a user's account, last used first: clients with an active authorization, or whose
   * consent is remembered. `client.isThirdParty` is false for your own apps. Revoked clients, personal access
   * tokens and sign-ins with the sign-in API are left out.
   */
  list(user: UserLike): Promise<readonly ConnectedApp[]>
  /**
   * Disconnects an app in one transaction: revokes everything that the user has allowed the client, authorization codes
   * included, and forgets the consent, so that the user is asked again. Returns whether there was anything to revoke.
   *
   * @throws ConfigError if the client ID is not a non-empty string
   */
  disconnect(user: UserLike, clientId: string): Promise<boolean>
}

export const connectionAdministration = (start: () => Promise<Services>): ConnectionAdministration => ({
  async list(user) {
    const services = await start()
    return services.connections.list(toUserRef(services, user))
  },
  async disconnect(user, clientId) {
    const services = await start()
    return services.connections.disconnect(toUserRef(services, user), clientId, { by: 'app' })
  },
})
