import type { UserLike } from '../administration/user.ts'
import { authorizationOf, type GuardedRequest } from '../guard/request.ts'
import type { GuardCore } from '../guard/request-guards.ts'
import type { ClientLike, Granted } from './granted.ts'

/** Further details of a user's token. */
export interface TokenDetails {
  /** The client that has the token. Default `test-client`; `personal-access` makes it a personal access token. */
  readonly client?: ClientLike
  /** The session that the token belongs to. Default: none. */
  readonly sessionId?: string
}

/**
 * Lets a test choose who sends the requests to guarded routes. Scopes default to none; `*` is every scope. The methods throw
 * `ConfigError` for an empty user or client ID and for an undefined scope.
 */
export interface ActingAs<Scope extends string = string> {
  /** Makes requests without an `Authorization` header come from this user, until the next call. */
  actingAs(user: UserLike, scopes?: Granted<Scope>, details?: TokenDetails): void
  /** Makes requests without an `Authorization` header come from this client, acting for itself, until the next call. */
  actingAsClient(client: ClientLike, scopes?: Granted<Scope>): void
  /** Makes requests without an `Authorization` header fail with 401, as they do initially. */
  actingAsGuest(): void
}

/** The choice of a test, and the guards that follow it. */
export interface Acting {
  /** Returns a check that adds the chosen token to requests that have no `Authorization` header. */
  readonly wrap: (check: GuardCore['check']) => GuardCore['check']
  /** Chooses what creates the token for each request. Undefined for guests. */
  choose(createToken: (() => string | Promise<string>) | undefined): void
}

/** Starts with guests. */
export function createActing(): Acting {
  let chosen: (() => string | Promise<string>) | undefined
  return {
    wrap: (check) => (request, requirement) => {
      const token = authorizationOf(request) === undefined ? chosen?.() : undefined
      if (token === undefined) return check(request, requirement)
      if (typeof token === 'string') return check(withToken(token), requirement)
      return token.then((created) => check(withToken(created), requirement))
    },
    choose: (createToken) => void (chosen = createToken),
  }
}

const withToken = (token: string): GuardedRequest => ({ headers: { authorization: `Bearer ${token}` } })
