import type { UserLike } from '../administration/user.ts'
import { authorizationOf, type GuardedRequest } from '../guard/request.ts'
import type { AnyClaims } from '../guard/auth.ts'
import type { GuardCore } from '../guard/request-guards.ts'
import type { ClientLike, Granted } from './granted.ts'

/** Further details of a user's token. */
export interface TokenDetails<Claims extends object = AnyClaims> {
  /** The client that has the token. Default `test-client`; `personal-access` makes it a personal access token. */
  readonly client?: ClientLike
  /** The session that the token belongs to. Default: none. */
  readonly sessionId?: string
  /** What `tokenClaims` of the configuration would add: guards have it as `auth.claims`. Default: nothing. */
  readonly claims?: Partial<Claims>
}

/**
 * Lets a test choose who sends the requests to guarded routes. Scopes default to none; `*` is every scope. The methods throw
 * `ConfigError` for an empty user or client ID and for an undefined scope.
 */
export interface ActingAs<Scope extends string = string, Claims extends object = AnyClaims> {
  /**
   * Makes requests without an `Authorization` header come from this user, until the next call. With a test server, the user
   * is also signed in to the browser (`currentUser`), unless the request has a session cookie.
   */
  actingAs(user: UserLike, scopes?: Granted<Scope>, details?: TokenDetails<Claims>): void
  /** Makes requests without an `Authorization` header come from this client, acting for itself, until the next call. */
  actingAsClient(client: ClientLike, scopes?: Granted<Scope>): void
  /** Makes requests without an `Authorization` header fail with 401, as they do initially. */
  actingAsGuest(): void
}

/** Whom a test acts as. */
export interface ActingChoice {
  /** Creates a token for a request. */
  readonly createToken: () => string | Promise<string>
  /** Undefined for a client. */
  readonly user?: UserLike
}

/** The choice of a test, and the guards that follow it. */
export interface Acting {
  /** Returns a check that adds a token to requests that have no `Authorization` header. */
  readonly wrap: (check: GuardCore['check']) => GuardCore['check']
  /** Undefined for guests, as initially. */
  choice: ActingChoice | undefined
}

export function createActing(): Acting {
  const acting: Acting = {
    choice: undefined,
    wrap: (check) => (request, requirement) => {
      const token = authorizationOf(request) === undefined ? acting.choice?.createToken() : undefined
      if (token === undefined) return check(request, requirement)
      if (typeof token === 'string') return check(withToken(token), requirement)
      return token.then((created) => check(withToken(created), requirement))
    },
  }
  return acting
}

const withToken = (token: string): GuardedRequest => ({ headers: { authorization: `Bearer ${token}` } })
