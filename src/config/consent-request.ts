import type { AnyFields } from '../clients/fields.ts'
import type { ClientInfo } from '../model/info.ts'
import type { BaseUser } from '../users/provider.ts'

/** What a client requests, as `skipsConsent` receives it. */
export interface ConsentRequestInfo<Scope extends string = string, Fields extends object = AnyFields> {
  readonly client: ClientInfo<Fields>
  /** The signed-in user, as `find` of the client's provider returned them. */
  readonly user: BaseUser
  readonly scopes: readonly Scope[]
  /** Empty for the default audience. */
  readonly resources: readonly string[]
}
