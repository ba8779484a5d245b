import type { UserLike } from '../administration/user.ts'
import { createTestAudiences } from '../guard/audiences.ts'
import { createBearerGuard } from '../guard/guard.ts'
import { createRequestCheck } from '../guard/request-check.ts'
import { createGuards, type Guards, type GuardsByProvider } from '../guard/request-guards.ts'
import { NO_REVOCATIONS } from '../guard/token.ts'
import { jsonLogger } from '../lib/log.ts'
import type { JsonObject } from '../lib/json-value.ts'
import { subjectOf } from '../model/subject.ts'
import { createActing, type ActingAs, type TokenDetails } from './acting.ts'
import { clientIdOf, TEST_CLIENT, validateToken, type ClientLike, type Granted } from './granted.ts'
import { createTokenMemory, TEST_ISSUER, type TokenMemory } from './token-memory.ts'

/** Options of a test guard. Use those of the server or guard that it replaces. */
export interface TestGuardOptions<Scope extends string = string, Main extends string = string> {
  /** The defined scopes. Any other scope does not compile, and throws a `ConfigError`. Default: every scope is allowed. */
  readonly scopes?: readonly Scope[]
  /** Whether `orders` covers `orders:read`. Default: false. */
  readonly scopeInheritance?: boolean
  /** The provider of users without a `provider` of their own. Default `users`. */
  readonly provider?: Main
  /**
   * The resources that routes can name. Any other throws a `ConfigError`. Every user and client has access to all of them.
   * Default: every resource is allowed.
   */
  readonly resources?: readonly string[]
}

/**
 * A guard for which the test decides who sends a request. Scopes default to none; `*` is every scope. Its methods throw
 * `ConfigError` for an empty user or client id and for an undefined scope.
 */
export interface TestGuard<Scope extends string = string, Main extends string = string>
  extends ActingAs<Scope>, Guards<Scope, Main>, GuardsByProvider<Scope, string> {
  /** Creates a bearer token for single requests. It is a random string that only this guard accepts, and never expires. */
  tokenFor(user: UserLike, scopes?: Granted<Scope>, details?: TokenDetails): string
  /** Creates such a token for a client that acts for itself. */
  tokenForClient(client: ClientLike, scopes?: Granted<Scope>): string
}

/**
 * Creates a guard for testing your own routes, in place of a server or a guard from `consulate/guard`. It needs no server,
 * keys, database or network. It creates claims and checks requirements with the code of the real guards. Only the realm in
 * `WWW-Authenticate` differs.
 */
export function createTestGuard<const Scope extends string = string, const Main extends string = 'users'>({
  scopes: defined,
  scopeInheritance: isInherited = false,
  provider: main = 'users' as Main,
  resources,
}: TestGuardOptions<Scope, Main> = {}): TestGuard<Scope, Main> {
  const memory = createTokenMemory()
  const { tokenFor, tokenForClient } = createTokenFactory(memory, main, defined)
  const bearer = createBearerGuard({ ...REALM, verifier: memory, scopes: { isInherited } })
  const acting = createActing()
  const base = {
    check: acting.wrap(createRequestCheck(bearer)),
    scopes: defined,
    isInherited,
    logger: jsonLogger(),
    canBeStrict: true,
    audiences: createTestAudiences(resources),
  }
  return {
    ...createGuards<Scope, Main>(base, main),
    for: (provider) => createGuards(base, provider),
    actingAs(...user) {
      const token = tokenFor(...user)
      acting.choice = { createToken: () => token }
    },
    actingAsClient(...client) {
      const token = tokenForClient(...client)
      acting.choice = { createToken: () => token }
    },
    actingAsGuest: () => void (acting.choice = undefined),
    tokenFor,
    tokenForClient,
  }
}

const REALM = {
  issuer: TEST_ISSUER,
  audiences: [TEST_ISSUER],
  defaultAudiences: [TEST_ISSUER],
  revocations: NO_REVOCATIONS,
  // Stands still, so that tokens do not expire if a test moves the clock.
  clock: { now: () => 0 },
  cacheSize: 1,
}

function createTokenFactory(
  memory: TokenMemory,
  main: string,
  defined: readonly string[] | undefined,
): Pick<TestGuard, 'tokenFor' | 'tokenForClient'> {
  return {
    tokenFor(owner, scopes = [], { client = TEST_CLIENT, sessionId, claims = {} } = {}) {
      const { id, provider = main } = typeof owner === 'string' ? { id: owner } : owner
      const [userId, clientId] = [String(id), clientIdOf(client)]
      validateToken({ user: userId, client: clientId, scopes, claims }, defined)
      const sub = subjectOf({ provider, userId }, main)
      const user = { provider, sessionId }
      return memory.create({ sub, clientId, scopes, claims: claims as JsonObject, user })
    },
    tokenForClient(client, scopes = []) {
      const clientId = clientIdOf(client)
      validateToken({ client: clientId, scopes }, defined)
      return memory.create({ sub: clientId, clientId, scopes })
    },
  }
}
