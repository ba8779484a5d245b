import type { ClientInfo } from '../model/info.ts'
import type { BaseUser } from '../users/provider.ts'

/** What a client requests, as `skipsConsent` receives it. */
export interface ConsentRequestInfo {
  readonly client: ClientInfo
  /** The signed-in user, as `find` of the client's provider returned them. */
  readonly user: BaseUser
  readonly scopes: readonly string[]
  /** Empty for the default audience. */
  readonly resources: readonly string[]
}

/** Returns whether the client gets what it requests without asking the user. */
export type SkipsConsent = (request: ConsentRequestInfo) => boolean | Promise<boolean>
